/**
 * Bundles the app of a project, with what its servers have next to the bundle: files, and packages that cannot be bundled.
 */
import { join, resolve } from 'node:path';
import { type BuildResult, build, formatMessages, type Message, type Metafile } from 'esbuild';
import { rethrow } from './build-error.ts';
import { appOptions, BUNDLE_WRAPPER } from './bundle-options.ts';
import { copyPackages, ExternalPackages } from './external-packages.ts';
import type { PatchedFiles } from './patches/diffs.ts';
import { copyUserFiles } from './user-files.ts';

export interface BundleAppInput {
  root: string;
  /** The folder of the routes and settings, relative to `root`. */
  app: string;
  files: PatchedFiles;
  /** The build. */
  to: string;
}

export interface BundledApp {
  metafile: Metafile;
  external: ExternalPackages;
  /** Paths in package-lock.json of the packages that were copied. */
  copied: string[];
}

/** Writes bundle.cjs, and app/ and node_modules/ where they are needed. Throws a BuildError for what has to be changed. */
export async function bundleApp({ root, app, files, to }: BundleAppInput): Promise<BundledApp> {
  const external = new ExternalPackages();
  const options = {
    ...appOptions({ files, app, external }),
    ...BUNDLE_WRAPPER,
    outfile: join(to, 'bundle.cjs'),
    logLevel: 'silent' as const,
    metafile: true as const,
  };
  let known: number;
  let result: BuildResult<typeof options>;
  // What the bundle contains says which packages do not work in it. Today's app has none: it is bundled once.
  do {
    known = external.folders.size;
    result = await build(options).catch(failure => rethrow(failure, explain));
    external.addFrom(result.metafile, root);
  } while (external.folders.size > known);
  process.stderr.write((await formatMessages(result.warnings, { kind: 'warning' })).join(''));
  const { metafile } = result;
  const needed = await copyUserFiles({ root, app: resolve(root, app), metafile, to });
  return { metafile, external, copied: copyPackages(new Set([...external.folders, ...needed]), to) };
}

function explain({ text }: Message): string {
  return /top-level await/i.test(text) ? TOP_LEVEL_AWAIT : text;
}

const TOP_LEVEL_AWAIT =
  'Top-level await does not work in the build: V8 caches the code of the bundle as a script. Await on the first use ' +
  'instead: let loaded; const load = () => (loaded ??= read()); and in the tool: await load()';
