/** Options of the app's bundle: for dist/, and in a readable form for profiles (scripts/bench/profile.ts). */
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BuildOptions, Plugin } from 'esbuild';
import type { ExternalPackages } from './external-packages.ts';
import type { PatchedFiles } from './patches/diffs.ts';
import { loadPatched } from './patches/patched-files.ts';
import { TEXT_EXTENSIONS } from './text-files.ts';
import { MODULE_META, userModules } from './user-modules.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const sdk = dirname(fileURLToPath(import.meta.resolve('@modelcontextprotocol/server')));

/** Options of every bundle. */
export const COMMON: BuildOptions = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node24',
  minify: true,
  keepNames: true,
  logLevel: 'warning',
  metafile: true,
};

/**
 * Files of the framework that the app imports on first use, and the file next to the bundle that each becomes. They are loaded only
 * by routes and deployments that use them.
 */
export const LOADED_ON_USE: Readonly<Record<string, string>> = {
  'app/framework/page/view.ts': 'page.cjs',
  'app/framework/mcp/tool-call-hook.ts': 'tool-call-hook.cjs',
  'app/framework/mcp/server-reuse.ts': 'server-reuse.cjs',
  'app/framework/limits/call-limiter.ts': 'limits.cjs',
  'app/framework/oauth-proxy/serve.ts': 'oauth-proxy.cjs',
};

/** Loads by require, because `import()` in a script of node:vm is experimental: Node writes a warning to the log. */
const requireOnUse: Plugin = {
  name: 'require-on-use',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^\.\.?\/.*\.ts$/ }, ({ kind, path, resolveDir }) => {
      if (kind !== 'dynamic-import') return undefined;
      const file = LOADED_ON_USE[relative(root, join(resolveDir, path)).replaceAll('\\', '/')];
      return file === undefined ? undefined : { path: file, namespace: 'require-on-use' };
    });
    onResolve({ filter: /\.cjs$/, namespace: 'require-on-use' }, ({ path }) => ({ path, external: true }));
    onLoad({ filter: /./, namespace: 'require-on-use' }, ({ path }) => ({
      contents: `module.exports = require('./${path}');`,
    }));
  },
};

/** Options for the bundle of a project. */
export interface AppOptions {
  /** The changed files of dependencies. */
  files: PatchedFiles;
  /** The folder of the routes and settings, relative to the project. */
  app: string;
  /** @default no package is left out */
  external?: ExternalPackages;
}

/** Returns the options for one file of {@link LOADED_ON_USE}. */
export function loadedOnUseOptions(source: string, outfile: string): BuildOptions {
  return {
    ...COMMON,
    entryPoints: [source],
    outfile,
    format: 'cjs',
    banner: { js: "const __fileUrl = require('node:url').pathToFileURL(__filename).href;" },
    define: { 'import.meta.url': '__fileUrl' },
    plugins: [settingsFromApp],
  };
}

/** Leaves config.ts, and with it zod, out of files that are loaded on use: the app passes its settings to them. */
const settingsFromApp: Plugin = {
  name: 'settings-from-app',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]app[\\/]framework[\\/]config\.ts$/ }, () => ({
      contents: 'export const config = undefined;',
    }));
  },
};

/** Returns the options for the bundle that a function runs, with its entry. Its format is that of {@link BUNDLE_WRAPPER}. */
export function appOptions({ files, app, external }: AppOptions): BuildOptions {
  return {
    ...COMMON,
    stdin: entryOf(app),
    // Names are not shortened, so that stack traces in the log are readable. Shortening and restoring them
    // (`keepNames`) defines a property on each function when it is created: a seventh of the init, a fifteenth of a call.
    keepNames: false,
    minify: false,
    minifySyntax: true,
    minifyWhitespace: true,
    // import(variable) becomes a call of require, which logs no warning in a script of node:vm.
    supported: { 'dynamic-import': false },
    plugins: [
      loadPatched(files),
      requireOnUse,
      userModules(join(root, app)),
      ...(external ? [external.plugin()] : []),
    ],
    alias: ALIAS,
    define: MODULE_META,
    loader: Object.fromEntries(TEXT_EXTENSIONS.map(extension => [extension, 'text'])),
  };
}

/** Wraps the bundle in a function, which app/framework/lambda/load-bundle.ts calls. */
export const BUNDLE_WRAPPER: BuildOptions = {
  format: 'cjs',
  // Parameters, because the bundle may declare a variable of the same name.
  banner: { js: '(function (exports, require, module, __metaOf, __meta) {' },
  footer: { js: '})' },
};

/** The SDK's module with the JSON Schema validator. */
export const SDK_VALIDATOR = '@modelcontextprotocol/server/_shims';

/** Replacements of modules in the bundle. */
export const ALIAS = {
  // The validator for runtimes without code generation, a sixth of the size of the one for Node. It validates only
  // elicitation results and schemas given as JSON; zod schemas are validated by zod.
  [SDK_VALIDATOR]: join(sdk, 'shimsBrowser.mjs'),
};

/** The entry of the bundle: the framework's handlers for the routes and settings in `app`, a folder relative to the project. */
function entryOf(app: string): NonNullable<BuildOptions['stdin']> {
  const contents = `
import './app/framework/zod-jitless.ts';
import { createHandlers as create, runForCache as run, summarize } from './app/framework/lambda/create-handlers.ts';
import { routes } from './${app}/routes.ts';
import { settings } from './${app}/settings.ts';
export const createHandlers = () => create({ routes, settings });
export const runForCache = () => run({ routes });
export const summary = summarize({ routes });
`;
  return { contents, resolveDir: root, sourcefile: 'bundle-entry.ts', loader: 'ts' };
}
