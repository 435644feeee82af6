/** `subscriptions/listen`: refused by default, and limited if allowed. */
import { McpServer } from '@modelcontextprotocol/server';
import { Hono } from 'hono';
import { describe, expect, test } from 'vitest';
import { createPipeline, handlersOf } from '../../../../app/framework/lambda/create-handlers.ts';
import type { Fetch } from '../../../../app/framework/lambda/response-guard.ts';
import { mcp } from '../../../../app/framework/mcp/mcp.ts';
import type { McpOptions } from '../../../../app/framework/mcp/options.ts';
import { v2Event } from '../../../helpers/events.ts';
import { modernHeaders, modernRequest } from '../../../helpers/json-rpc.ts';

function server(): McpServer {
  const made = new McpServer(
    { name: 'changing', version: '1.0.0' },
    { capabilities: { tools: { listChanged: true } } },
  );
  made.registerTool('one', {}, () => ({ content: [] }));
  return made;
}

function listenTo(options: McpOptions) {
  const app = new Hono().route('/mcp', mcp(server, { auth: 'none', ...options }));
  const params = { notifications: { toolsListChanged: true } };
  return (id: string, signal?: AbortSignal) =>
    app.request('/mcp', {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        ...modernHeaders('subscriptions/listen', params),
      },
      body: JSON.stringify(modernRequest('subscriptions/listen', params, undefined, id)),
      ...(signal && { signal }),
    });
}

const INITIALIZE = {
  protocolVersion: '2025-11-25',
  capabilities: {},
  clientInfo: { name: 'older', version: '1' },
};

const eventsOf = (text: string): { id?: string; method?: string; result?: object }[] =>
  [...text.matchAll(/^data: (.*)$/gm)].map(([, data]) => JSON.parse(data ?? ''));

test('subscriptions/listen is refused by default, with the id of the request', async () => {
  const response = await listenTo({})('sub-1');
  expect([response.status, await response.json()]).toMatchObject([
    404,
    { id: 'sub-1', error: { code: -32601 } },
  ]);
});

describe.each<[string, McpOptions]>([
  ['refused', {}],
  ['allowed with limits', { subscriptions: { max: 1, seconds: 60 } }],
])('the header Mcp-Method does not override the message (subscriptions %s)', (_name, options) => {
  const legacyBodies: [string, unknown, RegExp][] = [
    ['tools/list', { jsonrpc: '2.0', id: 1, method: 'tools/list' }, /"name":"one"/],
    [
      'tools/call',
      { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'one' } },
      /"content":\[\]/,
    ],
    ['ping', { jsonrpc: '2.0', id: 1, method: 'ping' }, /"result":\{\}/],
    ['initialize', { jsonrpc: '2.0', id: 1, method: 'initialize', params: INITIALIZE }, /"serverInfo"/],
    [
      'a batch',
      [
        { jsonrpc: '2.0', id: 1, method: 'ping' },
        { jsonrpc: '2.0', id: 2, method: 'ping' },
      ],
      /"id":2/,
    ],
    ['subscriptions/listen', { jsonrpc: '2.0', id: 1, method: 'subscriptions/listen', params: {} }, /-32601/],
  ];
  const errors: unknown[] = [];
  const app = new Hono().route('/mcp', mcp(server, { auth: 'none', ...options }));
  app.onError(error => {
    errors.push(error);
    return new Response(null, { status: 500 });
  });
  const post = async (body: unknown, headers: Record<string, string>) => {
    const text = JSON.stringify(body);
    const response = await app.request('/mcp', {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        ...headers,
      },
      body: text,
    });
    return { status: response.status, text: await response.text() };
  };

  describe.each([
    ['with Content-Length', true],
    ['without Content-Length', false],
  ])('%s', (_sent, withLength) => {
    const claimed = (body: unknown) => ({
      'mcp-method': 'subscriptions/listen',
      ...(withLength && { 'content-length': String(JSON.stringify(body).length) }),
    });

    test.each(legacyBodies)(
      'the %s of an older client gets the same response with and without the header',
      async (_method, body, expected) => {
        expect(await post(body, claimed(body))).toEqual({
          status: 200,
          text: expect.stringMatching(expected),
        });
        expect(errors).toEqual([]);
      },
    );

    test('a message of revision 2026-07-28 with another method than the header is rejected', async () => {
      const body = modernRequest('tools/list');
      const { status, text } = await post(body, { ...modernHeaders('tools/list'), ...claimed(body) });
      expect([status, JSON.parse(text).error.code]).toEqual([400, -32020]);
    });

    test('a subscriptions/listen message with the header of another method is rejected', async () => {
      const body = modernRequest('subscriptions/listen', { notifications: {} });
      const { status, text } = await post(body, { ...claimed(body), ...modernHeaders('tools/list') });
      expect([status, JSON.parse(text).error.code]).toEqual([400, -32020]);
      expect(errors).toEqual([]);
    });
  });
});

test.each([
  ['has a Content-Length', true],
  ['has no Content-Length', false],
])('a body over the limit that %s gets 413', async (_what, withLength) => {
  const app = new Hono().route('/mcp', mcp(server, { auth: 'none', maxRequestBodyBytes: 500 }));
  const body = JSON.stringify(modernRequest('tools/list', { filler: 'x'.repeat(500) }));
  const headers = {
    'content-type': 'application/json',
    ...modernHeaders('tools/list'),
    ...(withLength && { 'content-length': String(body.length) }),
  };
  const response = await app.request('/mcp', { method: 'POST', headers, body });
  expect([response.status, await response.json()]).toMatchObject([413, { error: { code: -32000 } }]);
});

describe('subscriptions/listen with limits', () => {
  test('stays open for the configured time, and ends with the final result', async () => {
    const listen = listenTo({ subscriptions: { max: 1, seconds: 0.4 } });
    const started = performance.now();
    const response = await listen('sub-1');
    expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/);
    const events = eventsOf(await response.text());
    expect(performance.now() - started).toBeGreaterThan(350);
    expect(events[0]?.method).toBe('notifications/subscriptions/acknowledged');
    expect(events.at(-1)).toMatchObject({ id: 'sub-1', result: expect.any(Object) });
  });

  test('has only the final result as its response on Lambda', async () => {
    const app = new Hono().route(
      '/mcp',
      mcp(server, { auth: 'none', subscriptions: { max: 1, seconds: 0.4 } }),
    );
    const params = { notifications: { toolsListChanged: true } };
    const { buffered } = handlersOf(createPipeline(app.fetch as Fetch));
    const body = JSON.stringify(modernRequest('subscriptions/listen', params, undefined, 'sub-1'));
    const event = v2Event({ method: 'POST', path: '/mcp', body }) as { headers: object };
    const headers = { ...event.headers, ...modernHeaders('subscriptions/listen', params) };
    const { body: text } = (await buffered({ ...event, headers })) as { body: string };
    const responses = eventsOf(text).filter(({ id }) => id === 'sub-1');
    expect(responses).toEqual([expect.objectContaining({ result: expect.any(Object) })]);
  });

  test('is rejected over the maximum number, and accepted again after one has ended', async () => {
    const listen = listenTo({ subscriptions: { max: 1, seconds: 0.4 } });
    const first = await listen('sub-1');
    const second = await listen('sub-2');
    expect(await second.json()).toMatchObject({ id: 'sub-2', error: { code: -32603 } });
    await first.text();
    const third = await listen('sub-3');
    expect(third.headers.get('content-type')).toMatch(/^text\/event-stream/);
    await third.text();
  });

  test('is accepted again after a client at the maximum number has disconnected', async () => {
    const listen = listenTo({ subscriptions: { max: 1, seconds: 60 } });
    const first = await listen('sub-1');
    await first.body?.cancel();
    await expect
      .poll(async () => (await listen('sub-2')).headers.get('content-type'))
      .toMatch(/^text\/event-stream/);
  });
});

test.each([
  [{ max: 0, seconds: 1 }, /subscriptions\.max must be a whole number of at least 1, not 0/],
  [{ max: 1.5, seconds: 1 }, /subscriptions\.max/],
  [{ max: 1, seconds: 0 }, /subscriptions\.seconds must be above 0, not 0/],
])('the limits %j are rejected when the route is created', (subscriptions, message) => {
  expect(() => mcp(server, { subscriptions })).toThrow(TypeError);
  expect(() => mcp(server, { subscriptions })).toThrow(message);
});

test('a route without a guard responds to no request', async () => {
  const app = new Hono().route('/mcp', mcp(server));
  app.onError(error => new Response(error.message, { status: 500 }));
  const response = await app.request('/mcp', { method: 'POST', body: '{}' });
  expect([response.status, await response.text()]).toEqual([
    500,
    expect.stringContaining('mounted without a guard'),
  ]);
});
