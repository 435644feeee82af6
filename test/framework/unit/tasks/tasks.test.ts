/**
 * The tasks extension by raw protocol, through the route and its background jobs, on a real DynamoDB API. Only Lambda's event queue is a
 * fake: a server that returns 202 and then delivers the event as often as a test says.
 */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { type DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { acceptedContent, inputRequired, McpServer } from '@modelcontextprotocol/server';
import { build } from 'esbuild';
import { Hono } from 'hono';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import * as z from 'zod';
import { createAwsClient } from '../../../../app/framework/aws/aws-client.ts';
import { backgroundJobOf } from '../../../../app/framework/lambda/self-invocation.ts';
import { mcp } from '../../../../app/framework/mcp/mcp.ts';
import { backgroundJobHandlers } from '../../../../app/framework/mcp/route-registry.ts';
import type { OnToolCall } from '../../../../app/framework/mcp/tool-call-hook.ts';
import { createStore } from '../../../../app/framework/store/store.ts';
import { dynamoTasks } from '../../../../app/framework/tasks/dynamo-tasks.ts';
import type { StoredTask, TaskChanges, TaskItem } from '../../../../app/framework/tasks/task.ts';
import { startDynamoDb, type TestDynamoDb } from '../../../helpers/dynamodb.ts';
import { DIST, ROOT } from '../../../helpers/local-lambda.ts';

const ARN = 'arn:aws:lambda:us-east-1:123456789012:function:local:live';
const ENVELOPE = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1' },
};
const TASKS = { elicitation: {}, extensions: { 'io.modelcontextprotocol/tasks': {} } };
const KEYS = ['AWS_ENDPOINT_URL_DYNAMODB', 'AWS_ENDPOINT_URL_LAMBDA', 'MCP_TABLE'] as const;

type Json = Record<string, unknown>;
const store = createStore(createAwsClient());
let dynamo: TestDynamoDb;
let queue: Server;
let client: DynamoDBClient;
let runs: string[] = [];
let delivered: { path: string; taskKey: string }[] = [];
/** The tenant headers of the invocations that delivered jobs. */
let tenantHeaders: unknown[] = [];
let deliveries = 1;
const before = KEYS.map(key => process.env[key]);

function server(): McpServer {
  const made = new McpServer({ name: 'long', version: '1' });
  made.registerTool(
    'slow',
    { inputSchema: z.object({ ms: z.number(), size: z.number().optional() }) },
    async ({ ms, size = 1 }, ctx) => {
      runs.push('slow');
      const progressToken = ctx.mcpReq._meta?.progressToken;
      if (progressToken !== undefined)
        await ctx.mcpReq.notify({
          method: 'notifications/progress',
          params: { progressToken, progress: 1, total: 2, message: 'half' },
        });
      await pause(ms, undefined, { signal: ctx.mcpReq.signal });
      return { content: [{ type: 'text', text: 'x'.repeat(size) }] };
    },
  );
  made.registerTool('ask', { inputSchema: z.object({}) }, async (_args, ctx) => {
    const name = acceptedContent<{ name: string }>(ctx.mcpReq.inputResponses, 'name');
    if (name) return { content: [{ type: 'text', text: `Hello, ${name.name}!` }] };
    const requestedSchema = { type: 'object' as const, properties: { name: { type: 'string' as const } } };
    return inputRequired({
      inputRequests: { name: inputRequired.elicit({ message: 'Name?', requestedSchema }) },
    });
  });
  made.registerTool('stages', { inputSchema: z.object({}) }, async (_args, ctx) => {
    runs.push('stages');
    if (ctx.mcpReq.requestState<string>() === 'second') return { content: [{ type: 'text', text: 'both' }] };
    return inputRequired({ requestState: 'second' });
  });
  made.registerTool('asks-much', { inputSchema: z.object({ size: z.number() }) }, async ({ size }) =>
    inputRequired({
      inputRequests: {
        name: inputRequired.elicit({
          message: 'x'.repeat(size),
          requestedSchema: { type: 'object', properties: {} },
        }),
      },
    }),
  );
  made.registerTool('control-characters', { inputSchema: z.object({}) }, async (_args, ctx) => {
    const params = { progressToken: 'task', progress: 1, total: 2, message: '\u0001'.repeat(2_000) };
    await ctx.mcpReq.notify({ method: 'notifications/progress', params });
    await pause(1_200);
    return { content: [{ type: 'text', text: 'done' }] };
  });
  made.registerTool('breaks', { inputSchema: z.object({}) }, async () => {
    throw new Error('broken');
  });
  return made;
}

let routes: Hono;
let hooked: Json[] = [];
const noteToolCall: OnToolCall = async ({ http }, { name }, next) => {
  hooked.push({ name, caller: http?.authInfo?.clientId, token: http?.authInfo?.token });
  if (name === 'breaks') throw new Error('secret detail');
  return { ...(await next()), _meta: { hooked: true } };
};

beforeAll(async () => {
  dynamo = await startDynamoDb('tasks');
  ({ client } = dynamo);
  queue = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    response.writeHead(202).end();
    const job = backgroundJobOf(JSON.parse(body));
    if (!job) throw new Error(`No job: ${body}`);
    delivered.push(job);
    tenantHeaders.push(request.headers['x-amz-tenant-id']);
    for (let at = 0; at < deliveries; at += 1) void deliver(job);
  }).listen(0, '127.0.0.1');
  await once(queue, 'listening');
  process.env.AWS_ENDPOINT_URL_DYNAMODB = dynamo.endpoint;
  process.env.AWS_ENDPOINT_URL_LAMBDA = `http://127.0.0.1:${(queue.address() as AddressInfo).port}`;
  process.env.MCP_TABLE = 'tasks';
  const auth = async (request: Request) => {
    const clientId = request.headers.get('x-caller') ?? 'me';
    const extra = { tenant: `tenant-of-${clientId}` };
    return { allowed: true as const, caller: { token: 'secret-token', clientId, scopes: [], extra } };
  };
  const tasks = dynamoTasks({
    tools: {
      slow: {},
      ask: {},
      stages: {},
      'asks-much': {},
      'control-characters': {},
      breaks: { fallback: 'reject' },
    },
    leaseMs: 1_500,
  });
  routes = new Hono()
    .route('/mcp', mcp(server, { auth, tasks }))
    .route('/hooked/mcp', mcp(server, { auth, tasks, onToolCall: noteToolCall }))
    .route('/:tenant/mcp', mcp(server, { auth, tasks, prewarm: false }));
});

afterAll(async () => {
  for (const [at, key] of KEYS.entries()) {
    if (before[at] === undefined) delete process.env[key];
    else process.env[key] = before[at];
  }
  await dynamo?.close();
  queue?.close();
});

function deliver(
  { path, taskKey }: { path: string; taskKey: string },
  signal = AbortSignal.timeout(300_000),
  tenantId?: string,
) {
  return backgroundJobHandlers(routes).get(path)?.(taskKey, signal, tenantId);
}

async function send(
  method: string,
  params: Json,
  {
    caller = 'me',
    capabilities = TASKS as Json,
    path = '/mcp',
    tenantId = undefined as string | undefined,
  } = {},
) {
  const name = params.taskId ?? params.name;
  const response = await routes.request(
    path,
    {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        'mcp-protocol-version': '2026-07-28',
        'mcp-method': method,
        ...(name !== undefined && { 'mcp-name': String(name) }),
        'x-caller': caller,
      },
      body: JSON.stringify({
        jsonrpc: '2.0',
        id: randomUUID(),
        method,
        params: {
          ...params,
          _meta: { ...ENVELOPE, 'io.modelcontextprotocol/clientCapabilities': capabilities },
        },
      }),
    },
    { context: { invokedFunctionArn: ARN, tenantId } },
  );
  const text = await response.text();
  const json = text.startsWith('{') ? text : (text.split('data: ').at(-1) ?? '');
  return JSON.parse(json) as { result: Json; error?: { code: number; message: string } };
}

const call = (name: string, args: Json = {}) => send('tools/call', { name, arguments: args });
const get = async (taskId: unknown) => (await send('tasks/get', { taskId })).result;

async function until(taskId: unknown, ...statuses: string[]): Promise<Json> {
  let task: Json = {};
  const status = async () => {
    task = await get(taskId);
    return task.status;
  };
  await expect.poll(status).toBeOneOf(statuses);
  return task;
}

async function stored(key: string): Promise<TaskItem> {
  const item = await store.get<StoredTask>(key);
  if (!item) throw new Error(`The table has no item ${key}.`);
  return item;
}

async function changeStored(key: string, changes: TaskChanges): Promise<void> {
  const item = await stored(key);
  await store.update(item, { ...item.data, ...changes });
}

test('a call of a long tool returns a task, which gets progress and the result', async () => {
  const { result } = await call('slow', { ms: 1_800 });
  expect(result).toMatchObject({ resultType: 'task', status: 'working', ttlMs: expect.any(Number) });
  const { status, statusMessage } = await until(result.taskId, 'working');
  expect(status).toBe('working');
  expect(statusMessage).toBeUndefined();
  await pause(900);
  expect((await get(result.taskId)).statusMessage).toBe('1 of 2: half');
  const done = await until(result.taskId, 'completed');
  expect(done).toMatchObject({ resultType: 'complete', result: { content: [{ text: 'x' }] } });
});

test('a job has the tenant of its creator, and an environment of another tenant does not run it', async () => {
  [delivered, tenantHeaders, deliveries, runs] = [[], [], 0, []];
  const tenantId = 'tenant-of-me';
  const { result } = await send('tools/call', { name: 'slow', arguments: { ms: 1 } }, { tenantId });
  deliveries = 1;
  expect(tenantHeaders).toEqual([tenantId]);
  const [job] = delivered as [{ path: string; taskKey: string }];
  for (const other of ['tenant-of-another', 'tenant-of-m', ''])
    await expect(deliver(job, undefined, other)).rejects.toThrow('belong to different callers');
  expect(runs).toEqual([]);
  expect((await stored(job.taskKey)).data.attempts).toBe(0);
  await deliver(job, undefined, tenantId);
  expect(await get(result.taskId)).toMatchObject({ status: 'completed' });
  expect(runs).toEqual(['slow']);
  tenantHeaders = [];
  await call('slow', { ms: 1 });
  expect(tenantHeaders).toEqual([undefined]);
});

test('onToolCall runs in the background run of a task, once, and not when the task is created', async () => {
  const path = '/hooked/mcp';
  const taskOf = async (name: string, args: Json) => {
    const { result } = await send('tools/call', { name, arguments: args }, { path });
    const statusOf = async () => (await send('tasks/get', { taskId: result.taskId }, { path })).result;
    await expect.poll(async () => (await statusOf()).status).not.toBe('working');
    return statusOf();
  };
  hooked = [];
  expect(await taskOf('slow', { ms: 1 })).toMatchObject({
    status: 'completed',
    result: { _meta: { hooked: true }, content: [{ text: 'x' }] },
  });
  expect(hooked).toEqual([{ name: 'slow', caller: 'me', token: '' }]);
  const failed = await taskOf('breaks', {});
  expect(failed).toMatchObject({ status: 'failed', error: { code: -32603 } });
  expect(JSON.stringify(failed)).not.toContain('secret detail');
});

test('a batch does not bypass the fallback of a tool', async () => {
  const message = (id: number, name: string) => ({
    jsonrpc: '2.0',
    id,
    method: 'tools/call',
    params: { name, arguments: { ms: 1 } },
  });
  const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
  const body = JSON.stringify([message(1, 'breaks'), message(2, 'slow')]);
  const response = await routes.request('/mcp', { method: 'POST', headers, body });
  const responses = (await response.json()) as { id: number; error?: { code: number }; result?: Json }[];
  expect(responses).toEqual([
    expect.objectContaining({ id: 1, error: expect.objectContaining({ code: -32021 }) }),
    expect.objectContaining({
      id: 2,
      result: expect.objectContaining({ content: [{ type: 'text', text: 'x' }] }),
    }),
  ]);
  const notifications = JSON.stringify([{ jsonrpc: '2.0', method: 'notifications/initialized' }]);
  expect((await routes.request('/mcp', { method: 'POST', headers, body: notifications })).status).toBe(202);
});

test.each<[string, (call: object) => unknown]>([
  ['an empty batch', () => []],
  ['a batch in a batch', call => [[call, call]]],
  ['101 calls', call => Array.from({ length: 101 }, () => call)],
  [
    'a message of 2026-07-28 in a batch',
    call => [{ ...call, params: { name: 'slow', arguments: { ms: 1 }, _meta: ENVELOPE } }],
  ],
  ['a value that is not a message', call => [call, null]],
])('%s gets 400 as on a route without tasks, and no tool runs', async (_name, bodyOf) => {
  runs = [];
  const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
  const params = { name: 'slow', arguments: { ms: 1 } };
  const body = JSON.stringify(bodyOf({ jsonrpc: '2.0', id: 1, method: 'tools/call', params }));
  const plain = new Hono().route('/mcp', mcp(server, { auth: 'none' }));
  const expected = await plain.request('/mcp', { method: 'POST', headers, body });
  const response = await routes.request('/mcp', { method: 'POST', headers, body });
  expect([expected.status, response.status]).toEqual([400, 400]);
  expect(await response.json()).toEqual(await expected.json());
  expect(runs).toEqual([]);
});

test('a crash of the execution environment leaves the task to the next attempt', async () => {
  deliveries = 0;
  const { result } = await call('slow', { ms: 20_000 });
  deliveries = 1;
  const [job] = delivered.slice(-1);
  if (!job) throw new Error('No job was delivered.');
  const crash = new AbortController();
  const run = deliver(job, crash.signal);
  await expect.poll(async () => (await stored(job.taskKey)).data.attempts).toBe(1);
  crash.abort({ code: -32603, message: 'Internal error' });
  await expect(run).rejects.toThrow('crashed during a task');
  expect((await get(result.taskId)).status).toBe('working');
  await changeStored(job.taskKey, { leaseUntil: Date.now() - 1 });
  const timeout = new AbortController();
  const second = deliver(job, timeout.signal);
  await expect.poll(async () => (await stored(job.taskKey)).data.attempts).toBe(2);
  timeout.abort({ code: -32001, message: 'timeout' });
  await second;
  expect(await get(result.taskId)).toMatchObject({ status: 'failed', error: { code: -32001 } });
});

test('a task of a route with a parameter runs, and belongs to the path that was called', async () => {
  const path = '/acme/mcp';
  const { result } = await send('tools/call', { name: 'slow', arguments: { ms: 1 } }, { path });
  await expect
    .poll(async () => (await send('tasks/get', { taskId: result.taskId }, { path })).result?.status)
    .toBe('completed');
  const elsewhere = await send('tasks/get', { taskId: result.taskId }, { path: '/other/mcp' });
  expect(elsewhere.error?.code).toBe(-32602);
});

test('a caller without a subject and a client ID gets no task, because other such callers could read it', async () => {
  const refused = await send('tools/call', { name: 'slow', arguments: { ms: 1 } }, { caller: 'unknown' });
  expect(refused.error).toMatchObject({
    code: -32602,
    message: expect.stringContaining('a subject or a client id'),
  });
});

test('the extension is advertised, and its methods require that the client declares it', async () => {
  const { result } = await send('server/discover', {});
  expect(result.capabilities).toMatchObject({ extensions: { 'io.modelcontextprotocol/tasks': {} } });
  for (const method of ['tasks/get', 'tasks/cancel'])
    expect((await send(method, { taskId: 'x' }, { capabilities: {} })).error?.code).toBe(-32021);
  expect(
    (await send('tools/call', { name: 'breaks', arguments: {} }, { capabilities: {} })).error?.code,
  ).toBe(-32021);
  const plain = await send('tools/call', { name: 'slow', arguments: { ms: 1 } }, { capabilities: {} });
  expect(plain.result).toMatchObject({ resultType: 'complete', content: [{ text: 'x' }] });
  expect((await send('tasks/list', {})).error?.code).toBe(-32601);
});

test('another caller can neither get nor cancel a task, and the table contains neither its ID nor the token', async () => {
  const { result } = await call('slow', { ms: 300 });
  const { taskId } = result;
  const foreign = await send('tasks/get', { taskId }, { caller: 'you' });
  expect(foreign.error).toEqual((await send('tasks/get', { taskId: 'never' })).error);
  expect((await send('tasks/cancel', { taskId }, { caller: 'you' })).error?.code).toBe(-32602);
  const { Items } = await client.send(new ScanCommand({ TableName: 'tasks' }));
  expect(JSON.stringify(Items)).not.toContain(taskId);
  expect(JSON.stringify(Items)).not.toContain('secret-token');
  await until(taskId, 'completed');
});

test('a tool that requests input continues when it is provided, and unknown keys are ignored', async () => {
  const { result } = await call('ask');
  const { inputRequests } = await until(result.taskId, 'input_required');
  const [key = ''] = Object.keys(inputRequests as Json);
  const update = (inputResponses: Json) => send('tasks/update', { taskId: result.taskId, inputResponses });
  expect((await update({ unknown: { action: 'accept', content: {} } })).result.resultType).toBe('complete');
  expect((await get(result.taskId)).status).toBe('input_required');
  await update({ [key]: { action: 'accept', content: { name: 'Luca' } } });
  const done = await until(result.taskId, 'completed');
  expect(done.result).toMatchObject({ content: [{ text: 'Hello, Luca!' }] });
});

test('a tool that returns only its state is called again at once', async () => {
  runs = [];
  const { result } = await call('stages');
  const done = await until(result.taskId, 'completed');
  expect(done.result).toMatchObject({ content: [{ text: 'both' }] });
  expect(runs).toEqual(['stages', 'stages']);
});

test('a task that is cancelled while working stays cancelled', async () => {
  const { result } = await call('slow', { ms: 400 });
  await pause(50);
  expect((await send('tasks/cancel', { taskId: result.taskId })).result).toMatchObject({
    resultType: 'complete',
  });
  await pause(600);
  expect((await get(result.taskId)).status).toBe('cancelled');
});

test('a job that is delivered three times at once runs its tool once', async () => {
  runs = [];
  deliveries = 3;
  const { result } = await call('slow', { ms: 2_500 });
  deliveries = 1;
  await until(result.taskId, 'completed');
  await pause(700);
  expect(runs).toHaveLength(1);
});

test('a second delivery waits only until the first worker renews its lease', async () => {
  delivered = [];
  const { result } = await call('slow', { ms: 4_000 });
  await until(result.taskId, 'working');
  const [job] = delivered;
  if (!job) throw new Error('Nothing was delivered.');
  await deliver(job);
  expect((await get(result.taskId)).status).toBe('working');
  await until(result.taskId, 'completed');
});

test('the next delivery replaces a dead worker, and the task fails after the maximum number of attempts', async () => {
  deliveries = 0;
  delivered = [];
  runs = [];
  const { result } = await call('slow', { ms: 10 });
  deliveries = 1;
  const [job] = delivered;
  if (!job) throw new Error('Nothing was delivered.');
  await changeStored(job.taskKey, { lease: 'dead', leaseUntil: Date.now() + 200, attempts: 1 });
  await deliver(job);
  expect((await get(result.taskId)).status).toBe('completed');
  expect(runs).toHaveLength(1);

  deliveries = 0;
  const second = await call('slow', { ms: 10 });
  deliveries = 1;
  const again = delivered.at(-1);
  if (!again) throw new Error('Nothing was delivered.');
  await changeStored(again.taskKey, { lease: 'dead', leaseUntil: Date.now() - 1, attempts: 3 });
  await deliver(again);
  expect(await get(second.result.taskId)).toMatchObject({ status: 'failed', error: { code: -32603 } });
});

test('a task that runs out of time or whose result is too large fails with the reason', async () => {
  deliveries = 0;
  const { result } = await call('slow', { ms: 5_000 });
  deliveries = 1;
  const job = delivered.at(-1);
  if (!job) throw new Error('Nothing was delivered.');
  await deliver(job, AbortSignal.timeout(100));
  expect(await get(result.taskId)).toMatchObject({ status: 'failed', error: { code: -32001 } });
  deliveries = 0;
  const late = await call('slow', { ms: 60_000 });
  deliveries = 1;
  const last = delivered.at(-1);
  if (!last) throw new Error('Nothing was delivered.');
  await deliver(last, AbortSignal.abort());
  expect(await get(late.result.taskId)).toMatchObject({ status: 'failed', error: { code: -32001 } });
  const large = await call('slow', { ms: 1, size: 500_000 });
  const failed = await until(large.result.taskId, 'failed');
  expect(failed.statusMessage).toContain('400 kB');
  const error = await until((await call('breaks')).result.taskId, 'completed');
  expect(error.result).toMatchObject({ isError: true });
});

test('a call whose arguments do not fit into the table is an error of the caller', async () => {
  const long = 'x'.repeat(395 * 1024);
  const { error } = await call('stages', { long });
  expect(error).toMatchObject({ code: -32602, message: expect.stringContaining('400 kB') });
  const { result } = await call('stages', { long: long.slice(0, -2_000) });
  expect((await until(result.taskId, 'completed')).result).toMatchObject({ content: [{ text: 'both' }] });
});

test('input that leaves no room for the progress of the task is rejected, and shorter input continues it', async () => {
  const { result } = await call('ask');
  const { inputRequests } = await until(result.taskId, 'input_required');
  const [key = ''] = Object.keys(inputRequests as Json);
  const answer = (name: string) => ({ [key]: { action: 'accept', content: { name } } });
  const sendInput = (name: string) =>
    send('tasks/update', { taskId: result.taskId, inputResponses: answer(name) });
  // With it, the task would be 1 kB below the limit of the table: its worker could not take the lease.
  const { error } = await sendInput('x'.repeat(397 * 1024));
  expect(error).toMatchObject({ code: -32602, message: expect.stringContaining('400 kB') });
  expect((await get(result.taskId)).status).toBe('input_required');
  await sendInput('Ann');
  expect((await until(result.taskId, 'completed')).result).toMatchObject({
    content: [{ text: 'Hello, Ann!' }],
  });
});

test('a task fails if the input requests of its tool leave no room for the input', async () => {
  const { result } = await call('asks-much', { size: 397 * 1024 });
  const { error } = await until(result.taskId, 'failed');
  expect(error).toMatchObject({ code: -32603, message: expect.stringContaining('400 kB') });
});

test('progress whose text is long in JSON fits into the item with the largest arguments', async () => {
  const { result } = await call('control-characters', { long: 'x'.repeat(393 * 1024) });
  await expect.poll(async () => (await get(result.taskId)).statusMessage).toMatch(/^1 of 2/);
  expect((await until(result.taskId, 'completed')).result).toMatchObject({ content: [{ text: 'done' }] });
});

test('the arguments of a task are deleted when it ends', async () => {
  const { result } = await call('slow', { ms: 1, note: 'private-note' });
  const key = String(delivered.at(-1)?.taskKey);
  expect(JSON.stringify(await stored(key))).toContain('private-note');
  await until(result.taskId, 'completed');
  expect(JSON.stringify(await stored(key))).not.toContain('private-note');
});

type Fault = 'throttle' | 'lose';

/** Runs with a proxy in front of the table that throttles requests, or drops the responses of completed ones. */
async function behind<T>(
  faultOf: (asked: number, body: string) => Fault | undefined,
  does: (asked: () => number) => Promise<T>,
): Promise<T> {
  const elsewhere = String(process.env.AWS_ENDPOINT_URL_DYNAMODB);
  let asked = 0;
  const proxy = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    asked += 1;
    const target = String(request.headers['x-amz-target']);
    const sent = Buffer.concat(chunks);
    const fault = faultOf(asked, sent.toString());
    const type = 'com.amazonaws.dynamodb.v20120810#ThrottlingException';
    if (fault === 'throttle')
      return response.writeHead(400).end(JSON.stringify({ __type: type, message: 'Rate' }));
    const { 'content-type': contentType = '', authorization = '' } = request.headers;
    const headers = {
      'x-amz-target': target,
      'x-amz-date': String(request.headers['x-amz-date']),
      'content-type': contentType,
      authorization,
    };
    const received = await fetch(elsewhere, { method: 'POST', headers, body: sent });
    const text = await received.text();
    return fault === 'lose' ? response.destroy() : response.writeHead(received.status).end(text);
  }).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  process.env.AWS_ENDPOINT_URL_DYNAMODB = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  try {
    return await does(() => asked);
  } finally {
    process.env.AWS_ENDPOINT_URL_DYNAMODB = elsewhere;
    proxy.close();
  }
}

test('a task whose table responses are lost runs its tool once, in one attempt', async () => {
  const lost = new Set<string>();
  const loseOnce = (_asked: number, body: string): Fault | undefined => {
    const { ConditionExpression: condition } = JSON.parse(body);
    if (condition === undefined || lost.has(condition)) return undefined;
    lost.add(condition);
    return 'lose';
  };
  runs = [];
  await behind(loseOnce, async () => {
    const { result, error } = await call('slow', { ms: 10 });
    expect(error).toBeUndefined();
    await until(result.taskId, 'completed');
    const { data } = await stored(delivered.at(-1)?.taskKey ?? '');
    expect(data.attempts).toBe(1);
  });
  expect([...lost]).toEqual([
    expect.stringContaining('attribute_not_exists'),
    expect.stringContaining('#version ='),
  ]);
  expect(runs).toHaveLength(1);
});

test('a throttled request of the table is retried, and a caller gets an error without the reason if throttling continues', async () => {
  const first = (times: number) => (asked: number) => (asked <= times ? 'throttle' : undefined);
  await behind(first(4), async asked => {
    const { result } = await call('slow', { ms: 1 });
    expect((await until(result.taskId, 'completed')).status).toBe('completed');
    expect(asked()).toBeGreaterThan(5);
  });
  const said = vi.spyOn(console, 'error').mockImplementation(() => undefined);
  const { error } = await behind(first(1_000), () => call('slow', { ms: 1 }));
  expect(error).toMatchObject({ code: -32603, message: expect.stringContaining('cannot store tasks') });
  expect(JSON.stringify(error)).not.toMatch(/Throttl|127\.0\.0\.1/);
  const gone = await behind(first(1_000), () => send('tasks/get', { taskId: 'any' }));
  expect(gone.error).toEqual(error);
  expect(String(said.mock.calls[0]?.[1])).toContain('ThrottlingException');
  said.mockRestore();
});

test('an expired task does not exist for its caller, although it is still in the table', async () => {
  delivered = [];
  const { result } = await call('slow', { ms: 1 });
  await until(result.taskId, 'completed');
  const key = delivered[0]?.taskKey ?? '';
  const item = await stored(key);
  await store.update({ ...item, expires: Math.floor(Date.now() / 1000) - 1 }, item.data);
  const gone = await send('tasks/get', { taskId: result.taskId });
  expect(gone.error).toEqual((await send('tasks/get', { taskId: 'never' })).error);
  expect((await send('tasks/cancel', { taskId: result.taskId })).error?.code).toBe(-32602);
  await deliver({ path: '/mcp', taskKey: key });
  const { Items } = await client.send(new ScanCommand({ TableName: 'tasks' }));
  expect(Items?.some(item => item.key?.S === key)).toBe(true);
});

test('only an event with the job as its only key is a background job', () => {
  const mcpBackgroundJob = { path: '/mcp', taskKey: 'key' };
  expect(backgroundJobOf({ mcpBackgroundJob })).toEqual(mcpBackgroundJob);
  const http = {
    version: '2.0',
    rawPath: '/mcp',
    requestContext: { http: { method: 'POST', path: '/mcp' } },
  };
  for (const event of [
    { ...http, mcpBackgroundJob },
    { ...http, body: JSON.stringify({ mcpBackgroundJob }) },
    { mcpBackgroundJob: { path: '/mcp' } },
    { mcpBackgroundJob: null },
    [{ mcpBackgroundJob }],
    null,
    'mcpBackgroundJob',
  ])
    expect(backgroundJobOf(event)).toBeUndefined();
});

async function bundled(contents: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: ROOT },
    bundle: true,
    minify: true,
    platform: 'node',
    format: 'esm',
    write: false,
  });
  return outputFiles[0]?.text ?? '';
}

test('the bundle contains tasks only if a route uses them', async () => {
  const text = await bundled("export { dynamoTasks } from './app/framework/tasks/dynamo-tasks.ts';");
  for (const trace of [/DynamoDB_\d/, /tasks\/update["'],\{params/]) {
    expect(text).toMatch(trace);
    expect(readFileSync(`${DIST}/bundle.cjs`, 'utf8')).not.toMatch(trace);
  }
});
