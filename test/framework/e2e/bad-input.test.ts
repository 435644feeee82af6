/** Invalid requests get the status and the JSON-RPC error of the specification, and the server continues to serve. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { closeAll } from '../../helpers/close-all.ts';
import { modernHeaders, modernRequest } from '../../helpers/json-rpc.ts';
import { type RunningLambda, startApp } from '../../helpers/local-lambda.ts';

const JSON_HEADERS = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };

const DEEP = `${'['.repeat(50_000)}${']'.repeat(50_000)}`;
const MANY = Object.fromEntries(Array.from({ length: 5_000 }, (_, at) => [`k${at}`, at]));
const NO_ARGUMENTS = { name: 'lookup', arguments: null };

let lambda: RunningLambda;
beforeAll(async () => {
  lambda = await startApp();
});
afterAll(() => closeAll(lambda));

interface Sent {
  method?: string;
  headers?: Record<string, string>;
  body?: string;
}

async function send({ method = 'POST', headers = {}, body }: Sent, path = '/mcp') {
  const response = await fetch(lambda.url + path, {
    method,
    headers: { ...JSON_HEADERS, ...headers },
    ...(body !== undefined && { body }),
  });
  const text = await response.text();
  const [, event] = /^data: (.*)$/m.exec(text) ?? [];
  return { status: response.status, message: JSON.parse(event ?? (text || 'null')) };
}

const legacy = (message: object) => ({ body: JSON.stringify({ jsonrpc: '2.0', id: 1, ...message }) });
const modern = (method: string, params: object = {}, headers: Record<string, string> = {}) => {
  const body = JSON.stringify(modernRequest(method, params));
  return { body, headers: { ...modernHeaders(method, params), ...headers } };
};
const call = (name: string, args: object) => ({ name, arguments: args });

async function expectServing(): Promise<void> {
  const { status, message } = await send(modern('tools/list'));
  expect([status, message.result.tools.length > 0]).toEqual([200, true]);
}

describe('the server rejects an invalid request with a status and a JSON-RPC error', () => {
  test.each<[string, Sent, number, number]>([
    ['not JSON', { body: '{"jsonrpc":' }, 400, -32700],
    ['no body', { body: '' }, 400, -32700],
    ['not JSON-RPC', { body: '{"hello":"world"}' }, 400, -32600],
    ['a number', { body: '42' }, 400, -32600],
    ['an unknown method, legacy', legacy({ method: 'tools/destroy' }), 200, -32601],
    ['an unknown method, modern', modern('tools/destroy'), 404, -32601],
    ['an unknown tool, modern', modern('tools/call', call('no_such_tool', {})), 200, -32602],
    [
      'an unknown tool, legacy',
      legacy({ method: 'tools/call', params: call('no_such_tool', {}) }),
      200,
      -32602,
    ],
    [
      'a header with another method than the message',
      modern('tools/list', {}, { 'mcp-method': 'tools/call' }),
      400,
      -32020,
    ],
    [
      'a header with another tool than the message',
      modern('tools/call', call('lookup', { term: 'x' }), { 'mcp-name': 'other' }),
      400,
      -32020,
    ],
    [
      'a header with another revision than the message',
      modern('tools/list', {}, { 'mcp-protocol-version': '2025-11-25' }),
      400,
      -32020,
    ],
    ['an unsupported revision', { ...modern('tools/list'), ...unsupported() }, 400, -32022],
    [
      'an unknown legacy revision in the header',
      { ...legacy({ method: 'tools/list' }), headers: { 'mcp-protocol-version': '1999-01-01' } },
      400,
      -32000,
    ],
    [
      'an unsupported content type',
      { ...legacy({ method: 'tools/list' }), headers: { 'content-type': 'text/plain' } },
      415,
      -32000,
    ],
    [
      'an Accept header without JSON and SSE',
      { ...legacy({ method: 'tools/list' }), headers: { accept: 'text/html' } },
      406,
      -32000,
    ],
    ['a method that is an object', { body: '{"jsonrpc":"2.0","id":1,"method":{"toString":1}}' }, 400, -32600],
    [
      'a method nested 50,000 levels deep',
      { body: `{"jsonrpc":"2.0","id":1,"method":${DEEP}}` },
      400,
      -32600,
    ],
    [
      'an id nested 50,000 levels deep',
      { body: `{"jsonrpc":"2.0","id":${DEEP},"method":"ping"}` },
      400,
      -32600,
    ],
    ['a body nested 50,000 levels deep', { body: DEEP }, 400, -32600],
    ['params that are null', legacy({ method: 'tools/list', params: null }), 400, -32600],
    ['arguments that are null', legacy({ method: 'tools/call', params: NO_ARGUMENTS }), 200, -32602],
    ['a cursor that is null', legacy({ method: 'tools/list', params: { cursor: null } }), 200, -32602],
    ['an empty batch', { body: '[]' }, 400, -32600],
    ['a batch with a number in it', { body: '[{"jsonrpc":"2.0","id":1,"method":"ping"},5]' }, 400, -32600],
    ['a batch in a batch', { body: '[[{"jsonrpc":"2.0","id":1,"method":"ping"}]]' }, 400, -32600],
    ['capabilities with 5,000 entries', modern('tools/list', { _meta: { many: MANY } }), 400, -32600],
    ['a compressed body', { body: 'x', headers: { 'content-encoding': 'gzip' } }, 415, -32000],
    ['GET', { method: 'GET', headers: { accept: 'text/event-stream' } }, 405, -32000],
    ['DELETE', { method: 'DELETE' }, 405, -32000],
    ['PUT', { method: 'PUT', body: '{}' }, 405, -32000],
    [
      'subscriptions/listen',
      modern('subscriptions/listen', { notifications: { toolsListChanged: true } }),
      404,
      -32601,
    ],
  ])('%s', async (_what, sent, status, code) => {
    const response = await send(sent);
    expect([response.status, response.message?.error?.code], JSON.stringify(response.message)).toEqual([
      status,
      code,
    ]);
    expect(response.message.jsonrpc).toBe('2.0');
    await expectServing();
  });
});

test.each([
  ['legacy', legacy({ method: 'tools/call', params: call('lookup', { term: 7, style: 'italic' }) })],
  ['modern', modern('tools/call', call('lookup', { term: 7, style: 'italic' }))],
])(
  'arguments that do not match the schema lead to a tool error that names the fields, %s era',
  async (_era, sent) => {
    const { status, message } = await send(sent);
    expect([status, message.result?.isError]).toEqual([200, true]);
    expect(message.result.content[0].text).toMatch(/term[\s\S]*style/);
  },
);

test.each([
  ...['/x/..%2fmcp', '/x/..%5cmcp', '/%2e%2e%2fmcp', '/.well-known/..%2fmcp', '/.well-known%2f..%2fmcp'],
  ...['/%6dcp', '/mc%70', '/m%63p', '//mcp', '/mcp//', '/mcp%2f', '/mcp;x', '/mcp%00', '/MCP'],
])('the path %s reaches no server', async path => {
  const response = await fetch(lambda.url + path, {
    method: 'POST',
    headers: JSON_HEADERS,
    body: legacy({ method: 'tools/list' }).body,
  });
  expect([400, 404]).toContain(response.status);
  expect(await response.text()).not.toContain('lookup');
  await expectServing();
});

test('notifications with invented tool names do not add metrics', async () => {
  for (let at = 0; at < 60; at += 1) {
    const { body } = legacy({ method: 'tools/call', id: undefined, params: { name: `made-up-${at}` } });
    expect((await fetch(`${lambda.url}/mcp`, { method: 'POST', headers: JSON_HEADERS, body })).status).toBe(
      202,
    );
  }
  await expectServing();
  expect(lambda.output()).not.toMatch(/"tool":"made-up/i);
});

test('a body over 6 MiB gets 413', async () => {
  const response = await fetch(`${lambda.url}/mcp`, {
    method: 'POST',
    headers: JSON_HEADERS,
    body: 'x'.repeat(6_400_000),
  });
  expect(response.status).toBe(413);
  await expectServing();
});

test('a notification is acknowledged with 202', async () => {
  const { status } = await fetch(`${lambda.url}/mcp`, {
    method: 'POST',
    headers: JSON_HEADERS,
    body: '{"jsonrpc":"2.0","method":"notifications/initialized"}',
  });
  expect(status).toBe(202);
});

test('/healthz returns 200, and unknown paths return 404 as JSON', async () => {
  const probe = await fetch(`${lambda.url}/healthz`);
  expect([probe.status, await probe.json()]).toEqual([200, { status: 'ok' }]);
  const { status, message } = await send({ method: 'GET' }, '/no/such/path');
  expect([status, message]).toEqual([
    404,
    { error: 'not_found', message: 'Nothing is mounted at /no/such/path.' },
  ]);
});

function unsupported(): Sent {
  const body = JSON.stringify(modernRequest('tools/list', {}, '2099-01-01'));
  return { body, headers: modernHeaders('tools/list', {}, '2099-01-01') };
}
