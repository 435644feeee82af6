/**
 * `node scripts/build/build.ts [--app FOLDER] [--out FOLDER] [--client native|javascript] [--no-patches]`: builds the function
 * of the routes and settings in FOLDER (app). `--client` chooses the client of the Runtime API; the default is the native one if
 * it is compiled. `--architecture arm64|x64` (or amd64) is that of the function, by default that of this machine; the build runs no
 * program of another architecture. `--no-patches` uses dependencies as they are installed, to find out whether a patch causes a
 * fault; DynamoDB of the local Lambda then does not run.
 *
 * dist/ is /var/task in the image; `npm start` runs the same files.
 *
 *   entry.mjs             the process entry
 *   handler.mjs           the module that the Runtime Interface Client loads; it runs
 *   bundle.cjs            the app, bundled, from
 *   bundle.cjs.map        its source map, which only the local Lambda and the build read
 *   bundle.cache          V8's code cache for it; empty if the function has another architecture, whose V8 would reject it
 *   authorizer.mjs        the Lambda authorizer, another function of the same image
 *   app/, node_modules/   files next to servers, and packages that are not bundled, where there are any (README.md)
 *   page.cjs, page/       the page for browsers, loaded when a browser requests it
 *   tool-call-hook.cjs    the option onToolCall,
 *   server-reuse.cjs      the option reuse, and
 *   limits.cjs            the option limits, loaded by routes that have them
 *   oauth-proxy.cjs       the OAuth proxy, loaded when one of its paths is requested
 *   local.mjs, local/     the local Lambda with its dashboard, and
 *   routes.json           the servers that it lists, and their requirements; never loaded on Lambda
 *   ric/index.mjs         the Runtime Interface Client, with the diffs in scripts/build/patches/lambda-ric, and
 *   ric/rapid-client.node its native part, or if that is not compiled
 *   ric/runtime-client*   the same in JavaScript
 *   snap-start*           SnapStart, loaded only by a function that has it, with
 *   reseed.node           its native part, if the native client is compiled
 *   sbom.cdx.json         the SBOM of all these files (scripts/build/sbom.ts), which is not read at run time
 */
import { readdirSync, rmSync } from 'node:fs';
import { chmod, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type BuildOptions, build, formatMessages, type Metafile } from 'esbuild';
import { makeDashboardFiles, makePageFiles } from './browser-assets.ts';
import { BuildError } from './build-error.ts';
import { type BundledApp, createAppBundler } from './bundle-app.ts';
import { COMMON, LOADED_ON_USE, loadedOnUseOptions } from './bundle-options.ts';
import { checkBundle } from './check-bundle.ts';
import { copyPackagesFor } from './external-packages.ts';
import { runInstallScripts } from './install-scripts.ts';
import { PatchError, type PatchedFiles } from './patches/diffs.ts';
import { loadPatched, patchedFiles } from './patches/patched-files.ts';
import { hasNativeClient, RIC_FOLDER, type RuntimeClient, writeRuntimeClient } from './runtime-client.ts';
import { SBOM_FILE, sbom } from './sbom.ts';
import { buildSnapStart } from './snap-start.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const { values: options } = parseArgs({
  options: {
    app: { type: 'string', default: 'app' },
    out: { type: 'string', default: 'dist' },
    client: { type: 'string', default: hasNativeClient() ? 'native' : 'javascript' },
    architecture: { type: 'string', default: process.arch },
    patches: { type: 'boolean', default: true },
  },
  allowNegative: true,
});
/** Node's name for the architecture. Docker calls x64 amd64. */
const architecture = options.architecture === 'amd64' ? 'x64' : options.architecture;
const isForeign = architecture !== process.arch;
const dist = resolve(root, options.out);
/** The build is written here and replaces dist/ when it is complete; until then dist/ contains the previous build. */
const next = join(dirname(dist), `.${basename(dist)}-${process.pid}`);

/** A signal that ends the build also ends the process that it has started. */
const ended = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    ended.abort();
    rmSync(next, { recursive: true, force: true });
    process.exit(1);
  });
}

const esModules: BuildOptions = {
  ...COMMON,
  outdir: next,
  outExtension: { '.js': '.mjs' },
  format: 'esm',
  // CommonJS packages call require, which an ES module does not have.
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  },
};
/** Inputs of the build. */
interface Bundled {
  metafiles: Metafile[];
  /** Paths in package-lock.json of the packages that are copied. */
  copied: string[];
}

async function bundle(files: PatchedFiles, client: RuntimeClient): Promise<Bundled> {
  // One file for each part that a cold start loads; the local Lambda loads the libraries of rare features on demand.
  const processEntry = await build({ ...esModules, entryPoints: { entry: 'app/framework/lambda/entry.ts' } });
  const local = await build({
    ...esModules,
    entryPoints: { local: 'app/framework/local-lambda/main.ts' },
    splitting: true,
    chunkNames: 'local/[name]-[hash]',
    // dynalite's stores on disk have a native part and are not used.
    alias: { level: 'memory-level' },
    plugins: [loadPatched(files)],
  });
  const runtime = await writeRuntimeClient(client, join(next, 'ric'), files);
  const snapStart = await buildSnapStart(next, { native: client === 'native', architecture });
  const handler = await build({ ...esModules, entryPoints: { handler: 'app/framework/lambda/handler.ts' } });
  const authorizer = await build({
    ...esModules,
    entryPoints: { authorizer: 'app/framework/lambda/authorizer-handler.ts' },
  });
  const onUse = await Promise.all(
    Object.entries(LOADED_ON_USE).map(([source, file]) =>
      build(loadedOnUseOptions(source, join(next, file))),
    ),
  );
  const inBrowsers = [
    ...(await makePageFiles(join(next, 'page'))),
    ...(await makeDashboardFiles(join(next, 'local'))),
  ];
  const app = await bundleApp(files);
  const metafiles = [processEntry, local, handler, authorizer, ...onUse].flatMap(
    ({ metafile }) => metafile ?? [],
  );
  return {
    copied: app.copied,
    metafiles: [...metafiles, app.metafile, ...runtime, ...snapStart, ...inBrowsers],
  };
}

async function bundleApp(files: PatchedFiles): Promise<BundledApp> {
  const bundler = await createAppBundler({ root, app: options.app, files, to: next });
  try {
    const bundled = await bundler.bundle();
    process.stderr.write((await formatMessages(bundled.warnings, { kind: 'warning' })).join(''));
    return bundled;
  } finally {
    await bundler.dispose();
  }
}

async function putInPlace(): Promise<void> {
  const old = `${next}-old`;
  await chmod(next, 0o755);
  await rename(dist, old).catch(ignoreMissing);
  await rename(next, dist);
  await rm(old, { recursive: true, force: true });
}

/** Removes files of interrupted builds: esbuild may write a file after its build has ended. */
function removeAbandoned(): void {
  const name = new RegExp(`^\\.${RegExp.escape(basename(dist))}-(\\d+)(?:-old)?$`);
  for (const entry of readdirSync(dirname(dist))) {
    const [, pid] = name.exec(entry) ?? [];
    if (pid && !isRunning(Number(pid))) rmSync(join(dirname(dist), entry), { recursive: true, force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'; // It belongs to another user.
  }
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}

/** Returns the requested client. Throws a BuildError if the name is unknown, or the native client is not compiled. */
function runtimeClient(): RuntimeClient {
  const { client } = options;
  if (client !== 'native' && client !== 'javascript')
    throw new BuildError(`--client must be native or javascript, not ${client}.`);
  if (client === 'native' && !hasNativeClient())
    throw new BuildError(
      'The native client of aws-lambda-ric is not compiled. Run: npm run native (needs Linux, cmake, make, g++, python3, tar and xz)',
    );
  return client;
}

try {
  if (!['arm64', 'x64'].includes(architecture))
    throw new BuildError(`--architecture must be arm64 or x64 (amd64), not ${options.architecture}.`);
  const problem = runInstallScripts(root);
  if (problem) throw new BuildError(problem);
  removeAbandoned();
  await mkdir(join(next, 'ric'), { recursive: true });
  const client = runtimeClient();
  const files = options.patches ? patchedFiles() : new Map<string, string>();
  const { metafiles, copied: checked } = await bundle(files, client);
  const cache = join(next, 'bundle.cache');
  const bundled = { bundle: join(next, 'bundle.cjs'), routes: join(next, 'routes.json') };
  await checkBundle(isForeign ? bundled : { ...bundled, cache }, ended.signal);
  // A code cache depends on the read-only snapshot of its V8, which differs between architectures.
  if (isForeign) await writeFile(cache, '');
  const copied = isForeign ? copyPackagesFor(architecture, { root, copied: checked, to: next }) : checked;
  const baseImage = process.env.NODE_IMAGE || undefined;
  const ric = client === 'native' ? RIC_FOLDER : undefined;
  await writeFile(join(next, SBOM_FILE), sbom({ root, folder: next, metafiles, copied, ric, baseImage }));
  await putInPlace();
} catch (error) {
  // esbuild has already printed its errors with file and line.
  const printed = error instanceof Error && 'errors' in error;
  if (!printed && !(error instanceof BuildError || error instanceof PatchError)) throw error;
  process.stderr.write(printed ? 'Nothing was built: fix the error above.\n' : `${error.message}\n`);
  process.exitCode = 1;
} finally {
  await rm(next, { recursive: true, force: true });
}
