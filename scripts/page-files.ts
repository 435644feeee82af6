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
import { type BuildOptions, build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));

const browser: BuildOptions = {
  absWorkingDir: root,
  bundle: true,
  platform: 'browser',
  format: 'esm',
  target: 'es2023',
  minify: true,
  write: false,
  logLevel: 'warning',
  legalComments: 'none',
};

/** Writes them to `folder`, which is made. */
export async function makePageFiles(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const sources = {
    script: ['console.js', await bundled('app/page/browser/console.ts')],
    style: ['page.css', await bundled('app/page/page.css')],
    icon: ['icon.svg', await readFile(join(root, 'app/page/icon.svg'))],
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
}

/** The script and the style sheet of the local Lambda's window, under names of their own. */
export async function makeWindowFiles(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'window.js'), await bundled('app/local/window/browser/window.ts'));
  await writeFile(join(folder, 'window.css'), await bundled('app/local/window/window.css'));
  await writeFile(join(folder, 'window.html'), await readFile(join(root, 'app/local/window/window.html')));
}

async function bundled(entry: string): Promise<Uint8Array> {
  const { outputFiles = [] } = await build({ ...browser, entryPoints: [entry] });
  const [file] = outputFiles;
  if (!file) throw new Error(`esbuild made nothing of ${entry}.`);
  return file.contents;
}

async function compressed(content: Uint8Array): Promise<Buffer> {
  return promisify(brotliCompress)(content, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } });
}
