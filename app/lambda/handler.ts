/**
 * The module that the Runtime Interface Client loads: runs the bundled app from V8's code cache, which spares a cold start
 * the compiling. A cache that does not fit (another Node, other V8 flags) is passed over by V8, and the source compiled.
 * https://nodejs.org/api/vm.html#scriptcreatecacheddata
 *
 * bundle.cjs and bundle.cache lie beside this file in the build (scripts/build.ts).
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { constants, Script } from 'node:vm';

const filename = fileURLToPath(new URL('bundle.cjs', import.meta.url));
const script = new Script(readFileSync(filename, 'utf8'), {
  filename,
  cachedData: readFileSync(new URL('bundle.cache', import.meta.url)),
  importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
});
const bundle: { exports: Partial<typeof import('./start.ts')>; url: string } = {
  exports: {},
  url: pathToFileURL(filename).href,
};
script.runInThisContext()(bundle.exports, createRequire(import.meta.url), bundle);
const { startHandlers } = bundle.exports as typeof import('./start.ts');

export const { stream, buffered } = await startHandlers();
