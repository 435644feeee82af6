/**
 * Bundles the app of a project, and copies files of its servers and packages that cannot be bundled.
 */
import { join, resolve } from 'node:path';
import { type BuildOptions, type BuildResult, context, type Message, type Metafile } from 'esbuild';
import { rethrow } from './build-error.ts';
import { appOptions, BUNDLE_WRAPPER } from './bundle-options.ts';
import { copyPackages, ExternalPackages } from './external-packages.ts';
import type { PatchedFiles } from './patches/diffs.ts';
import { copyUserFiles } from './user-files.ts';

export interface AppBundlerInput {
  root: string;
  /** The folder of the routes and settings, relative to `root`. */
  app: string;
  files: PatchedFiles;
  /** The build. */
  to: string;
  /** @default bundle.cjs */
  outfile?: string;
}

export interface BundledApp {
  metafile: Metafile;
  /** Paths in package-lock.json of the packages that were copied. */
  copied: string[];
  warnings: Message[];
}

/** Bundles the app repeatedly. esbuild reads only the files that have changed. */
export interface AppBundler {
  /**
   * Writes the bundle with its source map, and app/ and node_modules/ if they are needed. Throws a {@link BuildError} that
   * names the required change.
   */
  bundle(): Promise<BundledApp>;
  dispose(): Promise<void>;
}

export async function createAppBundler({
  root,
  app,
  files,
  to,
  outfile = 'bundle.cjs',
}: AppBundlerInput): Promise<AppBundler> {
  const external = new ExternalPackages();
  const options = {
    ...appOptions({ files, app, external }),
    ...BUNDLE_WRAPPER,
    outfile: join(to, outfile),
    // The bundle does not refer to its source map: only the local Lambda and the build read it.
    sourcemap: 'external',
    sourcesContent: false,
    logLevel: 'silent',
    metafile: true,
  } satisfies BuildOptions;
  const building = await context(options);
  let copied: { folders: Set<string>; paths: string[] } | undefined;

  /** Copies the packages once: they do not change while the app is edited. */
  function copyOnce(folders: Set<string>): string[] {
    if (!copied || folders.symmetricDifference(copied.folders).size > 0)
      copied = { folders, paths: copyPackages(folders, to) };
    return copied.paths;
  }

  return {
    async bundle() {
      let known: number;
      let result: BuildResult<typeof options>;
      // The first bundle shows which packages do not work in it. An app without such packages is bundled once.
      do {
        known = external.folders.size;
        result = await building.rebuild().catch(failure => rethrow(failure, explain));
        external.addFrom(result.metafile, root);
      } while (external.folders.size > known);
      const { metafile, warnings } = result;
      const needed = await copyUserFiles({ root, app: resolve(root, app), metafile, to });
      return { metafile, warnings, copied: copyOnce(new Set([...external.folders, ...needed])) };
    },
    dispose: () => building.dispose(),
  };
}

function explain({ text }: Message): string {
  return /top-level await/i.test(text) ? TOP_LEVEL_AWAIT : text;
}

const TOP_LEVEL_AWAIT =
  'Top-level await does not work in the build: V8 caches the code of the bundle as a script. Await on the first use ' +
  'instead: let loaded; const load = () => (loaded ??= read()); and in the tool: await load()';
