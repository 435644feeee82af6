/**
 * Random numbers that differ between environments restored from one snapshot. reseed.c seeds OpenSSL's generator again;
 * this file handles the random numbers that Node and V8 keep outside of it: Math.random, and UUIDs of threads started during init.
 */
import { randomFillSync } from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import threads from 'node:worker_threads';

/** Number of 32-bit numbers that are read at once; each result needs two. */
const BATCH = 2048;
const DOUBLE_BITS = 2 ** 53;

/**
 * Replaces Math.random by a function that reads OpenSSL's generator: V8's generator would continue from the same state in each
 * environment, and libraries use it for ids and jitter. `reset` discards the numbers read in advance.
 */
export function replaceMathRandom(batch: number = BATCH): { reset(): void } {
  const numbers = new Uint32Array(batch);
  let at = batch;
  Math.random = function random() {
    if (at >= batch) {
      randomFillSync(numbers);
      at = 0;
    }
    const [high = 0, low = 0] = [numbers[at], numbers[at + 1]];
    at += 2;
    return ((high >>> 5) * 2 ** 26 + (low >>> 6)) / DOUBLE_BITS;
  };
  return {
    reset() {
      at = batch;
      numbers.fill(0);
    },
  };
}

/**
 * Makes threads that start from now on load `preload` first (snap-start-thread.ts). Returns a function that ends this: threads
 * that start after the restore have no cached values.
 */
export function threadsWithoutCaches(preload: string): () => void {
  const { Worker } = threads;
  threads.Worker = new Proxy(Worker, {
    construct(target, [file, options = {}]: [string | URL, threads.WorkerOptions?], newTarget) {
      const preloading = (execArgv: readonly string[]): threads.Worker => {
        const more = { ...options, execArgv: [...execArgv, '--require', preload] };
        return Reflect.construct(target, [file, more], newTarget);
      };
      try {
        return preloading(options.execArgv ?? process.execArgv);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ERR_WORKER_INVALID_EXEC_ARGV' || options.execArgv)
          throw error;
        return preloading([]); // Some inherited flags of the process are not allowed in execArgv of a thread.
      }
    },
  });
  syncBuiltinESMExports();
  return () => {
    threads.Worker = Worker;
    syncBuiltinESMExports();
  };
}
