/** The rows of the benchmark: the floor, this project, and its peers with the same tool. */
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { V8_FLAGS } from '../../app/framework/lambda/v8-flags.ts';
import { v2Event } from '../../test/helpers/events.ts';
import { modernHeaders, modernRequest } from '../../test/helpers/json-rpc.ts';
import { DIST } from '../../test/helpers/local-lambda.ts';
import { ProjectCopy } from '../../test/helpers/project-copy.ts';
import type { Subject } from './measure.ts';

export type Era = 'modern' | 'legacy';

export interface Row {
  name: string;
  subject: Subject;
  /** Files that make up the function, without the Runtime Interface Client. */
  files: readonly string[];
  /** The era of its call; undefined where nothing is called. */
  era?: Era;
}

const here = fileURLToPath(new URL('.', import.meta.url));
/** As it is installed: of the floor and of the peers. */
const client = fileURLToPath(import.meta.resolve('aws-lambda-ric'));

const FLOOR = `export const stream = awslambda.streamifyResponse(async (event, stream) => {
  stream.write('{}');
  stream.end();
});
`;

/** A tool call whose arguments fail the schema, so that no upstream is called. */
const params = { name: 'lookup', arguments: { term: '' } };
const EVENTS: Record<Era, string> = {
  modern: event(modernRequest('tools/call', params), modernHeaders('tools/call', params)),
  legacy: event({ jsonrpc: '2.0', id: 1, method: 'tools/call', params }, {}),
};

export function floor(folder: string): Row {
  const file = join(folder, 'floor.mjs');
  writeFileSync(file, FLOOR);
  return {
    name: 'floor: the client and {}',
    files: [file],
    subject: {
      command: [process.execPath, client],
      taskRoot: folder,
      handler: 'floor.stream',
      payload: '{}',
      expected: '{}',
    },
  };
}

/** The fixture app, as the image would run it. */
export function ours(folder = DIST, name = 'mcp-on-lambda', extra: readonly string[] = []): Row[] {
  const parts = ['entry.mjs', 'handler.mjs', 'bundle.cjs', 'bundle.cache'];
  const files = [...parts.map(part => join(folder, part)), ...extra];
  const eras: [string, Era][] = [
    [`${name}, 2026-07-28`, 'modern'],
    [`${name}, 2025-11-25`, 'legacy'],
  ];
  return eras.map(([name, era]) => ({
    name,
    files,
    era,
    subject: {
      command: [process.execPath, ...V8_FLAGS, join(folder, 'entry.mjs')],
      taskRoot: folder,
      handler: 'handler.stream',
      payload: EVENTS[era],
      expected: 'nput validation error',
    },
  }));
}

/** The same function, called once with many terms. */
export function compareSubject({ subject }: Row, terms: readonly string[]): Subject {
  const many = { name: 'lookup_many', arguments: { terms } };
  const payload = event(modernRequest('tools/call', many), modernHeaders('tools/call', many));
  return { ...subject, payload, expected: terms.at(-1) ?? '' };
}

interface Peer {
  name: string;
  /** Name of its file, and what it exports. */
  handler: string;
  era: Era;
  expected?: string;
  /** Other files that it needs. */
  extra?: readonly string[];
}

const PEERS: readonly Peer[] = [
  { name: 'SDK v1 on Hono', handler: 'sdk-v1.stream', era: 'legacy' },
  { name: 'mcp-handler on Hono, 2026-07-28', handler: 'mcp-handler.stream', era: 'modern' },
  { name: 'mcp-handler on Hono, 2025-11-25', handler: 'mcp-handler.stream', era: 'legacy' },
  { name: 'FastMCP (edge) on Hono’s adapter', handler: 'fastmcp.stream', era: 'legacy', expected: 'error' },
  { name: 'awslabs’ adapter, stdio', handler: 'awslabs.buffered', era: 'legacy', extra: ['stdio-server'] },
];

/** Installs the peers where they are not, and bundles each as one would: one minified file. */
export async function peers(folder: string): Promise<Row[]> {
  const sources = join(here, 'peers');
  const lock = readFileSync(join(sources, 'package-lock.json'), 'utf8');
  const installed = join(sources, 'node_modules/.package-lock.json');
  if (
    !existsSync(installed) ||
    statSync(installed).mtimeMs < statSync(join(sources, 'package-lock.json')).mtimeMs
  ) {
    process.stderr.write(`Installing the peers (${lock.match(/"node_modules\//g)?.length} packages)…\n`);
    execFileSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
      cwd: sources,
      stdio: 'inherit',
    });
  }
  return Promise.all(PEERS.map(peer => bundled(peer, sources, folder)));
}

async function bundled(
  { name, handler, era, expected = 'nput validation error', extra = [] }: Peer,
  sources: string,
  folder: string,
): Promise<Row> {
  const [module = ''] = handler.split('.');
  const taskRoot = join(folder, module);
  mkdirSync(taskRoot, { recursive: true });
  await build({
    absWorkingDir: sources,
    entryPoints: [module, ...extra].map(file => `${file}.mjs`),
    outdir: taskRoot,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    minify: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    // Schema libraries that FastMCP's knows and this tool does not use.
    external: ['effect', 'sury', '@valibot/to-json-schema'],
    banner: {
      js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
    },
    logLevel: 'error',
  });
  return {
    name,
    files: readdirSync(taskRoot).map(file => join(taskRoot, file)),
    era,
    subject: { command: [process.execPath, client], taskRoot, handler, payload: EVENTS[era], expected },
  };
}

/** Where Go is installed: a program without a runtime and without an MCP library, the lower bound of this call. */
export function inGo(folder: string): Row[] {
  const program = join(folder, 'in-go');
  try {
    execFileSync(
      'go',
      ['build', '-trimpath', '-ldflags=-s -w', '-o', program, join(here, 'peers/go/main.go')],
      {
        env: { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-mod=mod' },
        stdio: ['ignore', 'ignore', 'pipe'],
      },
    );
  } catch (error) {
    const { code, stderr } = error as { code?: string; stderr?: Buffer };
    process.stderr.write(`No row in Go: ${code === 'ENOENT' ? 'go is not installed' : stderr}\n`);
    return [];
  }
  const [payload, expected] = [EVENTS.modern, 'nput validation error'];
  const subject = { command: [program] as const, taskRoot: folder, handler: 'in-go', payload, expected };
  return [{ name: 'Go, its standard library alone', files: [program], subject }];
}

/** The stdio server that awslabs' adapter gets, as a route of ours. */
export async function oursWithStdio(folder: string): Promise<Row[]> {
  const program = join(folder, 'awslabs/stdio-server.mjs');
  return ours(buildStdio(program, join(folder, 'ours-stdio')), 'mcp-on-lambda, stdio', [program]);
}

/** Builds an app whose only route is a program for Node behind `mcpStdio`. `env` is an expression. Returns the folder of the build. */
export function buildStdio(program: string, folder: string, env = '{}'): string {
  const routes = `import { tmpdir } from 'node:os';
import { Hono } from 'hono';
import { mcpStdio } from '#framework';
const program = { command: process.execPath, args: [${JSON.stringify(program)}], env: ${env} };
export const routes = new Hono().route('/mcp', mcpStdio(program));
`;
  return builtWith(routes, folder);
}

/** The fixture app with the option `reuse`. */
export function oursReusing(folder: string): Row[] {
  const routes = `import { Hono } from 'hono';
import { mcp } from '#framework';
import { glossary } from './servers/glossary.ts';
export const routes = new Hono().route('/mcp', mcp(glossary, { reuse: true }));
`;
  return ours(builtWith(routes, join(folder, 'ours-reusing')), 'mcp-on-lambda, reuse');
}

/** Builds the fixture app with other routes into `folder`, and returns it. */
function builtWith(routes: string, folder: string): string {
  using project = new ProjectCopy();
  project.write('app/routes.ts', routes);
  execFileSync(process.execPath, ['scripts/build/build.ts'], { cwd: project.folder, stdio: 'inherit' });
  renameSync(join(project.folder, 'dist'), folder);
  return folder;
}

/** Of all its files, in kB. */
export function bundleKb({ files }: Row): number {
  return files.reduce((sum, file) => sum + statSync(file).size, 0) / 1000;
}

function event(message: object, headers: Record<string, string>): string {
  const made = v2Event({ method: 'POST', path: '/mcp', body: JSON.stringify(message) }) as {
    headers: object;
  };
  return JSON.stringify({
    ...made,
    headers: { ...made.headers, accept: 'application/json, text/event-stream', ...headers },
  });
}
