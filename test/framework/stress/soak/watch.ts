/** Measures the resources of a local Lambda and its functions under load, from Linux's /proc and from heap-probe.cjs. */
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { childrenOf, handles, openFilesOf, residentOf } from '../../../helpers/processes.ts';

export interface Held {
  /** Number of completed calls at this time. */
  at: number;
  /** Heap after the last requested garbage collection, in MiB: of the local Lambda, and the mean of the functions. */
  kept: number;
  keptByFunction: number;
  /** Resident sets in MiB: of the local Lambda, and of the largest of its functions. */
  platform: number;
  functions: number;
  /** Open file descriptors: of the local Lambda, and of all functions. */
  files: number;
  filesOfFunctions: number;
  /** Processes of functions. */
  processes: number;
}

/** The process of the local Lambda, and the folder in which heap-probe.cjs writes one file per process. */
export interface Watched {
  pid: number;
  folder: string;
}

/** Requests a garbage collection; a later {@link held} returns the heap size. */
export function collect({ pid }: Watched): void {
  // The signal would end a process that has just started.
  const ready = [pid, ...childrenOf(pid)].filter(each => handles(each, constants.signals.SIGUSR2));
  for (const each of ready) orNothing(() => process.kill(each, 'SIGUSR2'));
}

/** Returns the current resources. A process that ends during the measurement does not count. */
export function held({ pid, folder }: Watched, at: number): Held {
  const functions = childrenOf(pid);
  const probeOf = (each: number): Probe[] =>
    orNothing(() => [JSON.parse(readFileSync(join(folder, String(each)), 'utf8'))]) ?? [];
  const byFunctions = functions.flatMap(probeOf);
  return {
    at,
    kept: probeOf(pid)[0]?.kept ?? Number.NaN,
    keptByFunction: mean(byFunctions.map(({ kept }) => kept)),
    platform: residentOf(pid),
    functions: Math.max(0, ...functions.map(each => orNothing(() => residentOf(each)) || 0)),
    files: openFilesOf(pid),
    filesOfFunctions: functions.reduce((sum, each) => sum + (orNothing(() => openFilesOf(each)) ?? 0), 0),
    processes: functions.length,
  };
}

interface Probe {
  kept: number;
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** Returns the value, or undefined if the process has ended, or its file does not exist yet or is incomplete. */
function orNothing<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ESRCH' || error instanceof SyntaxError) return undefined;
    throw error;
  }
}
