/**
 * Installs programs of other projects in pinned versions, once per machine, into a cache folder of the user. A program is
 * `missing`, with the reason, if its language is not installed; a failed installation rejects.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readFile, rename, rm, symlink } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Found } from '../../helpers/skipped-suites.ts';

const run = promisify(execFile);
const OUTPUT_BYTES = 64 * 1024 * 1024;

/**
 * Returns a folder of the cache, which `make` fills if it does not exist. The folder is a link, created at the end, so that an
 * interrupted or parallel installation leaves no incomplete folder, and programs that contain their own path are not moved.
 */
async function cached(name: string, make: (folder: string) => Promise<void>): Promise<string> {
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'mcp-on-lambda');
  const link = join(cache, name);
  if (existsSync(link)) return link;
  await mkdir(cache, { recursive: true });
  const folder = await mkdtemp(`${link}-`);
  try {
    await make(folder);
    const made = `${folder}.link`;
    await symlink(folder, made);
    await rename(made, link);
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
  return link;
}

async function works(command: string, ...args: string[]): Promise<boolean> {
  return run(command, args).then(
    () => true,
    () => false,
  );
}

/** Python programs of a requirements.txt with hashes. Returns the folder of the programs. `command` runs the suite. */
export async function pythonPrograms(
  name: string,
  requirements: URL,
  command: string,
): Promise<Found<string>> {
  // Debian has venv without ensurepip until python3-venv is installed.
  if (!(await works('python3', '-c', 'import ensurepip, venv, sys; assert sys.version_info >= (3, 11)')))
    return {
      missing: `There is no Python 3.11 or newer with venv, so ${name} was not installed. Install Python, then: ${command}`,
    };
  const file = fileURLToPath(requirements);
  const digest = createHash('sha256')
    .update(await readFile(file))
    .digest('hex');
  const folder = await cached(`${name}-${digest.slice(0, 12)}`, async made => {
    await run('python3', ['-m', 'venv', made]);
    const pip = [
      '-m',
      'pip',
      'install',
      '--quiet',
      '--disable-pip-version-check',
      '--require-hashes',
      '-r',
      file,
    ];
    await run(join(made, 'bin/python'), pip, { maxBuffer: OUTPUT_BYTES });
  });
  return { found: join(folder, 'bin') };
}

/** Installs the npm packages of a folder's package-lock.json. Returns a folder that has them in node_modules. */
export async function npmPackages(name: string, folder: URL): Promise<string> {
  const lock = await readFile(new URL('package-lock.json', folder));
  const digest = createHash('sha256').update(lock).digest('hex').slice(0, 12);
  return cached(`${name}-${digest}`, async made => {
    for (const file of ['package.json', 'package-lock.json'])
      await copyFile(new URL(file, folder), join(made, file));
    await run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: made });
  });
}

/** A program of a Go module. */
export interface GoModule {
  /** Name of the program. */
  program: string;
  module: string;
  /** For example `v1.12.6`. */
  version: string;
  /** Folder of the program's `main` below the module. */
  main: string;
  /** Runs the suite that needs it. */
  command: string;
}

/** A Go program. `go install` refuses modules with a `replace`; this builds within the module. Returns the program's path. */
export async function goProgram({
  program,
  module,
  version,
  main,
  command,
}: GoModule): Promise<Found<string>> {
  if (!(await works('go', 'version')))
    return {
      missing: `There is no Go, so ${program} ${version} was not built. Install Go (https://go.dev/dl/), then: ${command}`,
    };
  const folder = await cached(`${program}-${version}`, async made => {
    // Outside a module, because go would look for a go.mod.
    const { stdout } = await run('go', ['mod', 'download', '-json', `${module}@${version}`], { cwd: made });
    const { Dir } = JSON.parse(stdout) as { Dir: string };
    const build = ['build', '-trimpath', '-o', join(made, program), `./${main}`];
    await run('go', build, { cwd: Dir, maxBuffer: OUTPUT_BYTES });
  });
  return { found: join(folder, program) };
}
