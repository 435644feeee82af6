/**
 * Writes V8's code cache for the bundled app: what `node scripts/code-cache.ts bundle.cjs bundle.cache` compiles by loading
 * the app and answering a request. Run by scripts/build.ts in a process of its own, whose environment is the build's alone.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { constants, Script } from 'node:vm';

const [source = '', cache = ''] = process.argv.slice(2);
const filename = resolve(source);
const script = new Script(readFileSync(filename, 'utf8'), {
  filename,
  importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
});
const bundle: { exports: Partial<typeof import('../app/lambda/start.ts')>; url: string } = {
  exports: {},
  url: pathToFileURL(filename).href,
};
script.runInThisContext()(bundle.exports, createRequire(filename), bundle);
const { startHandlers, warmUp } = bundle.exports as typeof import('../app/lambda/start.ts');
await startHandlers();
await warmUp();
writeFileSync(cache, script.createCachedData());
