/**
 * The module that the Runtime Interface Client loads: runs the bundled app from V8's code cache, which spares a cold start
 * the compiling. A cache that does not fit (another Node, other V8 flags) is passed over by V8, and the source compiled.
 *
 * bundle.cjs and bundle.cache lie beside this file in the build (scripts/build/build.ts).
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { runBundle } from './load-bundle.ts';

const beside = (file: string): string => fileURLToPath(new URL(file, import.meta.url));
const { bundled } = runBundle(beside('bundle.cjs'), readFileSync(beside('bundle.cache')));

export const { stream, buffered } = await bundled.createHandlers();
