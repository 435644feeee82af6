/**
 * The modules in app/ outside app/framework, as the bundle has them: each with `import.meta`, `__dirname` and `__filename` of its
 * place in dist/app, where user-files.ts copies the files next to it.
 */
import { readFileSync } from 'node:fs';
import { basename, dirname, extname, join, relative, sep } from 'node:path';
import type { Loader, Plugin } from 'esbuild';
import { TEXT_EXTENSIONS } from './text-files.ts';

/** esbuild's `define` for the bundle: `__meta` is that of the bundle, or of the module if {@link userModules} declares it there. */
export const MODULE_META = {
  'import.meta': '__meta',
  __dirname: '__meta.dirname',
  __filename: '__meta.filename',
};

const LOADERS: Record<string, Loader> = {
  '.js': 'js',
  '.cjs': 'js',
  '.mjs': 'js',
  '.jsx': 'jsx',
  '.ts': 'ts',
  '.cts': 'ts',
  '.mts': 'ts',
  '.tsx': 'tsx',
};

/** Whether a file belongs to the user: in `app` (an absolute path), outside of the framework. */
export function isUserFile(app: string, file: string): boolean {
  return file.startsWith(app + sep) && !file.startsWith(join(app, 'framework') + sep);
}

/** Returns the place of a user's file in the build. */
export function placeInBuild(app: string, file: string): string {
  return join('app', relative(app, file));
}

/** Gives the modules of a user their own `import.meta`, and rejects imports of files that are not modules. */
export function userModules(app: string): Plugin {
  return {
    name: 'user-modules',
    setup({ onLoad, onResolve, resolve }) {
      // Outside of its default namespace, esbuild decides by the contents of a file instead of "type" in package.json.
      onResolve({ filter: /^\.\.?\// }, async ({ path, pluginData, ...from }) => {
        if (pluginData === RESOLVED || !(isUserFile(app, from.importer) || from.namespace === COMMONJS))
          return undefined;
        const resolved = await resolve(path, { ...from, namespace: 'file', pluginData: RESOLVED });
        const file = resolved.path;
        const isOld = isUserFile(app, file) && file.endsWith('.js') && isCommonJS(readFileSync(file, 'utf8'));
        return isOld ? { path: file, namespace: COMMONJS } : undefined;
      });
      onLoad({ filter: /./, namespace: COMMONJS }, ({ path }) => ({
        contents: withMeta(app, path, readFileSync(path, 'utf8')),
        resolveDir: dirname(path),
      }));
      onLoad({ filter: /./, namespace: 'file' }, ({ path, with: attributes }) => {
        if (!isUserFile(app, path) || attributes.type) return undefined;
        const extension = extname(path);
        const loader = LOADERS[extension];
        if (!loader)
          return isData(extension) ? undefined : { errors: [{ text: notAModule(basename(path)) }] };
        const text = readFileSync(path, 'utf8');
        return { contents: withMeta(app, path, text), loader };
      });
    },
  };
}

const RESOLVED = Symbol('resolved');
/** CommonJS files in a package that package.json declares to consist of ES modules. */
export const COMMONJS = 'commonjs';

/** Adds the declaration of `__meta` to modules that use it. */
function withMeta(app: string, path: string, text: string): string {
  if (!/\bimport\.meta\b|\b__(?:dirname|filename)\b/.test(text)) return text;
  const place = JSON.stringify(placeInBuild(app, path).replaceAll(sep, '/'));
  return withDeclaration(text, `const __meta = /* @__PURE__ */ __metaOf(${place});`);
}

function isData(extension: string): boolean {
  return extension === '.json' || TEXT_EXTENSIONS.includes(extension);
}

function notAModule(name: string): string {
  return (
    `${name} cannot be imported. Read it: readFileSync(new URL('./${name}', import.meta.url)), or import its text: ` +
    `import text from './${name}' with { type: 'text' }`
  );
}

/** Puts a declaration in front of the first statement, in the same line: after a hashbang and 'use strict'. */
export function withDeclaration(text: string, declaration: string): string {
  const [head = ''] =
    /^(?:#!.*\n)?(?:\s|\/\/.*\n|\/\*[\s\S]*?\*\/)*(?:(['"])use strict\1;?)?/.exec(text) ?? [];
  return `${head}${declaration}${text.slice(head.length)}`;
}

/** Whether a script is CommonJS by its contents. Node decides by package.json, which declares the usual kind of a project's scripts. */
export function isCommonJS(text: string): boolean {
  return (
    /\brequire\(|\bmodule\.exports\b|\bexports\.\w/.test(text) &&
    !/^\s*(?:import|export)\b(?!\s*\()/m.test(text)
  );
}
