/**
 * `node scripts/build/code-cache.ts bundle.cjs routes.json [bundle.cache]`: loads the bundled app and writes the paths of its MCP
 * servers, and whether any has background jobs; with a third argument also V8's code cache of the functions that init and a request
 * compile. check-bundle.ts runs it in a separate process.
 */
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { inspect } from 'node:util';
import { runBundle } from '../../app/framework/lambda/load-bundle.ts';

/** Value of the variables that a module needs while it is loaded. A URL, because modules parse some of them as one. */
const PLACEHOLDER = 'https://build.invalid/';
/** Variables of the framework and of Node, which decide how the app is loaded. */
const RESERVED = /^(?:MCP_|LAMBDA_|AWS_|NODE_)/;

const [bundle = '', routes = '', cache] = process.argv.slice(2);
try {
  const { script, bundled } = load(resolve(bundle));
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

/**
 * Loads the bundle. The build has none of the function's environment variables; a module that fails without them, such as one that
 * creates an API client, is loaded again with placeholders for the variables that it has read. Throws the first error if that
 * fails too.
 */
function load(file: string): ReturnType<typeof runBundle> {
  const { env } = process;
  let placeholders: Record<string, string> = {};
  let first: unknown;
  for (;;) {
    const unset = new Set<string>();
    process.env = recordUnset({ ...env, ...placeholders }, unset);
    try {
      return runBundle(file);
    } catch (error) {
      first ??= error;
      if (unset.size === 0) throw first;
    } finally {
      process.env = env;
    }
    placeholders = { ...placeholders, ...Object.fromEntries([...unset].map(name => [name, PLACEHOLDER])) };
  }
}

/** Returns a proxy of `env` that adds the names of variables that are read and not set to `unset`. */
function recordUnset(env: NodeJS.ProcessEnv, unset: Set<string>): NodeJS.ProcessEnv {
  return new Proxy(env, {
    get(target, name) {
      if (typeof name === 'string' && !(name in target) && !RESERVED.test(name)) unset.add(name);
      return Reflect.get(target, name);
    },
  });
}
