/**
 * Runs the bundled app (bundle.cjs of scripts/build/build.ts, a function of CommonJS), from V8's code cache where there is one
 * that fits. https://nodejs.org/api/vm.html#scriptcreatecacheddata
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { constants, Script } from 'node:vm';

type App = typeof import('./create-handlers.ts');

export interface RunningBundle {
  script: Script;
  app: App;
}

export function runBundle(filename: string, cachedData?: Buffer): RunningBundle {
  const script = new Script(readFileSync(filename, 'utf8'), {
    filename,
    cachedData,
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
  // `url` is what the bundle has in the place of import.meta.url.
  const module: { exports: Partial<App>; url: string } = { exports: {}, url: pathToFileURL(filename).href };
  script.runInThisContext()(module.exports, createRequire(filename), module);
  return { script, app: module.exports as App };
}
