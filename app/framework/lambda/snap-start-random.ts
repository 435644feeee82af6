/**
 * Random numbers that differ between environments restored from one snapshot. OpenSSL's generator is seeded again by
 * reseed.c; this file is about what Node and V8 keep outside of it: Math.random, and the UUIDs of threads started during init.
 */
import { randomFillSync } from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import threads from 'node:worker_threads';

/** 32-bit numbers that are read at once, two for each result. */
const BATCH = 2048;
const DOUBLE_BITS = 2 ** 53;

/**
 * Replaces Math.random by one that reads OpenSSL's generator: V8's own continues in each environment where it was when the
 * snapshot was taken, and libraries use it for ids and jitter. `reset` discards the numbers read in advance.
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
 * Makes threads that start from now on load `preload` first (snap-start-thread.ts). Returns what ends this: a thread that starts
 * after the restore has nothing that was kept.
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
        return preloading([]); // A thread inherits flags of the process that it must not be given by name.
      }
    },
  });
  syncBuiltinESMExports();
  return () => {
    threads.Worker = Worker;
    syncBuiltinESMExports();
  };
}
