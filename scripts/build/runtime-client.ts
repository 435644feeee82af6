/**
 * Builds the client of the Runtime API in ric/: aws-lambda-ric with its native part or, if that is not compiled, with the client in
 * JavaScript (app/framework/lambda/runtime-client.ts).
 */
import { existsSync } from 'node:fs';
import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Metafile } from 'esbuild';
import { COMMON } from './bundle-options.ts';
import type { PatchedFiles } from './patches/diffs.ts';

export type RuntimeClient = 'native' | 'javascript';

const RIC = fileURLToPath(import.meta.resolve('aws-lambda-ric'));
/** Folder of aws-lambda-ric, as installed. */
export const RIC_FOLDER = dirname(RIC);
const NATIVE = 'rapid-client.node';
const JAVASCRIPT = 'runtime-client.cjs';

/** Whether the native part of aws-lambda-ric is compiled. */
export function hasNativeClient(): boolean {
  return existsSync(join(RIC_FOLDER, NATIVE));
}

/** Writes aws-lambda-ric and the client to `folder`. Returns the inputs besides aws-lambda-ric. */
export async function writeRuntimeClient(
  client: RuntimeClient,
  folder: string,
  files: PatchedFiles,
): Promise<Metafile[]> {
  const text = files.get(RIC) ?? (await readFile(RIC, 'utf8'));
  if (client === 'native') {
    await copyFile(join(RIC_FOLDER, NATIVE), join(folder, NATIVE));
    await writeFile(join(folder, 'index.mjs'), text);
    return [];
  }
  const required = `cjsRequire("./${NATIVE}")`;
  if (!text.includes(required)) throw new Error(`aws-lambda-ric no longer has ${required}.`);
  await writeFile(join(folder, 'index.mjs'), text.replace(required, `cjsRequire("./${JAVASCRIPT}")`));
  return [await buildJavaScriptClient(folder)];
}

/** Writes runtime-client.cjs and its thread to `folder`. */
export async function buildJavaScriptClient(folder: string): Promise<Metafile> {
  const { metafile } = await build({
    ...COMMON,
    metafile: true,
    outdir: folder,
    outExtension: { '.js': '.cjs' },
    format: 'cjs',
    entryPoints: {
      'runtime-client': 'app/framework/lambda/runtime-client.ts',
      'runtime-client-thread': 'app/framework/lambda/runtime-client-thread.ts',
    },
  });
  return metafile;
}
