/**
 * The default capacity of this machine: the number of execution environments, and of inits at a time.
 * Both respect the limits of a container's control group. https://nodejs.org/api/process.html#processavailablememory
 */
import { availableParallelism } from 'node:os';

/** An environment that waits for an upstream uses no CPU time, so there may be more environments than cores. */
const ENVIRONMENTS_PER_CORE = 8;
/** Approximate memory of a Node function, in MiB. */
const MEMORY_EACH = 128;

/** Returns the number of environments: at least one, at most eight per core and one per 128 MiB of free memory. */
export function maxEnvironments(
  cores = availableParallelism(),
  freeBytes = process.availableMemory(),
): number {
  const byMemory = Math.floor(freeBytes / (MEMORY_EACH * 1024 * 1024));
  return Math.max(1, Math.min(cores * ENVIRONMENTS_PER_CORE, byMemory));
}

/** Returns how many inits run at the same time: one per core, because each init needs a full core. */
export function maxStarts(): number {
  return availableParallelism();
}
