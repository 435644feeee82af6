/**
 * Makes a process load the MCP SDK and Hono as in the bundle: with the diffs and rewrites of scripts/build/patches, and with the bundle's
 * JSON Schema validator. `npm run test:bundle` starts every process of the tests with `--import` of this file.
 */
import { registerHooks } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { ALIAS, SDK_VALIDATOR } from '../../scripts/build/bundle-options.ts';
import type { PatchedFiles } from '../../scripts/build/patches/diffs.ts';
import { patchedFiles } from '../../scripts/build/patches/patched-files.ts';

const PATCHED = /\/node_modules\/(?:@modelcontextprotocol\/(?:server|client|core)|hono)\//;

/** The patched files, created on first use, so that a process without these packages does not start slower. */
let files: PatchedFiles | undefined;
const validator = pathToFileURL(ALIAS[SDK_VALIDATOR]).href;

registerHooks({
  resolve: (specifier, context, next) => next(specifier === SDK_VALIDATOR ? validator : specifier, context),
  load(url, context, next) {
    if (!PATCHED.test(url)) return next(url, context);
    files ??= patchedFiles();
    const source = files.get(fileURLToPath(url));
    return source === undefined ? next(url, context) : { format: 'module', source, shortCircuit: true };
  },
});
