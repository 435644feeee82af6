/**
 * Loaded into the local Lambda and its functions first (NODE_OPTIONS=--require). At each SIGUSR2, it writes the heap size of the
 * process after a garbage collection. The resident set is less exact by some MiB, because it depends on the highest load. A frozen
 * function handles the signal at its next invocation.
 */
const { mkdirSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const { setFlagsFromString } = require('node:v8');
const { runInNewContext } = require('node:vm');

const folder = process.env.SOAK_KEPT;
let collect;

if (folder) {
  mkdirSync(folder, { recursive: true });
  process.on('SIGUSR2', () => {
    // Not with --expose-gc, because with that flag V8 would reject the code cache.
    if (!collect) {
      setFlagsFromString('--expose-gc');
      collect = runInNewContext('gc');
    }
    collect();
    // A second collection frees the objects that the first one only finalized.
    setImmediate(() => {
      collect();
      const { heapUsed, external } = process.memoryUsage();
      const kept = (heapUsed + external) / 2 ** 20;
      writeFileSync(join(folder, String(process.pid)), JSON.stringify({ kept }));
    });
  });
}
