/**
 * Runs the bundled app (bundle.cjs of scripts/build/build.ts, a function of CommonJS), from V8's code cache where there is one
 * that fits. https://nodejs.org/api/vm.html#scriptcreatecacheddata
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { constants, Script } from 'node:vm';
import type { Handlers, RouteSummary } from './create-handlers.ts';

/** What the entry of the bundle exports (scripts/build/bundle-options.ts): create-handlers.ts, for the routes and settings of a project. */
export interface BundledFunction {
  createHandlers(): Promise<Handlers>;
  runForCache(): Promise<void>;
  summary: RouteSummary;
}

export interface RunningBundle {
  script: Script;
  bundled: BundledFunction;
}

export function runBundle(filename: string, cachedData?: Buffer): RunningBundle {
  const script = new Script(readFileSync(filename, 'utf8'), {
    filename,
    cachedData,
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
  // `url` is what the bundle has in the place of import.meta.url.
  const module: { exports: Partial<BundledFunction>; url: string } = {
    exports: {},
    url: pathToFileURL(filename).href,
  };
  script.runInThisContext()(module.exports, createRequire(filename), module);
  return { script, bundled: module.exports as BundledFunction };
}
