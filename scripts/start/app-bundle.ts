/**
 * Rebuilds the bundle of the app in dist/ after a change, in less time than a complete build: esbuild reads only the files that
 * changed, and V8's code cache is left out. Everything else in dist/ stays as it is.
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type BuildFailure, type BuildResult, context, formatMessages, type Message } from 'esbuild';
import { bundleOf } from '../build/bundle-options.ts';
import { BuildError, checkBundle } from '../build/check-bundle.ts';

export interface AppBundle {
  /**
   * Rebuilds it. Returns whether the paths of the MCP servers are still the same. Rejects with BuildError; dist/ then works as
   * before.
   */
  rebuild(signal: AbortSignal): Promise<{ sameRoutes: boolean }>;
}

/** Reads all files once, so that the first change is built as fast as the next one. Errors are left to `rebuild`. */
export async function createAppBundle(dist: string): Promise<AppBundle> {
  const built = join(dist, 'next.cjs');
  const building = await context({
    ...bundleOf('app', built),
    metafile: false,
    write: false,
    logLevel: 'silent',
  });
  await building.rebuild().catch(() => undefined);

  return {
    async rebuild(signal) {
      const { warnings, outputFiles = [] } = await (building.rebuild() as Promise<BuildResult>).catch(fail);
      process.stderr.write(await textOf(warnings, 'warning'));
      for (const { path, contents } of outputFiles) writeFileSync(path, contents);
      const routes = join(dist, 'next.json');
      await checkBundle({ bundle: built, routes }, signal);
      const sameRoutes = readFileSync(routes).equals(readFileSync(join(dist, 'routes.json')));
      // V8 recognizes the source of a code cache by its length only, so the old cache has to go first.
      writeFileSync(join(dist, 'bundle.cache'), '');
      renameSync(`${built}.map`, join(dist, 'bundle.cjs.map'));
      renameSync(built, join(dist, 'bundle.cjs'));
      renameSync(routes, join(dist, 'routes.json'));
      return { sameRoutes };
    },
  };
}

async function fail(error: BuildFailure): Promise<never> {
  if (!error.errors) throw error;
  throw new BuildError(`${await textOf(error.errors, 'error')}Nothing was built: fix the error above.`);
}

/** As esbuild prints it. */
async function textOf(messages: Message[], kind: 'error' | 'warning'): Promise<string> {
  return (await formatMessages(messages, { kind, color: Boolean(process.stderr.isTTY) })).join('');
}
