/** How the app is bundled: for dist/, and readable for those who look into it (scripts/bench/profile.ts). */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BuildOptions, Plugin } from 'esbuild';
import { leanSdk } from './patches/mcp-sdk-schemas.ts';

const fileOf = (name: string, file: string): string =>
  join(dirname(fileURLToPath(import.meta.resolve(name))), file);
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

/** Of the bundle that a function runs, without its entry ({@link entryOf}). */
export const APP: BuildOptions = {
  ...COMMON,
  // Names stay as they are written, so that a stack trace in the log can be read. To shorten them and put them back
  // (`keepNames`) is a property defined on each function whenever it is made: a seventh of the init, a fifteenth of a call.
  keepNames: false,
  minify: false,
  minifySyntax: true,
  minifyWhitespace: true,
  plugins: [leanSdk, pageBeside],
  inject: ['app/framework/lambda/bundle-globals.ts'],
  // The SDK's validator for runtimes without code generation, a sixth of the size of the one for Node. It is asked only
  // about elicitation answers and schemas given as JSON; zod schemas are checked by zod.
  alias: {
    '@modelcontextprotocol/server/_shims': join(sdk, 'shimsBrowser.mjs'),
    // Only for routes with tasks. Of CommonJS esbuild leaves nothing out, and all of @smithy/core would come along.
    '@smithy/signature-v4': fileOf('@smithy/signature-v4', '../dist-es/index.js'),
    '@aws-crypto/sha256-js': fileOf('@aws-crypto/sha256-js', '../module/index.js'),
  },
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

/** How the bundle of {@link entryOf} is built. Its source map is a file next to it that the bundle does not name. */
export function bundleOf(app: string, outfile: string): BuildOptions {
  return {
    ...APP,
    stdin: entryOf(app),
    outfile,
    format: 'cjs',
    sourcemap: 'external',
    sourcesContent: false,
    // A function that load-bundle.ts calls.
    banner: { js: '(function (exports, require, module) { const __bundleUrl = module.url;' },
    define: { 'import.meta.url': '__bundleUrl' },
    footer: { js: '})' },
  };
}
