/**
 * Builds AWS's own Lambda runtime core from the Go module proxy: aws-lambda-rie, the official emulator, and aws-control, the core with
 * a control plane (main.go). Builds once per version, into a cache folder of the user. Needs Go, and takes 30 s.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Found } from '../../../helpers/skipped-suites.ts';

const MODULE = 'github.com/aws/aws-lambda-runtime-interface-emulator';
/** The commit of 30 October 2026. */
export const CORE_VERSION = 'v0.0.0-20261030222936-bef5c4ba774d';
const MAIN = fileURLToPath(new URL('main.go', import.meta.url));

/** Paths of the programs. */
export interface AwsRuntimeCore {
  /** The official emulator, as AWS distributes it. */
  rie: string;
  /** The core with the control plane of main.go, for control-plane.ts. */
  control: string;
}

const run = promisify(execFile);

/** Returns the programs, and builds them if they are not in the cache; `missing` without Go. Rejects if the build fails. */
export async function findAwsRuntimeCore(): Promise<Found<AwsRuntimeCore>> {
  const go = await run('go', ['version']).then(Boolean, () => false);
  if (!go)
    return {
      missing:
        'There is no Go on this machine, so AWS’s runtime core was not built. Install Go 1.25 or newer, then: npm run test:runtime-api',
    };
  const folder = await cacheFolder();
  if (!existsSync(folder)) await build(folder);
  return { found: { rie: join(folder, 'aws-lambda-rie'), control: join(folder, 'aws-control') } };
}

/** Returns the cache folder for this version of the module and of main.go. */
async function cacheFolder(): Promise<string> {
  const digest = createHash('sha256')
    .update(await readFile(MAIN))
    .digest('hex')
    .slice(0, 12);
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  return join(cache, 'mcp-on-lambda', `aws-runtime-core-${CORE_VERSION}-${digest}`);
}

async function build(folder: string): Promise<void> {
  await mkdir(join(folder, '..'), { recursive: true });
  const work = await mkdtemp(`${folder}-`);
  try {
    // Outside a module, because `go` would look for a go.mod in this folder.
    const { stdout } = await run('go', ['mod', 'download', '-json', `${MODULE}@${CORE_VERSION}`], {
      cwd: work,
    });
    const source = join(work, 'source');
    await cp((JSON.parse(stdout) as { Dir: string }).Dir, source, { recursive: true });
    // Go's module cache is read-only.
    await run('chmod', ['-R', 'u+w', source]);
    const main = join(source, 'cmd/aws-control');
    await mkdir(main);
    await cp(MAIN, join(main, 'main.go'));
    const programs = join(work, 'programs');
    await mkdir(programs);
    // Without cgo, because aws-lambda-rie also runs in images with another C library.
    const env = { ...process.env, CGO_ENABLED: '0' };
    await run('go', ['build', '-o', programs, './cmd/aws-lambda-rie', './cmd/aws-control'], {
      cwd: source,
      env,
    });
    // Atomic, so that an interrupted or a parallel build leaves no incomplete folder.
    await rename(programs, folder).catch(error => {
      if (!existsSync(folder)) throw error;
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}
