/** The bundle contains the framework code that the routes use, and no other; the build serves it. */
import { execFile } from 'node:child_process';
import { readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { CLIENTS } from '../../../helpers/clients.ts';
import { DIST, ROOT, startDist, TEST_PACKAGES } from '../../../helpers/local-lambda.ts';
import { ProjectCopy } from '../../../helpers/project-copy.ts';

/** Texts of mcpStdio, mcpV1 and mcpGateway, and of the client that they use, which minifying keeps. */
const MARKS = {
  mcpStdio: 'could not be started',
  gateway: 'is omitted: ',
  upstream: 'a request to a server failed: ',
  client: 'StdioClientTransport',
};

const ROUTES = `
import { createServer } from '@modelcontextprotocol/server-everything/dist/server/index.js';
import { Hono } from 'hono';
import { mcp, mcpGateway, mcpStdio, mcpV1 } from '#framework';
import { glossary } from './servers/glossary.ts';

const program = {
  command: process.execPath,
  args: ['${TEST_PACKAGES}/@modelcontextprotocol/server-everything/dist/index.js'],
};
export const routes = new Hono()
  .route('/mcp', mcp(glossary))
  .route('/hooked/mcp', mcp(glossary, {
    onToolCall: async (_ctx, { name }, next) => ({ ...(await next()), _meta: { hooked: name } }),
  }))
  .route('/limited/mcp', mcp(glossary, { limits: { perCaller: { calls: 2, seconds: 86_400, parallel: 1 } } }))
  .route('/stdio/mcp', mcpStdio(program))
  .route('/v1/mcp', mcpV1(() => createServer().server))
  .route('/all/mcp', mcpGateway({ glossary, program }));
`;

/** Adds server-everything to the packages of the copy, as npm install would. */
function installEverything(copy: ProjectCopy): void {
  symlinkSync(join(ROOT, 'test/node_modules'), join(copy.folder, 'app/node_modules'));
  const ofTests = JSON.parse(readFileSync(join(ROOT, 'test/packages/package-lock.json'), 'utf8'));
  const lock = JSON.parse(copy.read('package-lock.json'));
  lock.packages = { ...ofTests.packages, ...lock.packages };
  copy.write('package-lock.json', JSON.stringify(lock));
}

test('the fixture’s bundle does not contain the kinds of servers that it does not use', () => {
  const bundle = readFileSync(join(DIST, 'bundle.cjs'), 'utf8');
  for (const [name, mark] of Object.entries(MARKS)) expect(bundle.includes(mark), name).toBe(false);
});

/** By file next to the bundle, a text of the code that is loaded on first use. */
const ON_USE = {
  'tool-call-hook.cjs': 'onToolCall failed',
  'server-reuse.cjs': 'needs a factory that returns an McpServer',
  'limits.cjs': 'Too many calls',
};

test('code that a route loads on first use is in a file next to the bundle', () => {
  const bundle = readFileSync(join(DIST, 'bundle.cjs'), 'utf8');
  for (const [file, mark] of Object.entries(ON_USE)) {
    expect(bundle.includes(mark), file).toBe(false);
    expect(readFileSync(join(DIST, file), 'utf8').includes(mark), file).toBe(true);
  }
});

test('a build with all kinds of servers contains their code and serves them', async () => {
  using copy = new ProjectCopy();
  copy.write('app/routes.ts', ROUTES);
  installEverything(copy);
  await promisify(execFile)(process.execPath, ['scripts/build/build.ts'], { cwd: copy.folder });
  const bundle = copy.read('dist/bundle.cjs');
  for (const [name, mark] of Object.entries(MARKS)) expect(bundle.includes(mark), name).toBe(true);

  for (const mark of Object.values(ON_USE)) expect(bundle.includes(mark), mark).toBe(false);

  await using lambda = await startDist(join(copy.folder, 'dist'), { args: ['--init-timeout', '20'] });
  const lookup = (path: string) =>
    fetch(`${lambda.url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
      body: JSON.stringify({
        jsonrpc: '2.0',
        id: 1,
        method: 'tools/call',
        params: { name: 'lookup', arguments: { term: 'tide' } },
      }),
    });
  expect(await (await lookup('/hooked/mcp')).text()).toContain('"_meta":{"hooked"');
  const statuses: number[] = [];
  for (const _ of [1, 2, 3]) {
    const response = await lookup('/limited/mcp');
    statuses.push(response.status);
    await response.text();
  }
  expect(statuses).toEqual([200, 200, 429]);
  expect(JSON.parse(copy.read('dist/routes.json'))).toMatchObject({ background: false, table: true });
  for (const [route, tool] of [
    ['stdio', 'get-sum'],
    ['v1', 'get-sum'],
    ['all', 'program_get-sum'],
  ] as const) {
    for (const era of ['SDK v1', 'SDK v2, modern'] as const) {
      const client = await CLIENTS[era](`${lambda.url}/${route}`);
      expect((await client.call(tool, { a: 20, b: 22 })).text, `${route}, ${era}`).toContain('is 42');
      await client.close();
    }
  }
});
