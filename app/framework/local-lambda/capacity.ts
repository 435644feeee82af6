/**
 * The default capacity of this machine: the number of execution environments, and of inits at a time.
 * Both count what a container's control group leaves. https://nodejs.org/api/process.html#processavailablememory
 */
import { availableParallelism } from 'node:os';

/** An environment that waits for its upstream costs no processor, so there may be more of them than cores. */
const ENVIRONMENTS_PER_CORE = 8;
/** About what a Node function of some size holds, in MiB. */
const MEMORY_EACH = 128;

/** At least one, and no more than eight a core and one for every 128 MiB that are free. */
export function maxEnvironments(
  cores = availableParallelism(),
  freeBytes = process.availableMemory(),
): number {
  const byMemory = Math.floor(freeBytes / (MEMORY_EACH * 1024 * 1024));
  return Math.max(1, Math.min(cores * ENVIRONMENTS_PER_CORE, byMemory));
}

/** An init takes a core for itself: more at once would only make each of them later. */
export function maxStarts(): number {
  return availableParallelism();
}
