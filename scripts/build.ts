/**
 * Makes dist/: what /var/task holds in the image, and what `npm start` runs, file by file the same.
 *
 *   entry.mjs             the process entry
 *   handler.mjs           what the Runtime Interface Client loads; it runs
 *   bundle.cjs            the app, bundled, from
 *   bundle.cache          V8's code cache for it
 *   local.mjs, local/     the local Lambda; never loaded on Lambda
 *   ric/index.mjs         the Runtime Interface Client, and
 *   ric/rapid-client.node its native part, both as npm installed them
 */
import { execFile } from 'node:child_process';
import { copyFile, mkdir, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type BuildOptions, build } from 'esbuild';
import { leanSdk } from './lean-sdk.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const dist = join(root, 'dist');
const sdk = dirname(fileURLToPath(import.meta.resolve('@modelcontextprotocol/server')));
const ric = dirname(fileURLToPath(import.meta.resolve('aws-lambda-ric')));

await requireNativeClient();
await rm(dist, { recursive: true, force: true });
await mkdir(join(dist, 'ric'), { recursive: true });
const common: BuildOptions = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node24',
  minify: true,
  keepNames: true,
  logLevel: 'warning',
};
const esModules: BuildOptions = {
  ...common,
  outdir: dist,
  outExtension: { '.js': '.mjs' },
  format: 'esm',
  // Packages in CommonJS call require; a bundle that is an ES module has none of its own.
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  },
};
// One file each for what a cold start touches; the local Lambda loads the libraries of its rarer features on demand.
await build({ ...esModules, entryPoints: { entry: 'app/lambda/entry.ts' } });
await build({
  ...esModules,
  entryPoints: { local: 'app/local/main.ts' },
  splitting: true,
  chunkNames: 'local/[name]-[hash]',
});
for (const file of ['index.mjs', 'rapid-client.node']) {
  await copyFile(join(ric, file), join(dist, 'ric', file));
}
await build({ ...esModules, entryPoints: { handler: 'app/lambda/handler.ts' } });
const bundle = join(dist, 'bundle.cjs');
await build({
  ...common,
  entryPoints: ['app/lambda/start.ts'],
  outfile: bundle,
  format: 'cjs',
  // A function to be called, as handler.ts does.
  banner: { js: '(function (exports, require, module) { const __bundleUrl = module.url;' },
  define: { 'import.meta.url': '__bundleUrl' },
  footer: { js: '})' },
  plugins: [leanSdk],
  // The SDK's validator for runtimes without code generation, a sixth of the size of the one for Node. It is asked only
  // about elicitation answers and schemas given as JSON; zod schemas are checked by zod.
  alias: { '@modelcontextprotocol/server/_shims': join(sdk, 'shimsBrowser.mjs') },
});
const cacheMaker = join(root, 'scripts/code-cache.ts');
await promisify(execFile)(process.execPath, [cacheMaker, bundle, join(dist, 'bundle.cache')], {
  env: { MCP_AUTH: 'none' },
});

async function requireNativeClient(): Promise<void> {
  const file = join(ric, 'rapid-client.node');
  const built = await stat(file).then(
    () => true,
    () => false,
  );
  if (built) return;
  process.stderr.write(
    process.platform === 'linux'
      ? 'aws-lambda-ric has no native part. Install cmake, make, g++, python3, tar and xz, then run: npm rebuild aws-lambda-ric\n'
      : 'aws-lambda-ric builds its native part on Linux only. Use "npm run dev" here, or "docker build" and "docker run".\n',
  );
  process.exit(1);
}
