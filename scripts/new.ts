/**
 * `npm run new -- server <name>`: writes app/servers/<name>.ts with one typed tool, its test, and mounts it at /<name>
 * in app/routes.ts. Nothing that exists is overwritten.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Script } from 'node:vm';

const USAGE =
  'Usage: npm run new -- server <name>, where the name is of lower-case letters, digits and hyphens.\n';
const FORMATTER = 'node_modules/@biomejs/biome/bin/biome';
const root = fileURLToPath(new URL('..', import.meta.url));

/** Names that the files written here, or app/routes.ts, have for something else. */
const TAKEN = ['afterAll', 'app', 'beforeAll', 'client', 'expect', 'fetch', 'mcp', 'routes', 'test', 'z'];

interface Names {
  /** `rate-limits` */
  file: string;
  /** `rateLimits` */
  factory: string;
}

function server({ file, factory }: Names): string {
  return `/** Greets people: an example of a typed tool, to be replaced. */
import { McpServer } from '@modelcontextprotocol/server';
import * as z from 'zod';

// Schemas are built once, when the module is loaded: the server below is made anew for every request.
const GREET = {
  description: 'Greets somebody.',
  inputSchema: z.object({ name: z.string().trim().min(1).describe('Whom.') }),
  outputSchema: z.object({ greeting: z.string() }),
  annotations: { readOnlyHint: true },
};

export function ${factory}(): McpServer {
  const server = new McpServer({ name: '${file}', version: '0.1.0' });
  server.registerTool('greet', GREET, ({ name }) => {
    const greeting = \`Hello, \${name}.\`;
    return { content: [{ type: 'text', text: greeting }], structuredContent: { greeting } };
  });
  return server;
}
`;
}

function test({ file, factory }: Names): string {
  return `import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { Hono } from 'hono';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { mcp } from '../../app/framework/mcp/mcp.ts';
import { ${factory} } from '../../app/servers/${file}.ts';

/** A real client, which meets the server without a network in between. */
const client = new Client({ name: 'test', version: '0' }, { versionNegotiation: { mode: 'auto' } });
beforeAll(async () => {
  const app = new Hono().route('/mcp', mcp(${factory}, { auth: async () => undefined }));
  const fetch = async (url: string | URL, init?: RequestInit) => app.request(new Request(url, init));
  await client.connect(new StreamableHTTPClientTransport(new URL('http://localhost/mcp'), { fetch }));
});
afterAll(() => client.close());

test('greets by name', async () => {
  const { structuredContent } = await client.callTool({ name: 'greet', arguments: { name: 'Ada' } });
  expect(structuredContent).toEqual({ greeting: 'Hello, Ada.' });
});

test('refuses an empty name', async () => {
  const { isError } = await client.callTool({ name: 'greet', arguments: { name: ' ' } });
  expect(isError).toBe(true);
});
`;
}

/** `text` of app/routes.ts with the server imported and mounted; throws when it is not as it was written. */
function mounted(text: string, { file, factory }: Names): string {
  const line = `import { ${factory} } from './servers/${file}.ts';`;
  const imports = [...text.matchAll(/^import .*;$/gm)];
  const after = imports.findLast(
    ([found]) => found.slice(found.indexOf(' from ')) < line.slice(line.indexOf(' from ')),
  );
  const routes = /(export const routes = [^;]*)(;)/;
  if (!after || !routes.test(text) || !/\bmcp\b/.test(text)) {
    throw new Error(
      `app/routes.ts is not as expected. Mount it yourself: .route('/${file}', mcp(${factory}))`,
    );
  }
  const end = after.index + after[0].length;
  const imported = `${text.slice(0, end)}\n${line}${text.slice(end)}`;
  return imported.replace(routes, `$1\n  .route('/${file}', mcp(${factory}))$2`);
}

function namesOf(name: string): Names {
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name)) throw new Error(`"${name}" will not do.\n${USAGE}`);
  const factory = name.replaceAll(/-([a-z0-9])/g, (_match, letter: string) => letter.toUpperCase());
  if (TAKEN.includes(factory) || !isIdentifier(factory)) {
    throw new Error(`"${name}" means something in the code already. Take another name.\n${USAGE}`);
  }
  return { file: name, factory };
}

/** Not `class` or `new`, for example. */
function isIdentifier(name: string): boolean {
  try {
    new Script(`'use strict'; function ${name}() {}`);
    return true;
  } catch {
    return false;
  }
}

function create(names: Names): string[] {
  const files = {
    [`app/servers/${names.file}.ts`]: server(names),
    [`test/servers/${names.file}.test.ts`]: test(names),
  };
  const taken = Object.keys(files).filter(file => existsSync(join(root, file)));
  if (taken.length > 0) throw new Error(`${taken.join(' and ')} is there already; nothing was changed.`);
  const routes = join(root, 'app/routes.ts');
  const changed = mounted(readFileSync(routes, 'utf8'), names);
  mkdirSync(join(root, 'test/servers'), { recursive: true });
  for (const [file, text] of Object.entries(files)) writeFileSync(join(root, file), text, { flag: 'wx' });
  writeFileSync(routes, changed);
  const { status } = spawnSync(
    process.execPath,
    [FORMATTER, 'check', '--write', ...Object.keys(files), 'app/routes.ts'],
    { cwd: root },
  );
  if (status !== 0) process.stdout.write('Not formatted yet: npm run format\n');
  return Object.keys(files);
}

try {
  const [what, name, ...surplus] = process.argv.slice(2);
  if (what !== 'server' || !name || surplus.length > 0) throw new Error(USAGE);
  const names = namesOf(name);
  for (const file of create(names)) process.stdout.write(`wrote    ${file}\n`);
  process.stdout.write(`mounted  /${name} in app/routes.ts\n\nTry it: npm start, then\n`);
  process.stdout.write(`  npm run call -- http://localhost:8080/${name} greet '{"name":"Ada"}'\n`);
} catch (error) {
  process.stderr.write(`${(error as Error).message.trimEnd()}\n`);
  process.exitCode = 2;
}
