/**
 * `npm run new -- server NAME`: writes app/servers/NAME.ts with one typed tool and its test, and mounts it at /NAME in
 * app/routes.ts. Overwrites nothing.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Script } from 'node:vm';
import { type Mount, MountError, mountRoute } from './new/mount-route.ts';

const USAGE =
  'Usage: npm run new -- server NAME, where NAME has lower-case letters, digits and single hyphens, at most 40 characters.';
const ROUTES = 'app/routes.ts';
const root = fileURLToPath(new URL('..', import.meta.url));

/** Names that the generated files use for something else. */
const TAKEN = ['afterAll', 'app', 'beforeAll', 'client', 'expect', 'fetch', 'mcp', 'routes', 'test', 'z'];

interface Names {
  /** `rate-limits` */
  file: string;
  /** `rateLimits` */
  factory: string;
}

function serverText({ file, factory }: Names): string {
  return `import { McpServer } from '@modelcontextprotocol/server';
import * as z from 'zod';

// Schemas are built once, when the module is loaded; the server below is created for every request.
const GREET = {
  description: 'Greets a person by name.',
  inputSchema: z.object({ name: z.string().trim().min(1).describe('Name of the person.') }),
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

function testText({ file, factory }: Names): string {
  return `import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { Hono } from 'hono';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { mcp } from '#framework';
import { ${factory} } from '../../app/servers/${file}.ts';

/** A real MCP client, connected to the server without a network. */
const client = new Client({ name: 'test', version: '1.0.0' }, { versionNegotiation: { mode: 'auto' } });
beforeAll(async () => {
  const app = new Hono().route('/mcp', mcp(${factory}, { auth: 'none' }));
  const fetch = async (url: string | URL, init?: RequestInit) => app.request(new Request(url, init));
  await client.connect(new StreamableHTTPClientTransport(new URL('http://localhost/mcp'), { fetch }));
});
afterAll(() => client.close());

test('greet returns a greeting', async () => {
  const { structuredContent } = await client.callTool({ name: 'greet', arguments: { name: 'Ada' } });
  expect(structuredContent).toEqual({ greeting: 'Hello, Ada.' });
});

test('greet rejects an empty name', async () => {
  const { isError } = await client.callTool({ name: 'greet', arguments: { name: ' ' } });
  expect(isError).toBe(true);
});
`;
}

/** Returns the names for a server; throws if the name is not usable. */
function namesFor(name: string): Names {
  if (name.length > 40 || !/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name)) {
    throw new Error(`"${name}" is not a valid name.\n${USAGE}`);
  }
  const factory = name.replaceAll(/-([a-z0-9])/g, (_match, letter: string) => letter.toUpperCase());
  if (TAKEN.includes(factory) || !isIdentifier(factory)) {
    throw new Error(`"${name}" has another meaning in the code. Choose another name.\n${USAGE}`);
  }
  return { file: name, factory };
}

/** False for reserved words, such as `class` and `new`. */
function isIdentifier(name: string): boolean {
  try {
    new Script(`'use strict'; function ${name}() {}`);
    return true;
  } catch {
    return false;
  }
}

/** Writes the server and its test. Throws, without writing, if one of them exists. */
function writeFiles(names: Names): string[] {
  const files = {
    [`app/servers/${names.file}.ts`]: serverText(names),
    [`test/servers/${names.file}.test.ts`]: testText(names),
  };
  const existing = Object.keys(files).filter(file => existsSync(join(root, file)));
  if (existing.length > 0) throw new Error(`${existing.join(' and ')} exists. Nothing was changed.`);
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text, { flag: 'wx' });
  }
  return Object.keys(files);
}

/** Changes app/routes.ts; returns what to do by hand if it cannot. */
function mountInRoutes({ factory, module, path }: Mount): string | undefined {
  const routes = join(root, ROUTES);
  try {
    if (!existsSync(routes)) throw new MountError('it does not exist');
    writeFileSync(routes, mountRoute(readFileSync(routes, 'utf8'), { factory, module, path }));
    return undefined;
  } catch (error) {
    if (!(error instanceof MountError)) throw error;
    return `${ROUTES} was not changed, because ${error.message}. Mount the server by hand:
  import { mcp } from '#framework';
  import { ${factory} } from '${module}';
  .route('${path}', mcp(${factory}))
`;
  }
}

try {
  const [kind, name, ...surplus] = process.argv.slice(2);
  if (kind !== 'server' || !name || surplus.length > 0) throw new Error(USAGE);
  const names = namesFor(name);
  for (const file of writeFiles(names)) process.stdout.write(`wrote    ${file}\n`);
  const mount = { factory: names.factory, module: `./servers/${name}.ts`, path: `/${name}` };
  const byHand = mountInRoutes(mount);
  if (byHand) {
    process.stderr.write(byHand);
    process.exitCode = 1;
  } else {
    process.stdout.write(`mounted  /${name} in ${ROUTES}\n\nTry it: npm start, then\n`);
    process.stdout.write(`  npm run call -- http://localhost:8080/${name} greet '{"name":"Ada"}'\n`);
  }
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 2;
}
