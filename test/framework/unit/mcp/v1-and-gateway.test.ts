/** `mcpV1`: the request that a server of SDK v1 gets. `mcpGateway`: several servers as one. `mcp`: several routes in one app. */

import { McpServer } from '@modelcontextprotocol/server';
import { Hono } from 'hono';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { mcpGateway } from '../../../../app/framework/mcp/gateway.ts';
import { mcpV1 } from '../../../../app/framework/mcp/mcp-v1.ts';
import { v1Probe } from '../../../fixtures/v1-probe.ts';
import { CLIENTS, type TestClient } from '../../../helpers/clients.ts';
import { closeAll } from '../../../helpers/close-all.ts';
import { modernHeaders, modernRequest } from '../../../helpers/json-rpc.ts';
import { type RunningLambda, startFunction } from '../../../helpers/local-lambda.ts';

let lambda: RunningLambda;
beforeAll(async () => {
  const args = ['--init-timeout', '20'];
  lambda = await startFunction(
    'stream',
    { env: { MCP_AUTH: 'none', SERVERS: 'all,v1-probe,dice' }, args },
    'servers-app',
  );
});
afterAll(() => closeAll(lambda));

test.each(Object.entries(CLIENTS))(
  'a tool of SDK v1 gets the headers of the request by %s',
  async (_name, connect) => {
    for (const [route, tool] of Object.entries({ 'v1-probe': 'handed', all: 'old_handed' })) {
      const client = await connect(`${lambda.url}/${route}`, { headers: { 'x-probe': 'seen' } });
      expect(JSON.parse((await client.call(tool, {})).text), route).toMatchObject({ probe: 'seen' });
      await client.close();
    }
  },
);

test.each(['modern', 'legacy'])(
  'a tool of SDK v1 gets the caller that the guard allowed, in the %s era',
  async era => {
    const auth = async () => ({
      allowed: true as const,
      caller: { token: '', clientId: 'agent-7', scopes: [] },
    });
    const app = new Hono().route('/mcp', mcpV1(v1Probe, { auth }));
    const params = { name: 'handed', arguments: {} };
    const modern = era === 'modern';
    const response = await app.request('/mcp', {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        ...(modern && modernHeaders('tools/call', params)),
      },
      body: JSON.stringify(
        modern
          ? modernRequest('tools/call', params)
          : { jsonrpc: '2.0', id: 1, method: 'tools/call', params },
      ),
    });
    expect(await response.text()).toContain('agent-7');
  },
);

test.each(['modern', 'legacy'])(
  'a server of SDK v1 is closed after its request, in the %s era',
  async era => {
    let closed = 0;
    const counted = () => {
      const server = v1Probe();
      server.server.onclose = () => {
        closed += 1;
      };
      return server;
    };
    const app = new Hono().route('/mcp', mcpV1(counted, { auth: 'none' }));
    for (let request = 1; request <= 20; request += 1) {
      const response = await app.request('/mcp', {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          accept: 'application/json, text/event-stream',
          ...(era === 'modern' && modernHeaders('tools/list')),
        },
        body: JSON.stringify(
          era === 'modern' ? modernRequest('tools/list') : { jsonrpc: '2.0', id: 1, method: 'tools/list' },
        ),
      });
      expect(await response.text()).toContain('handed');
    }
    await expect.poll(() => closed).toBe(20);
  },
);

describe.each(Object.entries(CLIENTS))('the gateway, for %s', (_name, connect) => {
  let client: TestClient;
  beforeAll(async () => {
    client = await connect(`${lambda.url}/all`);
  });
  afterAll(() => closeAll(client));

  test('lists the tools and prompts of all servers with the name of the server as prefix, and leaves out servers that cannot be started', async () => {
    const tools = await client.tools();
    expect(tools).toEqual(expect.arrayContaining(['dice_roll', 'unruly_pid', 'every_get-sum', 'old_handed']));
    expect(tools.some(name => name.startsWith('gone'))).toBe(false);
    expect(await client.prompts()).toContain('every_args-prompt');
  });

  test('sends each call to its server', async () => {
    expect((await client.call('dice_roll', { sides: 6 })).text).toBe('6');
    expect((await client.call('every_get-sum', { a: 1, b: 2 })).text).toContain('is 3');
    expect((await client.call('old_handed', {})).isError).toBe(false);
    expect(await client.call('dice_roll', { sides: 'six' })).toMatchObject({ isError: true });
    await expect(client.call('missing_tool-name', {})).rejects.toMatchObject({ code: -32602 });
  });

  test('streams progress', async () => {
    const { progress } = await client.call('unruly_dawdle', { steps: 3 }, true);
    expect(progress.map(({ message }) => message)).toEqual(['step 1', 'step 2', 'step 3']);
  });

  test('returns prompts, resources and completions', async () => {
    expect(await client.prompt('every_args-prompt', { city: 'Paris', state: 'TX' })).toContain('Paris, TX');
    const [first = ''] = await client.resources();
    expect(await client.resource(first)).toMatch(/Everything/);
    expect(await client.completePrompt('every_completable-prompt', 'department', 'E')).toEqual([
      'Engineering',
    ]);
  });
});

test('a gateway leaves out a server whose factory throws, and logs one that throws when it is closed', async () => {
  vi.spyOn(console, 'error').mockImplementation(() => undefined);
  onTestFinished(() => void vi.restoreAllMocks());
  const good = () => {
    const made = new McpServer({ name: 'good', version: '1' });
    made.registerTool('t', {}, () => ({ content: [{ type: 'text', text: 'done' }] }));
    made.server.onclose = () => {
      throw new Error('cleanup broke'); // vitest fails on an unhandled rejection.
    };
    return made;
  };
  const broken = () => {
    throw new Error('no connection');
  };
  const app = new Hono().route('/all', mcpGateway({ good, broken }, { auth: 'none' }));
  const params = { name: 'good_t', arguments: {} };
  const response = await app.request('/all', {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...modernHeaders('tools/call', params),
    },
    body: JSON.stringify(modernRequest('tools/call', params)),
  });
  expect(await response.text()).toContain('done');
  await expect
    .poll(() => vi.mocked(console.error).mock.calls.map(([line]) => line))
    .toEqual(
      expect.arrayContaining([
        'mcp: a server failed to close',
        'mcp: a server of a gateway could not be created',
      ]),
    );
});

test('each route of an app serves only its own server', async () => {
  const dice = await CLIENTS['SDK v2, modern'](`${lambda.url}/dice`);
  expect(await dice.tools()).toEqual(['roll']);
  await dice.close();
});
