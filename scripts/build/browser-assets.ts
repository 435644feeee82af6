/**
 * Creates the files of the page for browsers: the script with the client of the MCP SDK, the module for MCP Apps, the style sheet
 * and the icon, each also compressed by Brotli; files.json, which lists them; and the frame of MCP Apps.
 */
import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { brotliCompress, constants } from 'node:zlib';
import { type BuildOptions, build, type Metafile, type Plugin } from 'esbuild';
import type { PageFiles } from '../../app/framework/page/files.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

const browser: BuildOptions = {
  absWorkingDir: root,
  bundle: true,
  platform: 'browser',
  format: 'esm',
  target: 'es2023',
  minify: true,
  write: false,
  metafile: true,
  logLevel: 'warning',
  legalComments: 'none',
};

/** Writes the files to `folder`, which it creates. Returns esbuild's metafiles. */
export async function makePageFiles(folder: string): Promise<Metafile[]> {
  await mkdir(folder, { recursive: true });
  const modules = await makeModules(folder);
  const style = await bundled('app/framework/page/page.css');
  const frame = await bundled('app/framework/page/browser/app-frame.ts');
  const names: PageFiles = {
    ...modules.names,
    style: await writeHashed(folder, 'page.css', style.content),
    icon: await writeHashed(folder, 'icon.svg', await readFile(join(root, 'app/framework/page/icon.svg'))),
  };
  await writeFile(join(folder, 'files.json'), JSON.stringify(names));
  const document = await readFile(join(root, 'app/framework/page/app-frame.html'), 'utf8');
  const script = Buffer.from(frame.content).toString().trim();
  await writeFile(
    join(folder, 'app-frame.html'),
    document.replace('/* app-frame.ts */', () => script),
  );
  return [modules.metafile, style.metafile, frame.metafile];
}

/** Bundles the page's script, the module that it loads for MCP Apps, and the SDK's client, which both share. */
async function makeModules(
  folder: string,
): Promise<{ names: Pick<PageFiles, 'script' | 'preload' | 'onDemand'>; metafile: Metafile }> {
  const { outputFiles = [], metafile } = await build({
    ...browser,
    entryPoints: ['app/framework/page/browser/console.ts'],
    outdir: folder,
    splitting: true,
    entryNames: '[name]-[hash]',
    chunkNames: '[name]-[hash]',
    plugins: [zodByName],
  });
  if (!metafile) throw new Error('esbuild returned no output for the page.');
  for (const { path, contents } of outputFiles) await writeBoth(path, contents);
  const outputs = Object.entries(metafile.outputs);
  const [script, { imports } = { imports: [] }] =
    outputs.find(([, { entryPoint }]) => entryPoint?.endsWith('console.ts')) ?? [];
  if (!script) throw new Error('esbuild returned no script for the page.');
  const preload = imports.filter(({ kind }) => kind === 'import-statement').map(({ path }) => path);
  const onDemand = outputs.map(([path]) => path).filter(path => path !== script && !preload.includes(path));
  const names = {
    script: basename(script),
    preload: preload.map(path => basename(path)),
    onDemand: onDemand.map(path => basename(path)),
  };
  return { names, metafile };
}

/**
 * Makes @modelcontextprotocol/ext-apps import zod's functions by name. Its import of the object `z` keeps all of zod, with its
 * messages in every language: 42 kB as sent, for every visitor of the page.
 */
const zodByName: Plugin = {
  name: 'zod-by-name',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]ext-apps[\\/]dist[\\/]src[\\/]app-bridge\.js$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8');
      const contents = source.replaceAll(
        /import\s*\{z as (\w+)\}\s*from\s*"zod\/v4"/g,
        'import * as $1 from "zod/v4"',
      );
      if (contents === source)
        throw new Error(`${path} no longer imports z: remove this plugin or change it.`);
      return { contents };
    });
  },
};

/** Writes a file under a name with its hash, and returns the name. */
async function writeHashed(folder: string, file: string, content: Uint8Array): Promise<string> {
  const hash = createHash('sha256').update(content).digest('hex').slice(0, 10);
  const name = file.replace('.', `-${hash}.`);
  await writeBoth(join(folder, name), content);
  return name;
}

/** Writes a file as it is, and compressed. */
async function writeBoth(path: string, content: Uint8Array): Promise<void> {
  await writeFile(path, content);
  await writeFile(`${path}.br`, await compressed(content));
}

/** Writes the script and the style sheet of the local dashboard. Returns esbuild's metafiles. */
export async function makeDashboardFiles(folder: string): Promise<Metafile[]> {
  await mkdir(folder, { recursive: true });
  const script = await bundled('app/framework/local-lambda/dashboard/browser/dashboard.ts');
  const style = await bundled('app/framework/local-lambda/dashboard/dashboard.css');
  await writeFile(join(folder, 'dashboard.js'), script.content);
  await writeFile(join(folder, 'dashboard.css'), style.content);
  await writeFile(
    join(folder, 'dashboard.html'),
    await readFile(join(root, 'app/framework/local-lambda/dashboard/dashboard.html')),
  );
  return [script.metafile, style.metafile];
}

async function bundled(entry: string): Promise<{ content: Uint8Array; metafile: Metafile }> {
  const { outputFiles = [], metafile } = await build({ ...browser, entryPoints: [entry] });
  const [file] = outputFiles;
  if (!file || !metafile) throw new Error(`esbuild returned no output for ${entry}.`);
  return { content: file.contents, metafile };
}

async function compressed(content: Uint8Array): Promise<Buffer> {
  return promisify(brotliCompress)(content, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } });
}
