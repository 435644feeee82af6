/**
 * Makes a process load the MCP SDK as the bundle has it: with the diffs and rewrites of scripts/build/patches, and with the
 * bundle's JSON Schema validator. `npm run test:bundle` starts every process of the tests with `--import` of this file.
 */
import { registerHooks } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { ALIAS, SDK_VALIDATOR } from '../../scripts/build/bundle-options.ts';
import { patchedFiles } from '../../scripts/build/patches/patched-files.ts';

/** The ES modules only: the patched CommonJS package, dynalite, is no part of the function's bundle. */
const files = new Map([...patchedFiles()].filter(([path]) => path.endsWith('.mjs')));
const validator = pathToFileURL(ALIAS[SDK_VALIDATOR]).href;

registerHooks({
  resolve: (specifier, context, next) => next(specifier === SDK_VALIDATOR ? validator : specifier, context),
  load(url, context, next) {
    const source = url.startsWith('file:') ? files.get(fileURLToPath(url)) : undefined;
    return source === undefined ? next(url, context) : { format: 'module', source, shortCircuit: true };
  },
});
