/** Builds SnapStart (app/framework/lambda/snap-start.ts): two files of JavaScript and a native addon. */
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Metafile } from 'esbuild';
import { BuildError } from './build-error.ts';
import { COMMON } from './bundle-options.ts';

/** Options for compiling the addon. */
export const SOURCE = fileURLToPath(new URL('../../app/framework/lambda/reseed.c', import.meta.url));
export const ADDON = 'reseed.node';

/** Debian's compilers, by Node's name of the architecture. */
const CROSS_COMPILERS: Readonly<Record<string, string>> = {
  arm64: 'aarch64-linux-gnu-gcc',
  x64: 'x86_64-linux-gnu-gcc',
};

/** Writes SnapStart to `folder`, with the addon only if `native`, for `architecture`. Returns the inputs. */
export async function buildSnapStart(
  folder: string,
  { native, architecture = process.arch }: { native: boolean; architecture?: string },
): Promise<Metafile[]> {
  const file = (name: string, format: 'esm' | 'cjs', extension: string) =>
    build({
      ...COMMON,
      metafile: true,
      format,
      entryPoints: [`app/framework/lambda/${name}.ts`],
      outfile: join(folder, `${name}${extension}`),
    });
  const built = await Promise.all([
    file('snap-start', 'esm', '.mjs'),
    file('snap-start-thread', 'cjs', '.cjs'),
  ]);
  const compiler = architecture === process.arch ? undefined : CROSS_COMPILERS[architecture];
  if (native) compileAddon(folder, SOURCE, compiler);
  return built.map(({ metafile }) => metafile);
}

/** Compiles the addon against the headers next to this Node. Throws a {@link BuildError} with the compiler's message. */
export function compileAddon(folder: string, source: string = SOURCE, compiler = 'gcc'): void {
  const headers = join(dirname(process.execPath), '../include/node');
  const args = [
    '-shared',
    '-fPIC',
    '-O2',
    '-Wall',
    '-Wextra',
    `-I${headers}`,
    source,
    '-o',
    join(folder, ADDON),
  ];
  const { status, stderr, error } = spawnSync(compiler, args, { encoding: 'utf8' });
  if (status !== 0)
    throw new BuildError(`${ADDON} cannot be compiled with ${compiler}: ${error?.message ?? stderr}`);
}
