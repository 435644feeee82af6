/**
 * `node scripts/build/build.ts [--app FOLDER] [--out FOLDER] [--no-patches]`: builds the function of the routes and settings
 * in FOLDER (app). `--no-patches` leaves dependencies as they are installed, to see whether a change to them is at fault;
 * DynamoDB of the local Lambda then does not run.
 *
 * dist/ is what /var/task holds in the image, and what `npm start` runs, file by file the same.
 *
 *   entry.mjs             the process entry
 *   handler.mjs           what the Runtime Interface Client loads; it runs
 *   bundle.cjs            the app, bundled, from
 *   bundle.cache          V8's code cache for it
 *   authorizer.mjs        the Lambda authorizer, another function of the same image
 *   page.cjs, page/       the page a browser sees, loaded when one asks for it
 *   oauth-proxy.cjs       the OAuth proxy, loaded when one of its paths is requested
 *   local.mjs, local/     the local Lambda with its dashboard, and
 *   routes.json           which servers it says are there, and what they need of it; never loaded on Lambda
 *   ric/index.mjs         the Runtime Interface Client, with the diffs in scripts/build/patches/lambda-ric, and
 *   ric/rapid-client.node its native part, as npm installed it
 *   sbom.cdx.json         what all of this consists of (scripts/build/sbom.ts); nothing reads it at run time
 */
import { execFile } from 'node:child_process';
import { chmod, copyFile, mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { type BuildOptions, build, type Metafile } from 'esbuild';
import { makeDashboardFiles, makePageFiles } from './browser-assets.ts';
import { appOptions, COMMON, entryOf } from './bundle-options.ts';
import { PatchError, type PatchedFiles } from './patches/diffs.ts';
import { loadPatched, patchedFiles } from './patches/patched-files.ts';
import { SBOM_FILE, sbom } from './sbom.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const { values: options } = parseArgs({
  options: {
    app: { type: 'string', default: 'app' },
    out: { type: 'string', default: 'dist' },
    patches: { type: 'boolean', default: true },
  },
  allowNegative: true,
});
const dist = resolve(root, options.out);
/** The build is written here and replaces dist/ when it is complete; until then, what runs from dist/ is the previous one. */
const next = await mkdtemp(join(dirname(dist), `.${basename(dist)}-`));
const entry = entryOf(options.app);
const RIC = fileURLToPath(import.meta.resolve('aws-lambda-ric'));
const ric = dirname(RIC);

const esModules: BuildOptions = {
  ...COMMON,
  outdir: next,
  outExtension: { '.js': '.mjs' },
  format: 'esm',
  // Packages in CommonJS call require; a bundle that is an ES module has none of its own.
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  },
};
/** Of what runs the app here: nothing of this machine's environment, on which what is made must not depend. */
const ENV = { env: { MCP_AUTH: 'none' } };

/** Why there is no build, in words for whoever reads the terminal. */
class BuildError extends Error {
  override readonly name = 'BuildError';
}

/** Gives what has gone into it. */
async function bundle(files: PatchedFiles): Promise<Metafile[]> {
  // One file each for what a cold start touches; the local Lambda loads the libraries of its rarer features on demand.
  const processEntry = await build({ ...esModules, entryPoints: { entry: 'app/framework/lambda/entry.ts' } });
  const local = await build({
    ...esModules,
    entryPoints: { local: 'app/framework/local-lambda/main.ts' },
    splitting: true,
    chunkNames: 'local/[name]-[hash]',
    // dynalite's stores on disk, which are not used, have a native part.
    alias: { level: 'memory-level' },
    plugins: [loadPatched(files)],
  });
  await copyFile(join(ric, 'rapid-client.node'), join(next, 'ric/rapid-client.node'));
  await writeFile(join(next, 'ric/index.mjs'), files.get(RIC) ?? (await readFile(RIC, 'utf8')));
  const handler = await build({ ...esModules, entryPoints: { handler: 'app/framework/lambda/handler.ts' } });
  const authorizer = await build({
    ...esModules,
    entryPoints: { authorizer: 'app/framework/lambda/authorizer-handler.ts' },
  });
  const page = await build({
    ...COMMON,
    entryPoints: ['app/framework/page/view.ts'],
    outfile: join(next, 'page.cjs'),
    format: 'cjs',
    banner: { js: "const __pageUrl = require('node:url').pathToFileURL(__filename).href;" },
    define: { 'import.meta.url': '__pageUrl' },
  });
  const oauthProxy = await build({
    ...COMMON,
    entryPoints: ['app/framework/oauth-proxy/serve.ts'],
    outfile: join(next, 'oauth-proxy.cjs'),
    format: 'cjs',
  });
  const inBrowsers = [
    ...(await makePageFiles(join(next, 'page'))),
    ...(await makeDashboardFiles(join(next, 'local'))),
  ];
  const bundled = await build({
    ...appOptions(files),
    stdin: entry,
    outfile: join(next, 'bundle.cjs'),
    format: 'cjs',
    // A function to be called, as handler.ts does.
    banner: { js: '(function (exports, require, module) { const __bundleUrl = module.url;' },
    define: { 'import.meta.url': '__bundleUrl' },
    footer: { js: '})' },
  });
  const metafiles = [processEntry, local, handler, authorizer, page, oauthProxy, bundled].flatMap(
    ({ metafile }) => metafile ?? [],
  );
  return [...metafiles, ...inBrowsers];
}

async function makeCodeCache(file: string, patched: PatchedFiles): Promise<void> {
  const cacheMaker = join(root, 'scripts/build/code-cache.ts');
  const files = [file, join(next, 'bundle.cache'), join(next, 'routes.json')];
  const made = promisify(execFile)(process.execPath, [cacheMaker, ...files], ENV);
  await made.catch(async error => {
    throw new BuildError(`${await whereItThrows(patched).catch(() => error.stderr)}\n\n${NOT_LOADED}`);
  });
}

const NOT_LOADED =
  'The app cannot be loaded, so nothing was built: mend what it says above. The build loads it once, without the ' +
  'environment of this machine: what a server needs of that it must read when it is asked, not when it is loaded.';

/** Loads the app once more with its source maps, so that the error names a file and a line of app/. */
async function whereItThrows(files: PatchedFiles): Promise<string> {
  const file = join(next, 'mapped.mjs');
  await build({
    ...appOptions(files),
    stdin: entry,
    outfile: file,
    format: 'esm',
    minify: false,
    sourcemap: 'inline',
    ...(esModules.banner && { banner: esModules.banner }),
  });
  const starter = join(next, 'start.mjs');
  await writeFile(starter, `import { runForCache } from './mapped.mjs';\nawait runForCache();\n`);
  const again = promisify(execFile)(process.execPath, ['--enable-source-maps', starter], ENV);
  const { stderr } = await again.catch(error => error as { stderr: string });
  const lines = stderr.replaceAll(`${root}/`, '').replaceAll('file://', '').split('\n');
  return lines
    .filter(line => !/^\s+at .*node:internal|^Node\.js v/.test(line))
    .join('\n')
    .trim();
}

async function putInPlace(): Promise<void> {
  const old = `${next}-old`;
  await chmod(next, 0o755);
  await rename(dist, old).catch(ignoreMissing);
  await rename(next, dist);
  await rm(old, { recursive: true, force: true });
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}

async function requireNativeClient(): Promise<void> {
  const file = join(ric, 'rapid-client.node');
  const built = await stat(file).then(
    () => true,
    () => false,
  );
  if (built) return;
  throw new BuildError(
    process.platform === 'linux'
      ? 'aws-lambda-ric has no native part. Install cmake, make, g++, python3, tar and xz, then run: npm rebuild aws-lambda-ric'
      : 'aws-lambda-ric builds its native part on Linux only. Use "npm run dev" here, or "docker build" and "docker run".',
  );
}

try {
  await requireNativeClient();
  await mkdir(join(next, 'ric'));
  const files = options.patches ? patchedFiles() : new Map<string, string>();
  const metafiles = await bundle(files);
  await makeCodeCache(join(next, 'bundle.cjs'), files);
  const baseImage = process.env.NODE_IMAGE || undefined;
  await writeFile(join(next, SBOM_FILE), sbom({ root, folder: next, metafiles, ric, baseImage }));
  await putInPlace();
} catch (error) {
  // A failure of esbuild has its errors, and esbuild has printed them, each with file and line.
  const printed = error instanceof Error && 'errors' in error;
  if (!printed && !(error instanceof BuildError || error instanceof PatchError)) throw error;
  process.stderr.write(printed ? 'Nothing was built: mend what it says above.\n' : `${error.message}\n`);
  process.exitCode = 1;
} finally {
  await rm(next, { recursive: true, force: true });
}
