/** Limits in the pipeline of an invocation, with a real table: what a caller gets, and that leases are released in every case. */
import { ScanCommand } from '@aws-sdk/client-dynamodb';
import { McpServer } from '@modelcontextprotocol/server';
import { Hono } from 'hono';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { createApp } from '../../../../app/framework/app.ts';
import { endpointContext } from '../../../../app/framework/endpoint-context.ts';
import {
  createHandlers,
  createPipeline,
  handlersOf,
  summarize,
} from '../../../../app/framework/lambda/create-handlers.ts';
import { abortAll } from '../../../../app/framework/lambda/invocation.ts';
import type { ResponseStream } from '../../../../app/framework/lambda/response-stream.ts';
import { mcp } from '../../../../app/framework/mcp/mcp.ts';
import type { CallerLimits } from '../../../../app/framework/types.ts';
import { startDynamoDb, type TestDynamoDb } from '../../../helpers/dynamodb.ts';
import { albEvent, restEvent, v2Event } from '../../../helpers/events.ts';
import { createResponseStream } from '../../../helpers/response-stream.ts';

let dynamo: TestDynamoDb;
/** Resolved when the tool `waits` runs, and what lets it return. */
let started: PromiseWithResolvers<void>;
let finish: PromiseWithResolvers<void>;
let lines: string;
let address = 0;

beforeAll(async () => {
  dynamo = await startDynamoDb('mcp-store');
  vi.stubEnv('AWS_ENDPOINT_URL_DYNAMODB', dynamo.endpoint);
  vi.stubEnv('MCP_TABLE', 'mcp-store');
  vi.stubEnv('MCP_AUTH', 'none');
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await dynamo?.close();
});

beforeEach(() => {
  started = Promise.withResolvers();
  finish = Promise.withResolvers();
  lines = '';
  address += 1; // Each test uses another caller.
  vi.spyOn(console, 'error').mockImplementation(() => undefined);
  vi.spyOn(process.stdout, 'write').mockImplementation(text => {
    lines += text;
    return true;
  });
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

const text = (value: string) => ({ content: [{ type: 'text' as const, text: value }] });

function server(): McpServer {
  const made = new McpServer({ name: 'limited', version: '1' });
  made.registerTool('returns', {}, () => text('done'));
  made.registerTool('throws', {}, () => {
    throw new Error('broken');
  });
  made.registerTool('waits', {}, async () => {
    started.resolve();
    await finish.promise;
    return text('done');
  });
  made.registerTool('crashes', {}, async () => {
    started.resolve();
    return new Promise(() => undefined); // It never returns.
  });
  return made;
}

/** Creates an execution environment. */
function environment(perCaller: CallerLimits) {
  const app = createApp(new Hono().route('/mcp', mcp(server, { limits: { perCaller } })));
  const handlers = handlersOf(createPipeline(app.fetch));
  const event = (tool: string) => {
    const body = JSON.stringify({ jsonrpc: '2.0', id: 'a', method: 'tools/call', params: { name: tool } });
    const made = v2Event({ method: 'POST', path: '/mcp', body }) as {
      headers: object;
      requestContext: { http: object };
    };
    const accept = 'application/json, text/event-stream';
    made.requestContext.http = { ...made.requestContext.http, sourceIp: `192.0.2.${address}` };
    return { ...made, headers: { ...made.headers, accept } };
  };
  const contextOf = (ms = 20_000) => {
    const end = Date.now() + ms;
    return {
      awsRequestId: 'id',
      functionName: 'f',
      getRemainingTimeInMillis: () => Math.max(end - Date.now(), 0),
    };
  };
  return {
    call: (tool: string, ms?: number) =>
      handlers.buffered(event(tool), contextOf(ms)) as Promise<{
        statusCode: number;
        headers: Record<string, string>;
        body: string;
      }>,
    stream: (tool: string, to: ResponseStream, ms?: number) =>
      handlers.stream(event(tool), to, contextOf(ms)),
  };
}

/** Returns the leases in the table, of all callers. */
async function leases(): Promise<string[]> {
  const { Items = [] } = await dynamo.client.send(new ScanCommand({ TableName: 'mcp-store' }));
  return Items.flatMap(({ members }) => members?.SS ?? []);
}

const ONE = { parallel: 1 };

test('a second parallel call is denied in another environment, and logged as refused', async () => {
  const running = environment(ONE).call('waits');
  await started.promise;
  expect(await leases()).toHaveLength(1);
  const denied = await environment(ONE).call('returns');
  expect([denied.statusCode, denied.headers['retry-after']]).toEqual([429, '5']);
  expect(JSON.parse(denied.body)).toMatchObject({ jsonrpc: '2.0', id: 'a', error: { code: -32000 } });
  expect(lines).toMatch(/"outcome":"refused"/);
  finish.resolve();
  expect((await running).body).toContain('done');
  expect(await leases()).toEqual([]);
  expect((await environment(ONE).call('returns')).statusCode).toBe(200);
});

test('the window of a caller is the same in all environments', async () => {
  const TWO = { calls: 2, seconds: 86_400 };
  const statuses = [];
  for (const _ of [1, 2, 3]) statuses.push((await environment(TWO).call('returns')).statusCode);
  expect(statuses).toEqual([200, 200, 429]);
});

test.each(['returns', 'throws', 'no such tool'])(
  'the lease is released before the handler returns, for a tool that %s',
  async tool => {
    await environment(ONE).call(tool);
    expect(await leases()).toEqual([]);
    await environment(ONE).stream(tool, createResponseStream().resume());
    expect(await leases()).toEqual([]);
  },
);

test('the lease is released at the deadline, although the tool still runs', async () => {
  const { statusCode, body } = await environment(ONE).call('crashes', 1_500);
  expect([statusCode, body]).toEqual([expect.any(Number), expect.stringContaining('timed out')]);
  expect(await leases()).toEqual([]);
});

test('the lease is released when the environment crashes', async () => {
  const running = environment(ONE).call('crashes');
  await started.promise;
  abortAll({ code: -32603, message: 'The process crashed.' });
  expect((await running).body).toContain('The process crashed.');
  expect(await leases()).toEqual([]);
});

test('the lease is released after the tool, if the client has disconnected', async () => {
  const to = createResponseStream().resume();
  const running = environment(ONE).stream('waits', to);
  await started.promise;
  to.destroy();
  expect(await leases()).toHaveLength(1); // The environment is still occupied.
  finish.resolve();
  await running;
  expect(await leases()).toEqual([]);
});

test('init fails with limits that are out of range', async () => {
  const routes = new Hono().route('/mcp', mcp(server, { limits: { perCaller: { parallel: 0 } } }));
  await expect(createHandlers({ routes })).rejects.toThrow(
    'limits.perCaller.parallel must be a whole number',
  );
});

test('the summary says that routes with limits need the table', () => {
  const limited = new Hono().route('/mcp', mcp(server, { limits: { perCaller: ONE } }));
  expect(summarize({ routes: limited })).toEqual({ paths: ['/mcp'], background: false, table: true });
  expect(summarize({ routes: new Hono().route('/mcp', mcp(server)) })).toMatchObject({ table: false });
});

test('a route with limits fails in an app that does not count calls', async () => {
  const routes = new Hono().route('/mcp', mcp(server, { auth: 'none', limits: { perCaller: ONE } }));
  const response = await routes.request('/mcp', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'returns' } }),
  });
  expect(response.status).toBe(500);
});

test('the source address is read from the event of the endpoint, not from headers of the caller', () => {
  const request = new Request('https://h.example/mcp', {
    headers: { 'x-forwarded-for': '203.0.113.1, 198.51.100.7' },
  });
  const init = { method: 'POST', path: '/mcp' };
  const addressOf = (event: object, requestContext: object) =>
    endpointContext(request, { ...event, requestContext }).sourceAddress;
  expect(addressOf(v2Event(init), { http: { sourceIp: '192.0.2.1' } })).toBe('192.0.2.1');
  expect(addressOf(restEvent(init), { identity: { sourceIp: '192.0.2.2' } })).toBe('192.0.2.2');
  // A load balancer appends the address to what the caller sent.
  expect(addressOf(albEvent(init), { elb: {} })).toBe('198.51.100.7');
  expect(addressOf(v2Event(init), {})).toBeUndefined();
  expect(endpointContext(request).sourceAddress).toBeUndefined();
});
