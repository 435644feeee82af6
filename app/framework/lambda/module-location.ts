/**
 * Locations of the modules of the bundle: scripts/build/user-files.ts sets `import.meta`, `__dirname` and `__filename` of each user
 * module to its path in dist/app, which also contains the files next to it.
 */
import { createRequire, isBuiltin } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** The `import.meta` of a module. */
export interface ModuleMeta {
  url: string;
  filename: string;
  dirname: string;
  resolve(specifier: string): string;
}

/** Returns the function that creates the `import.meta` of a module by its path, relative to `folder`. */
export function moduleMeta(folder: string): (path: string) => ModuleMeta {
  return function metaOf(path) {
    const filename = join(folder, path);
    const url = pathToFileURL(filename).href;
    return { url, filename, dirname: dirname(filename), resolve: specifier => resolveFrom(url, specifier) };
  };
}

function resolveFrom(url: string, specifier: string): string {
  if (/^\.{0,2}\/|^file:/.test(specifier)) return new URL(specifier, url).href;
  if (isBuiltin(specifier)) return specifier.startsWith('node:') ? specifier : `node:${specifier}`;
  return pathToFileURL(createRequire(url).resolve(specifier)).href;
}

/**
 * Returns the `require` of the bundle. It accepts file URLs, because the build compiles `import(variable)` to a call of it:
 * import() in a script of node:vm would make Node log a warning.
 */
export function bundleRequire(filename: string): NodeJS.Require {
  const require = createRequire(filename);
  const load = (specifier: string | URL): unknown => {
    const name = String(specifier);
    return require(name.startsWith('file:') ? fileURLToPath(name) : name);
  };
  return Object.assign(load, require);
}
