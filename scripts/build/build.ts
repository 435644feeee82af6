/**
 * `node scripts/build/build.ts [--app FOLDER] [--out FOLDER]`: builds the function of the routes and settings in FOLDER (app).
 * dist/ is what /var/task holds in the image, and what `npm start` runs, file by file the same.
 *
 *   entry.mjs             the process entry
 *   handler.mjs           what the Runtime Interface Client loads; it runs
 *   bundle.cjs            the app, bundled, from
 *   bundle.cjs.map        its source map, which only the local Lambda and the build read
 *   bundle.cache          V8's code cache for it
 *   authorizer.mjs        the Lambda authorizer, another function of the same image
 *   page.cjs, page/       the page a browser sees, loaded when one asks for it
 *   local.mjs, local/     the local Lambda with its dashboard, and
 *   routes.json           which servers it says are there, and what they need of it; never loaded on Lambda
 *   ric/index.mjs         the Runtime Interface Client, but for what scripts/build/patches/lambda-ric.ts says, and
 *   ric/rapid-client.node its native part, as npm installed it
 *   sbom.cdx.json         what all of this consists of (scripts/build/sbom.ts); nothing reads it at run time
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { chmod, copyFile, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type BuildOptions, build, type Metafile, type Plugin } from 'esbuild';
import { makeDashboardFiles, makePageFiles } from './browser-assets.ts';
import { bundleOf, COMMON } from './bundle-options.ts';
import { BuildError, checkBundle } from './check-bundle.ts';
import { leanRic } from './patches/lambda-ric.ts';
import { SBOM_FILE, sbom } from './sbom.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const { values: options } = parseArgs({
  options: { app: { type: 'string', default: 'app' }, out: { type: 'string', default: 'dist' } },
});
const dist = resolve(root, options.out);
/** A signal that ends the build also ends the process that it has started, and removes the unfinished build. */
const ended = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    ended.abort();
    rmSync(next, { recursive: true, force: true });
    process.exit(1);
  });
}

/** The build is written here and replaces dist/ when it is complete; until then, what runs from dist/ is the previous one. */
const next = mkdtempSync(join(dirname(dist), `.${basename(dist)}-`));
const ric = dirname(fileURLToPath(import.meta.resolve('aws-lambda-ric')));

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
/** What esbuild does not find: dynalite's operations, by names without an extension. */
const dynaliteWhole: Plugin = {
  name: 'dynalite-whole',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]dynalite[\\/]index\.js$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8');
      const contents = text
        // Of Node it is deprecated, which Node says in the log.
        .replace(
          'url.parse(req.url, true).query',
          "Object.fromEntries(new URL(req.url, 'http://localhost').searchParams)",
        )
        .replace(/require\('\.\/(actions|validations)\/' \+ action\)/g, "require('./$1/' + action + '.js')");
      if (contents.split("action + '.js'").length !== 3 || contents.includes('url.parse('))
        throw new BuildError('dynalite is another one now: see what scripts/build/build.ts changes in it.');
      return { contents };
    });
  },
};

/** Gives what has gone into it. */
async function bundle(): Promise<Metafile[]> {
  // One file each for what a cold start touches; the local Lambda loads the libraries of its rarer features on demand.
  const processEntry = await build({ ...esModules, entryPoints: { entry: 'app/framework/lambda/entry.ts' } });
  const local = await build({
    ...esModules,
    entryPoints: { local: 'app/framework/local-lambda/main.ts' },
    splitting: true,
    chunkNames: 'local/[name]-[hash]',
    // dynalite's stores on disk, which are not used, have a native part.
    alias: { level: 'memory-level' },
    plugins: [dynaliteWhole],
  });
  await copyFile(join(ric, 'rapid-client.node'), join(next, 'ric/rapid-client.node'));
  await writeFile(join(next, 'ric/index.mjs'), await runtimeClient());
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
  const inBrowsers = [
    ...(await makePageFiles(join(next, 'page'))),
    ...(await makeDashboardFiles(join(next, 'local'))),
  ];
  const bundled = await build(bundleOf(options.app, join(next, 'bundle.cjs')));
  const metafiles = [processEntry, local, handler, authorizer, page, bundled].flatMap(
    ({ metafile }) => metafile ?? [],
  );
  return [...metafiles, ...inBrowsers];
}

async function runtimeClient(): Promise<string> {
  const text = await readFile(join(ric, 'index.mjs'), 'utf8');
  const lean = leanRic(text);
  if (lean === undefined)
    process.stderr.write(
      'aws-lambda-ric is not as scripts/build/patches/lambda-ric.ts knows it: it is left as it is, and keeps more memory.\n',
    );
  return lean ?? text;
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
  const metafiles = await bundle();
  const files = {
    bundle: join(next, 'bundle.cjs'),
    routes: join(next, 'routes.json'),
    cache: join(next, 'bundle.cache'),
  };
  await checkBundle(files, ended.signal);
  const baseImage = process.env.NODE_IMAGE || undefined;
  await writeFile(join(next, SBOM_FILE), sbom({ root, folder: next, metafiles, ric, baseImage }));
  await putInPlace();
} catch (error) {
  // A failure of esbuild has its errors, and esbuild has printed them, each with file and line.
  const printed = error instanceof Error && 'errors' in error;
  if (!printed && !(error instanceof BuildError)) throw error;
  process.stderr.write(printed ? 'Nothing was built: fix the error above.\n' : `${error.message}\n`);
  process.exitCode = 1;
} finally {
  await rm(next, { recursive: true, force: true });
}
