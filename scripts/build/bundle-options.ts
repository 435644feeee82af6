/** How the app is bundled: for dist/, and readable for those who look into it (scripts/bench/profile.ts). */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BuildOptions, Plugin } from 'esbuild';
import type { PatchedFiles } from './patches/diffs.ts';
import { loadPatched } from './patches/patched-files.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const sdk = dirname(fileURLToPath(import.meta.resolve('@modelcontextprotocol/server')));

/** Of everything that is bundled. */
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
 * What the page is made of stays out of the bundle. Required and not imported from beside it: an import out of a script of
 * node:vm is an experiment of Node, which says so in the log.
 */
const pageBeside: Plugin = {
  name: 'page-beside',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /\/view\.ts$/ }, ({ kind, path }) =>
      kind === 'dynamic-import' ? { path, namespace: 'page-beside' } : undefined,
    );
    onResolve({ filter: /^\.\/page\.cjs$/ }, ({ path }) => ({ path, external: true }));
    onLoad({ filter: /./, namespace: 'page-beside' }, () => ({
      contents: "module.exports = require('./page.cjs');",
    }));
  },
};

/** The OAuth proxy stays out of the bundle in the same way. */
const oauthProxyBeside: Plugin = {
  name: 'oauth-proxy-beside',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /\/serve\.ts$/ }, ({ kind, path }) =>
      kind === 'dynamic-import' ? { path, namespace: 'oauth-proxy-beside' } : undefined,
    );
    onResolve({ filter: /^\.\/oauth-proxy\.cjs$/ }, ({ path }) => ({ path, external: true }));
    onLoad({ filter: /./, namespace: 'oauth-proxy-beside' }, () => ({
      contents: "module.exports = require('./oauth-proxy.cjs');",
    }));
  },
};

/**
 * Returns the options for the bundle that a function runs, without its entry ({@link entryOf}); `files` are the changed
 * files of dependencies.
 */
export function appOptions(files: PatchedFiles): BuildOptions {
  return {
    ...COMMON,
    // Names stay as they are written, so that a stack trace in the log can be read. Shortening and restoring them
    // (`keepNames`) defines a property on each function when it is created: a seventh of the init, a fifteenth of a call.
    keepNames: false,
    minify: false,
    minifySyntax: true,
    minifyWhitespace: true,
    plugins: [loadPatched(files), pageBeside, oauthProxyBeside],
    alias: ALIAS,
  };
}

/** The SDK's module with the JSON Schema validator. */
export const SDK_VALIDATOR = '@modelcontextprotocol/server/_shims';

/** What the bundle has in place of other modules. */
export const ALIAS = {
  // The validator for runtimes without code generation, a sixth of the size of the one for Node. It validates only
  // elicitation results and schemas given as JSON; zod schemas are validated by zod.
  [SDK_VALIDATOR]: join(sdk, 'shimsBrowser.mjs'),
};

/** The entry of the bundle: the framework's handlers for the routes and settings in `app`, a folder relative to the project. */
export function entryOf(app: string): NonNullable<BuildOptions['stdin']> {
  const contents = `
import { createHandlers as create, runForCache as run, summarize } from './app/framework/lambda/create-handlers.ts';
import { routes } from './${app}/routes.ts';
import { settings } from './${app}/settings.ts';
export const createHandlers = () => create({ routes, settings });
export const runForCache = () => run({ routes });
export const summary = summarize({ routes });
`;
  return { contents, resolveDir: root, sourcefile: 'bundle-entry.ts', loader: 'ts' };
}
