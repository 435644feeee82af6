/** Settings of a project that have no default: the build does not need them, init does. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CLIENTS } from '../../helpers/clients.ts';
import { startDist } from '../../helpers/local-lambda.ts';
import { ProjectCopy } from '../../helpers/project-copy.ts';

const SETTINGS = `import * as z from 'zod';
import { defineSettings } from '#framework';

export const settings = defineSettings({
  PARROT_WORD: z.string().min(3, 'must have 3 characters or more'),
  PARROT_VOLUME: z.coerce.number({ error: 'must be a number' }),
});
`;
/** Reads the settings in the factory, which the build calls as well. */
const ROUTES = `import { McpServer } from '@modelcontextprotocol/server';
import { Hono } from 'hono';
import { mcp } from '#framework';
import { settings } from './settings.ts';

function parrot(): McpServer {
  const { PARROT_WORD } = settings();
  const server = new McpServer({ name: 'parrot', version: '1.0.0' });
  server.registerTool('talk', {}, () => ({ content: [{ type: 'text', text: PARROT_WORD }] }));
  return server;
}
export const routes = new Hono().route('/mcp', mcp(parrot));
`;

const copy = new ProjectCopy();
const dist = join(copy.folder, 'dist');
beforeAll(async () => {
  copy.write('app/settings.ts', SETTINGS);
  copy.write('app/routes.ts', ROUTES);
  await promisify(execFile)(process.execPath, ['scripts/build/build.ts'], { cwd: copy.folder });
});
afterAll(() => copy[Symbol.dispose]());

test('init reports the invalid settings of the project and of the framework in one error, without values', async () => {
  const env = { MCP_AUTH: 'token', PARROT_VOLUME: 'secret-volume' };
  const output: string = await startDist(dist, { env }).then(
    () => '',
    error => error.message,
  );
  const problems = output.match(/^ +- .*$/gm);
  expect(problems?.map(problem => problem.replace(/^ +- (\w+: .{9}).*/, '$1'))).toEqual([
    'MCP_TOKEN_SHA256: is requir',
    'PARROT_WORD: is requir',
    'PARROT_VOLUME: must be a',
  ]);
  expect(output).not.toContain('secret-volume');
});

test('the function serves if the settings of the project are set', async () => {
  await using lambda = await startDist(dist, { env: { PARROT_WORD: 'hello', PARROT_VOLUME: '11' } });
  const client = await CLIENTS['SDK v2, modern'](lambda.url);
  expect((await client.call('talk', {})).text).toBe('hello');
  await client.close();
});
