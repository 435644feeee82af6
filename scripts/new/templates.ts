/** The files that `npm run new` writes. */
import { readFileSync } from 'node:fs';

export interface Names {
  /** `rate-limits` */
  name: string;
  /** `rateLimits` */
  factory: string;
}

/** A server with its test. */
export interface NewServer {
  /** The module that app/routes.ts imports. */
  module: string;
  /** Path → text. */
  files: Record<string, string>;
}

/** Returns a server in one file. */
export function server(names: Names): NewServer {
  const module = `./servers/${names.name}.ts`;
  return { module, files: { [`app/${module.slice(2)}`]: serverText(names), ...testOf(names, module) } };
}

/** Returns a server in a folder, with an MCP App. */
export function serverWithApp(names: Names): NewServer {
  const folder = `./servers/${names.name}`;
  const module = `${folder}/${names.name}.ts`;
  const files = {
    [`app/${module.slice(2)}`]: serverWithAppText(names),
    [`app/${folder.slice(2)}/app.html`]: readFileSync(new URL('app.html', import.meta.url), 'utf8'),
    ...testOf(names, module, appTest(names)),
  };
  return { module, files };
}

const SCHEMAS = `  description: 'Greets a person by name.',
  inputSchema: z.object({ name: z.string().trim().min(1).describe('Name of the person.') }),
  outputSchema: z.object({ greeting: z.string() }),
  annotations: { readOnlyHint: true },`;

const TOOL = `  server.registerTool('greet', GREET, ({ name }) => {
    const greeting = \`Hello, \${name}.\`;
    return { content: [{ type: 'text', text: greeting }], structuredContent: { greeting } };
  });`;

function serverText({ name, factory }: Names): string {
  return `import { McpServer } from '@modelcontextprotocol/server';
import * as z from 'zod';

// Schemas are built once, when the module is loaded; the server below is created for every request.
const GREET = {
${SCHEMAS}
};

export function ${factory}(): McpServer {
  const server = new McpServer({ name: '${name}', version: '0.1.0' });
${TOOL}
  return server;
}
`;
}

function serverWithAppText({ name, factory }: Names): string {
  return `import { McpServer } from '@modelcontextprotocol/server';
import * as z from 'zod';
import app from './app.html';

// Clients with MCP Apps show the result of greet in this page, in a sandbox. Other hosts that it loads something from are
// declared here: _meta: { ui: { csp: { connectDomains: ['https://api.example.com'] } } }
const APP = { uri: 'ui://${name}/app', mimeType: 'text/html;profile=mcp-app', text: app };

// Schemas are built once, when the module is loaded; the server below is created for every request.
const GREET = {
${SCHEMAS}
  _meta: { ui: { resourceUri: APP.uri } },
};

export function ${factory}(): McpServer {
  const server = new McpServer({ name: '${name}', version: '0.1.0' });
${TOOL}
  server.registerResource('app', APP.uri, { mimeType: APP.mimeType }, () => ({ contents: [APP] }));
  return server;
}
`;
}

function testOf({ name, factory }: Names, module: string, more = ''): Record<string, string> {
  return {
    [`test/servers/${name}.test.ts`]: `import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { Hono } from 'hono';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { mcp } from '#framework';
import { ${factory} } from '../../app/${module.slice(2)}';

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
${more}`,
  };
}

function appTest({ name }: Names): string {
  return `
test('greet has an app, which loads nothing from other hosts', async () => {
  const { tools } = await client.listTools();
  expect(tools[0]?._meta).toEqual({ ui: { resourceUri: 'ui://${name}/app' } });
  const { contents } = await client.readResource({ uri: 'ui://${name}/app' });
  expect(contents).toMatchObject([{ mimeType: 'text/html;profile=mcp-app' }]);
  expect(JSON.stringify(contents)).not.toMatch(/(src|href|url)\\W{1,3}https?:/);
});
`;
}
