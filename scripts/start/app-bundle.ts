/**
 * Rebuilds the bundle of the app in dist/ after a change, in less time than a complete build: esbuild reads only the files that
 * changed, and V8's code cache is left out. Everything else in dist/ stays as it is.
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatMessages } from 'esbuild';
import { createAppBundler } from '../build/bundle-app.ts';
import { checkBundle } from '../build/check-bundle.ts';
import { patchedFiles } from '../build/patches/patched-files.ts';

export interface AppBundle {
  /**
   * Rebuilds the bundle. Returns whether the paths of the MCP servers are still the same. If it rejects with a BuildError, dist/ is
   * unchanged.
   */
  rebuild(signal: AbortSignal): Promise<{ sameRoutes: boolean }>;
}

/** Reads all files once, so that the first change is built as fast as the next one. `rebuild` reports errors. */
export async function createAppBundle(root: string, dist: string): Promise<AppBundle> {
  const bundler = await createAppBundler({
    root,
    app: 'app',
    files: patchedFiles(),
    to: dist,
    outfile: 'next.cjs',
  });
  const [bundle, routes] = [join(dist, 'next.cjs'), join(dist, 'next.json')];
  await bundler.bundle().catch(() => undefined);

  return {
    async rebuild(signal) {
      const { warnings } = await bundler.bundle();
      process.stderr.write((await formatMessages(warnings, { kind: 'warning' })).join(''));
      await checkBundle({ bundle, routes }, signal);
      const sameRoutes = readFileSync(routes).equals(readFileSync(join(dist, 'routes.json')));
      // V8 recognizes the source of a code cache by its length only, so the old cache must be deleted first.
      writeFileSync(join(dist, 'bundle.cache'), '');
      renameSync(`${bundle}.map`, join(dist, 'bundle.cjs.map'));
      renameSync(bundle, join(dist, 'bundle.cjs'));
      renameSync(routes, join(dist, 'routes.json'));
      return { sameRoutes };
    },
  };
}
