/** What a local Lambda and its functions hold while it works, looked at from outside, from Linux's /proc. */
import { childrenOf, openFilesOf, residentOf } from '../helpers/processes.ts';

export interface Held {
  /** Calls that were over then. */
  at: number;
  /** Resident sets in MiB: of the local Lambda, and of its functions together. */
  platform: number;
  functions: number;
  /** Open file descriptors: of the local Lambda, and of its functions together. */
  files: number;
  filesOfFunctions: number;
  /** Processes of functions. */
  processes: number;
}

/** One that ends between two looks counts for nothing. */
export function held(pid: number, at: number): Held {
  const functions = childrenOf(pid);
  return {
    at,
    platform: residentOf(pid),
    functions: total(functions, residentOf),
    files: openFilesOf(pid),
    filesOfFunctions: total(functions, openFilesOf),
    processes: functions.length,
  };
}

function total(pids: readonly number[], of: (pid: number) => number): number {
  return pids.reduce((sum, pid) => sum + orNothing(() => of(pid)), 0);
}

function orNothing(look: () => number): number {
  try {
    return look() || 0;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return 0; // It is gone.
  }
}
