/**
 * The module that the Runtime Interface Client loads: runs the bundled app from V8's code cache, so that a cold start does
 * not compile it. V8 rejects the cache of another Node version or of other V8 flags and compiles the source instead.
 *
 * bundle.cjs and bundle.cache are next to this file in the build (scripts/build/build.ts).
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { runBundle } from './load-bundle.ts';

const pathOf = (file: string): string => fileURLToPath(new URL(file, import.meta.url));
const { bundled } = runBundle(pathOf('bundle.cjs'), readFileSync(pathOf('bundle.cache')));

export const { stream, buffered } = await bundled.createHandlers();
