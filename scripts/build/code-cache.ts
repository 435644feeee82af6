/**
 * `node scripts/build/code-cache.ts bundle.cjs routes.json [bundle.cache]`: loads the bundled app and writes where its MCP servers
 * are and whether any has background jobs; with a third argument also V8's code cache of what init and a request compile. Run by
 * check-bundle.ts in a process of its own.
 */
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { inspect } from 'node:util';
import { runBundle } from '../../app/framework/lambda/load-bundle.ts';

const [bundle = '', routes = '', cache] = process.argv.slice(2);
try {
  const { script, bundled } = runBundle(resolve(bundle));
  if (cache) {
    await bundled.runForCache();
    writeFileSync(cache, script.createCachedData());
  }
  writeFileSync(routes, JSON.stringify(bundled.summary));
} catch (error) {
  // Without the line of the bundle that Node prints for an uncaught error.
  process.stderr.write(`${inspect(error)}\n`);
  process.exitCode = 1;
}
