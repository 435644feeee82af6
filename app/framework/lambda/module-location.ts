/**
 * Where the modules of the bundle are: scripts/build/user-files.ts gives each module of a user `import.meta`, `__dirname` and
 * `__filename` of its place in dist/app, where the files next to it are.
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
 * Returns the `require` of the bundle. In it `import(variable)` is a call of require too, so it takes file URLs: an import out of
 * a script of node:vm logs a warning of Node.
 */
export function bundleRequire(filename: string): NodeJS.Require {
  const require = createRequire(filename);
  const load = (specifier: string | URL): unknown => {
    const name = String(specifier);
    return require(name.startsWith('file:') ? fileURLToPath(name) : name);
  };
  return Object.assign(load, require);
}
