/**
 * Makes the files of the page a browser sees: the console's script with the MCP SDK's client in it, the style sheet, the
 * icon, each also compressed by Brotli; and files.json, which names them.
 */
import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { brotliCompress, constants } from 'node:zlib';
import { type BuildOptions, build, type Metafile } from 'esbuild';

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

/** Writes them to `folder`, which is made. Gives what has gone into them. */
export async function makePageFiles(folder: string): Promise<Metafile[]> {
  await mkdir(folder, { recursive: true });
  const script = await bundled('app/framework/page/browser/console.ts');
  const style = await bundled('app/framework/page/page.css');
  const sources = {
    script: ['console.js', script.content],
    style: ['page.css', style.content],
    icon: ['icon.svg', await readFile(join(root, 'app/framework/page/icon.svg'))],
  } as const;
  const names: Record<string, string> = {};
  for (const [kind, [file, content]] of Object.entries(sources)) {
    const hash = createHash('sha256').update(content).digest('hex').slice(0, 10);
    const name = file.replace('.', `-${hash}.`);
    names[kind] = name;
    await writeFile(join(folder, name), content);
    await writeFile(join(folder, `${name}.br`), await compressed(content));
  }
  await writeFile(join(folder, 'files.json'), JSON.stringify(names));
  return [script.metafile, style.metafile];
}

/** The script and the style sheet of the local Lambda's dashboard, under names of their own. Gives what has gone into them. */
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
  if (!file || !metafile) throw new Error(`esbuild made nothing of ${entry}.`);
  return { content: file.contents, metafile };
}

async function compressed(content: Uint8Array): Promise<Buffer> {
  return promisify(brotliCompress)(content, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } });
}
