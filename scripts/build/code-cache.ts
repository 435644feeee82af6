/**
 * Writes V8's code cache for the bundled app: what `node scripts/build/code-cache.ts bundle.cjs bundle.cache routes.json` compiles
 * by loading the app and answering a request; and where its MCP servers are, and whether any does work in the background. Run
 * by scripts/build/build.ts in a process of its own, whose environment is the build's alone.
 */
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { runBundle } from '../../app/framework/lambda/load-bundle.ts';

const [source = '', cache = '', routes = ''] = process.argv.slice(2);
const { script, bundled } = runBundle(resolve(source));
await bundled.runForCache();
writeFileSync(cache, script.createCachedData());
writeFileSync(routes, JSON.stringify(bundled.summary));
