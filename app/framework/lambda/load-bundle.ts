/**
 * Runs the bundled app (bundle.cjs of scripts/build/build.ts, a CommonJS module), from V8's code cache if it matches.
 * https://nodejs.org/api/vm.html#scriptcreatecacheddata
 */
import { readFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { constants, Script } from 'node:vm';
import type { Handlers, RouteSummary } from './create-handlers.ts';
import { bundleRequire, moduleMeta } from './module-location.ts';
import { refusePackagesOutside } from './package-boundary.ts';

/** Exports of the bundle (scripts/build/bundle-options.ts): create-handlers.ts, for the routes and settings of a project. */
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
  const folder = dirname(filename);
  refusePackagesOutside(folder);
  const module: { exports: Partial<BundledFunction> } = { exports: {} };
  const metaOf = moduleMeta(folder);
  const run = script.runInThisContext();
  run(module.exports, bundleRequire(filename), module, metaOf, metaOf(basename(filename)));
  return { script, bundled: module.exports as BundledFunction };
}
