/**
 * Loaded into the local Lambda and its functions before anything of theirs (NODE_OPTIONS=--require): tells at each SIGUSR2
 * what a process keeps, which is what is left after a collection. What is resident tells that no better than to some MiB: it
 * is what was needed at the fullest moment. A frozen function answers when it is called again.
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
    // Not by --expose-gc: with that flag V8 would not take the code cache.
    if (!collect) {
      setFlagsFromString('--expose-gc');
      collect = runInNewContext('gc');
    }
    collect();
    // A second one, for what the first has only finalised.
    setImmediate(() => {
      collect();
      const { heapUsed, external } = process.memoryUsage();
      const kept = (heapUsed + external) / 2 ** 20;
      writeFileSync(join(folder, String(process.pid)), JSON.stringify({ kept }));
    });
  });
}
