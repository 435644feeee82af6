/**
 * The container engine of this machine, Docker or Podman (`CONTAINER_ENGINE` overrides it), and the base image.
 *
 * If no registry is reachable, a fake base image gets the name of the real one, so that the Dockerfile is built unchanged: a minimal
 * Debian, created by mmdebstrap, with this machine's npm and the packaged Node. It is created once and kept.
 */
import { execFile, spawn } from 'node:child_process';
import { copyFile, cp, mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { packagedNode } from '../../scripts/packaged-node.mjs';
import { ProjectCopy } from './project-copy.ts';
import type { Found } from './skipped-suites.ts';

const run = promisify(execFile);
/** PATH with the machine's own node and npm, not those of this repository. */
const OWN_TOOLS = {
  env: {
    ...process.env,
    PATH: (process.env.PATH ?? '')
      .split(':')
      .filter(entry => !entry.includes('node_modules'))
      .join(':'),
  },
};
const MAX_OUTPUT = { maxBuffer: 64 * 1024 * 1024 };

export const BASE = 'docker.io/library/node:26-bookworm-slim';

export interface Engine {
  name: 'docker' | 'podman';
  /** Arguments of `run` that are required on this machine. */
  runFlags: string[];
  /** Runs the engine and returns its stdout. Rejects with its error output. */
  run(...args: string[]): Promise<string>;
}

/** Returns the engine that works here, or the reason why there is none. */
export async function findEngine(): Promise<Found<Engine>> {
  const wanted = process.env.CONTAINER_ENGINE;
  const problems: string[] = [];
  for (const name of ['docker', 'podman'] as const) {
    if (wanted && wanted !== name) continue;
    const problem = await run(name, ['info']).then(() => undefined, whyNot);
    if (problem === undefined) return { found: await engineOf(name) };
    problems.push(`${name}: ${problem}`);
  }
  return {
    missing: `No container engine works on this machine (${problems.join('; ')}). Install or start Docker or Podman, then: npm run test:image`,
  };
}

function whyNot(error: { code?: unknown; stderr?: string; message: string }): string {
  if (error.code === 'ENOENT') return 'not on PATH';
  const lines = (error.stderr || error.message).trim().split('\n');
  return lines.at(-1)?.trim() ?? '';
}

async function engineOf(name: Engine['name']): Promise<Engine> {
  const engineRun = async (...args: string[]): Promise<string> => (await run(name, args, MAX_OUTPUT)).stdout;
  if (name === 'docker') return { name, runFlags: [], run: engineRun };
  const runc = await present('/usr/sbin/runc');
  // crun does not support mixed cgroups, and the default limits need a capability that CI containers do not have.
  const limits = ['--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=1000:1000'];
  const global = runc ? ['--runtime', '/usr/sbin/runc'] : [];
  return { name, runFlags: limits, run: (...args) => engineRun(...global, ...args) };
}

/** Builds the Dockerfile of this project, unchanged, under `tag`, from a copy of the project whose app is the fixture app. */
export async function buildImage(engine: Engine, tag: string): Promise<void> {
  await provideBase(engine);
  using context = new ProjectCopy();
  const podman = ['--isolation', 'chroot', '--pull=never', '--format', 'docker', '--layers'];
  const docker = ['--provenance=false', '--sbom=false'];
  await loud(engine.name, [
    'build',
    ...(engine.name === 'podman' ? podman : docker),
    '-t',
    tag,
    context.folder,
  ]);
}

async function provideBase(engine: Engine): Promise<void> {
  const has = (image: string) => engine.run('image', 'inspect', image).then(Boolean, () => false);
  if (await has(BASE)) return;
  const pulled = await engine.run('pull', BASE).then(Boolean, () => false);
  if (!pulled) await makeFakeBase(engine);
}

async function makeFakeBase(engine: Engine): Promise<void> {
  console.warn(`No registry can be reached for ${BASE}: a fake base image is built instead.`);
  const folder = await mkdtemp(join(tmpdir(), 'base-'));
  try {
    const tar = join(folder, 'debian.tar');
    await run(
      'mmdebstrap',
      ['--quiet', '--variant=minbase', '--include=ca-certificates,libatomic1', 'bookworm', tar],
      MAX_OUTPUT,
    );
    await engine.run('import', tar, 'localhost/fake-base');
    await cp(await npmPackage(), join(folder, 'npm'), { recursive: true, dereference: true });
    await copyFile(packagedNode('For the base image'), join(folder, 'node'));
    await cp(await nodeHeaders(), join(folder, 'include'), { recursive: true, dereference: true });
    await mkdir(join(folder, 'certs'));
    const bundle = process.env.NODE_EXTRA_CA_CERTS; // For a network with its own CA.
    if (bundle) await copyFile(bundle, join(folder, 'certs/ca-certificates.crt'));
    await writeFile(join(folder, 'Dockerfile'), FAKE_BASE);
    const isolation = engine.name === 'podman' ? ['--isolation', 'chroot', '--pull=never'] : [];
    await engine.run('build', ...isolation, '-t', BASE, folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

const FAKE_BASE = `FROM localhost/fake-base
COPY node /usr/local/bin/node
COPY npm /usr/local/lib/node_modules/npm
COPY include /usr/local/include/node
COPY certs /etc/ssl/certs
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm
ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt
`;

/**
 * Returns the folder of the npm on PATH, which npm passes to every command that it runs. It does not use `npm root -g`, which depends
 * on the first node on PATH, and in a script that is the node of a package.
 */
async function npmPackage(): Promise<string> {
  const { stdout } = await run('npm', ['exec', '-c', 'node -p process.env.npm_execpath']);
  return join(dirname(stdout.trim()), '..');
}

/** Returns the headers of any Node version, because the native part uses Node-API, which is stable across versions. */
async function nodeHeaders(): Promise<string> {
  const { stdout: node } = await run('sh', ['-c', 'command -v node'], OWN_TOOLS);
  for (const prefix of [
    process.env.npm_config_nodedir,
    dirname(dirname(node.trim())),
    '/usr',
    '/usr/local',
  ]) {
    const headers = join(prefix ?? '/', 'include/node');
    if (prefix && (await present(join(headers, 'node_api.h')))) return headers;
  }
  throw new Error('Node’s headers are nowhere on this machine, so no fake base image can be built.');
}

async function present(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}

/** Runs a command. Rejects with its output if it fails. */
function loud(command: string, args: string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', chunk => (output += chunk));
    child.once('error', reject);
    child.once('exit', code =>
      code === 0 ? resolve() : reject(new Error(`${command} ${args[0]} failed:\n${output.slice(-4000)}`)),
    );
  });
}
