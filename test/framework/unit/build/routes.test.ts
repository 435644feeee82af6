/** What routes do not name is not in the bundle; what they name works in the built form. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { CLIENTS } from '../../../helpers/clients.ts';
import { DIST, ROOT, startDist } from '../../../helpers/local-lambda.ts';
import { ProjectCopy } from '../../../helpers/project-copy.ts';

/** Words of mcpStdio, mcpV1 and mcpGateway, and of the client that they use; minifying leaves them. */
const MARKS = {
  mcpStdio: 'could not be started',
  gateway: 'is left out',
  upstream: 'served statelessly',
  client: 'StdioClientTransport',
};

const ROUTES = `
import { createServer } from '@modelcontextprotocol/server-everything/dist/server/index.js';
import { Hono } from 'hono';
import { mcp, mcpGateway, mcpStdio, mcpV1 } from '#framework';
import { glossary } from './servers/glossary.ts';

const program = {
  command: process.execPath,
  args: ['${ROOT}/node_modules/@modelcontextprotocol/server-everything/dist/index.js'],
};
export const routes = new Hono()
  .route('/mcp', mcp(glossary))
  .route('/stdio/mcp', mcpStdio(program))
  .route('/v1/mcp', mcpV1(() => createServer().server))
  .route('/all/mcp', mcpGateway({ glossary, program }));
`;

test('the fixture’s bundle has nothing of what it does not use', () => {
  const bundle = readFileSync(join(DIST, 'bundle.cjs'), 'utf8');
  for (const [name, mark] of Object.entries(MARKS)) expect(bundle.includes(mark), name).toBe(false);
});

test('a build with all kinds of servers has it, and serves them', { timeout: 60_000 }, async () => {
  using copy = new ProjectCopy();
  copy.write('app/routes.ts', ROUTES);
  await promisify(execFile)(process.execPath, ['scripts/build/build.ts'], { cwd: copy.folder });
  const bundle = copy.read('dist/bundle.cjs');
  for (const [name, mark] of Object.entries(MARKS)) expect(bundle.includes(mark), name).toBe(true);

  await using lambda = await startDist(join(copy.folder, 'dist'), { args: ['--init-timeout', '20'] });
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
