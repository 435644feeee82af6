/** Isolation in the build, which caches schemas between calls: a response contains nothing of another caller. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { closeAll } from '../../../helpers/close-all.ts';
import { modernHeaders, modernRequest } from '../../../helpers/json-rpc.ts';
import { type RunningLambda, startDist } from '../../../helpers/local-lambda.ts';
import { ProjectCopy } from '../../../helpers/project-copy.ts';

/** A server with a tool for all callers, whose schema is shared, and a tool for each caller, with its own schema. */
const ROUTES = `
import { McpServer } from '@modelcontextprotocol/server';
import { Hono } from 'hono';
import * as z from 'zod';
import { mcp } from '#framework';

const SHARED = z.object({ text: z.string().describe('What to say.') });

function server({ requestInfo }) {
  const who = requestInfo.headers.get('x-caller');
  const server = new McpServer({ name: 'of-' + who, version: '1' });
  const echo = async ({ text }) => ({ content: [{ type: 'text', text: who + ': ' + text }], structuredContent: { text } });
  server.registerTool('say', { title: 'for ' + who, inputSchema: SHARED, outputSchema: SHARED }, echo);
  server.registerTool('only-' + who, { inputSchema: z.object({ ['field-' + who]: z.string().default('secret-' + who) }) }, async () =>
    ({ content: [{ type: 'text', text: 'secret-' + who }] }));
  return server;
}
export const routes = new Hono().route('/mcp', mcp(server));
`;

const CALLERS = ['ada', 'bob', 'zoe'] as const;
type Caller = (typeof CALLERS)[number];

const copy = new ProjectCopy();
let lambda: RunningLambda;
beforeAll(async () => {
  copy.write('app/routes.ts', ROUTES);
  await promisify(execFile)(process.execPath, ['scripts/build/build.ts'], { cwd: copy.folder });
  lambda = await startDist(join(copy.folder, 'dist'), { args: ['--init-timeout', '20'] });
});
afterAll(async () => {
  await closeAll(lambda);
  copy[Symbol.dispose]();
});

async function ask(caller: Caller, era: 'modern' | 'legacy', method: string, params = {}): Promise<string> {
  const modern = era === 'modern';
  const response = await fetch(`${lambda.url}/mcp`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'x-caller': caller,
      ...(modern && modernHeaders(method, params)),
    },
    body: JSON.stringify(modern ? modernRequest(method, params) : { jsonrpc: '2.0', id: 1, method, params }),
  });
  return response.text();
}

const others = (caller: Caller): Caller[] => CALLERS.filter(each => each !== caller);

async function round(era: 'modern' | 'legacy', caller: Caller): Promise<void> {
  const texts = [
    await ask(caller, era, 'tools/list'),
    await ask(caller, era, 'tools/call', { name: 'say', arguments: { text: `hi-${caller}` } }),
    await ask(caller, era, 'tools/call', { name: `only-${caller}`, arguments: {} }),
  ];
  const [list, said, only] = texts;
  expect(list).toContain(`field-${caller}`);
  expect(list).toContain('What to say.');
  expect(said).toContain(`${caller}: hi-${caller}`);
  expect(only).toContain(`secret-${caller}`);
  for (const text of texts) for (const other of others(caller)) expect(text).not.toContain(other);
}

test.each(['modern', 'legacy'] as const)(
  'each of three callers, one after the other in one environment, gets only its own tools and results, %s',
  async era => {
    for (let i = 0; i < 4; i += 1) for (const caller of CALLERS) await round(era, caller);
  },
);

test('a caller cannot call the tool of another caller, even after that caller has called it', async () => {
  for (const era of ['modern', 'legacy'] as const) {
    await ask('ada', era, 'tools/call', { name: 'only-ada', arguments: {} });
    const text = await ask('zoe', era, 'tools/call', { name: 'only-ada', arguments: {} });
    expect(text).toContain('not found');
    expect(text).not.toContain('secret-ada');
  }
});

test('each of three callers, in parallel and in both eras, gets only its own tools and results', async () => {
  const all = Array.from({ length: 4 }, () => CALLERS).flat();
  await Promise.all(all.map((caller, at) => round(at % 2 === 0 ? 'modern' : 'legacy', caller)));
});
