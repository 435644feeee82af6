/** What a local Lambda and its functions hold while it works: looked at from outside, from Linux's /proc, and told by kept.cjs. */
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { childrenOf, handles, openFilesOf, residentOf } from '../../../helpers/processes.ts';

export interface Held {
  /** Calls that were over then. */
  at: number;
  /** Left after the last collection that was asked for, in MiB: of the local Lambda, and of a function in the mean. */
  kept: number;
  keptByFunction: number;
  /** Resident sets in MiB: of the local Lambda, and of the largest of its functions. */
  platform: number;
  functions: number;
  /** Open file descriptors: of the local Lambda, and of its functions together. */
  files: number;
  filesOfFunctions: number;
  /** Processes of functions. */
  processes: number;
}

/** Where kept.cjs writes: a file for each process that was asked. */
export interface Watched {
  pid: number;
  folder: string;
}

/** Asks for a collection; what is left is in a later {@link held}. */
export function collect({ pid }: Watched): void {
  // One that has just been started would end by it.
  const ready = [pid, ...childrenOf(pid)].filter(each => handles(each, constants.signals.SIGUSR2));
  for (const each of ready) orNothing(() => process.kill(each, 'SIGUSR2'));
}

/** One that ends between two looks counts for nothing. */
export function held({ pid, folder }: Watched, at: number): Held {
  const functions = childrenOf(pid);
  const told = (each: number): Told[] =>
    orNothing(() => [JSON.parse(readFileSync(join(folder, String(each)), 'utf8'))]) ?? [];
  const byFunctions = functions.flatMap(told);
  return {
    at,
    kept: told(pid)[0]?.kept ?? Number.NaN,
    keptByFunction: mean(byFunctions.map(({ kept }) => kept)),
    platform: residentOf(pid),
    functions: Math.max(0, ...functions.map(each => orNothing(() => residentOf(each)) || 0)),
    files: openFilesOf(pid),
    filesOfFunctions: functions.reduce((sum, each) => sum + (orNothing(() => openFilesOf(each)) ?? 0), 0),
    processes: functions.length,
  };
}

interface Told {
  kept: number;
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** Undefined of a process that is gone, or was not asked yet, or is being written of. */
function orNothing<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ESRCH' || error instanceof SyntaxError) return undefined;
    throw error;
  }
}
