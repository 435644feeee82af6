/** Loads a bundle in a process with a fixed environment, so that the build fails if the app cannot be loaded. */
import { execFile } from 'node:child_process';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createSourcePositions } from '../../app/framework/local-lambda/source-positions.ts';
import { BuildError } from './build-error.ts';

/** Environment variables of the process that loads the app. The result must not depend on those of this machine. */
const ENV = { env: { MCP_AUTH: 'none' } };
const NOT_LOADED =
  'The app cannot be loaded, so nothing was built: fix the error above. The build loads the app once, without the ' +
  'environment variables of this machine. A server must read them when it is called, not when its module is loaded, and ' +
  'secrets by secret() of #framework.';

export interface BundleFiles {
  /** The bundle, with its source map next to it. */
  bundle: string;
  /** Receives the summary of the routes. */
  routes: string;
  /** Receives V8's code cache. Undefined: no code cache is created, which takes half as long. */
  cache?: string;
}

/** Writes the routes and, if requested, the code cache. Throws {@link BuildError} with files and lines of app/. Ends if `signal` aborts. */
export async function checkBundle(
  { bundle, routes, cache }: BundleFiles,
  signal?: AbortSignal,
): Promise<void> {
  const script = fileURLToPath(new URL('code-cache.ts', import.meta.url));
  const args = [script, bundle, routes, ...(cache ? [cache] : [])];
  try {
    await promisify(execFile)(process.execPath, args, { ...ENV, ...(signal && { signal }) });
  } catch (error) {
    const { stderr = '', message } = error as { stderr?: string; message: string };
    const inSources = createSourcePositions(dirname(bundle));
    const lines = inSources(stderr || message).split('\n');
    const shown = lines.filter(
      line => !/^\s+at .*(?:node:|scripts\/build\/|load-bundle\.ts)|^Node\.js v/.test(line),
    );
    throw new BuildError(`${shown.join('\n').trim()}\n\n${NOT_LOADED}`);
  }
}
