/** State of tools that request input in several rounds, served by several execution environments. */
import { inputRequired, McpServer } from '@modelcontextprotocol/server';
import { Hono } from 'hono';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createKeys } from '../../../../app/framework/auth/secret.ts';
import { createSignedState, type SignedStateOptions } from '../../../../app/framework/auth/signed-state.ts';
import { type McpOptions, mcp } from '../../../../app/framework/index.ts';
import { modernHeaders, modernRequest } from '../../../helpers/json-rpc.ts';

const SECRET = 'secret-of-the-test-0123456789-0123456789';
const NEXT = 'the-next-secret-0123456789-0123456789-01';

interface Result {
  requestState?: string;
  content?: { text: string }[];
  isError?: boolean;
}

beforeEach(() => {
  vi.spyOn(console, 'error').mockImplementation(() => undefined);
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

interface Environment extends SignedStateOptions {
  secret?: string;
  caller?: { clientId: string; extra?: { subject: string } };
}

/** An execution environment of a server that counts rounds, by two tools. Returns a function that calls one of them. */
function environment({ secret = SECRET, caller, ...options }: Environment = {}) {
  const signedState = createSignedState(() => createKeys({ MCP_SECRET: secret }));
  const route = mcp(
    () => {
      const server = new McpServer({ name: 'rounds', version: '1' });
      for (const flow of ['count', 'other'])
        server.registerTool(flow, {}, async ctx => {
          const state = signedState<{ rounds: number }>(ctx, flow, options);
          const { rounds } = (await state.read()) ?? { rounds: 0 };
          if (rounds === 2) return { content: [{ type: 'text', text: 'two rounds' }] };
          const message = `Round ${rounds + 1}?`;
          return inputRequired({
            inputRequests: {
              go: inputRequired.elicit({ message, requestedSchema: { type: 'object', properties: {} } }),
            },
            requestState: await state.write({ rounds: rounds + 1 }),
          });
        });
      return server;
    },
    { auth: caller ? allow(caller) : 'none' },
  );
  return async function call(requestState?: string, name = 'count'): Promise<Result> {
    const params = { name, arguments: {}, ...(requestState !== undefined && { requestState }) };
    const _meta = { 'io.modelcontextprotocol/clientCapabilities': { elicitation: {} } };
    const response = await new Hono().route('/mcp', route).request('/mcp', {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        ...modernHeaders('tools/call', params),
      },
      body: JSON.stringify(modernRequest('tools/call', { ...params, _meta })),
    });
    const text = await response.text();
    return JSON.parse(text.replace(/^[\s\S]*?^(data: )?(?=\{)/m, '')).result as Result;
  };
}

function allow(caller: NonNullable<Environment['caller']>): NonNullable<McpOptions['auth']> {
  return async () => ({ allowed: true, caller: { token: '', scopes: [], ...caller } });
}

const REJECTED = { isError: true, content: [{ type: 'text', text: 'Invalid or expired requestState' }] };

describe('signedState', () => {
  test('is accepted by every environment of a deployment', async () => {
    const first = await environment()();
    expect(first).toMatchObject({ requestState: expect.stringMatching(/^v1\./) });
    const second = await environment()(first.requestState);
    expect(await environment()(second.requestState)).toMatchObject({ content: [{ text: 'two rounds' }] });
  });

  test('is accepted under the previous secret during a rotation', async () => {
    const { requestState } = await environment()();
    expect(await environment({ secret: `${NEXT},${SECRET}` })(requestState)).toHaveProperty('requestState');
    expect(await environment({ secret: NEXT })(requestState)).toMatchObject(REJECTED);
  });

  test('is rejected if it was changed', async () => {
    const { requestState = '' } = await environment()();
    const [version, body = '', mac] = requestState.split('.');
    const forged = JSON.parse(Buffer.from(body, 'base64url').toString());
    forged.p.rounds = 2;
    const changed = Buffer.from(JSON.stringify(forged)).toString('base64url');
    for (const state of [`${version}.${changed}.${mac}`, `${version}.${body}.${mac}x`, '', 'v1', body])
      expect(await environment()(state), state).toMatchObject(REJECTED);
  });

  test('is rejected by another tool', async () => {
    const { requestState } = await environment()();
    expect(await environment()(requestState, 'other')).toMatchObject(REJECTED);
  });

  test.each<[string, Environment, Environment]>([
    ['another client', { caller: { clientId: 'a' } }, { caller: { clientId: 'b' } }],
    [
      'another person',
      { caller: { clientId: 'a', extra: { subject: 'ada' } } },
      { caller: { clientId: 'a', extra: { subject: 'bob' } } },
    ],
    ['a caller without a name', { caller: { clientId: 'a' } }, {}],
  ])('is rejected if it comes from %s', async (_, mine, other) => {
    const { requestState } = await environment(mine)();
    expect(await environment(other)(requestState)).toMatchObject(REJECTED);
    expect(await environment(mine)(requestState)).toHaveProperty('requestState');
  });

  test('is rejected after it has expired', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const { requestState } = await environment({ ttlSeconds: 60 })();
    vi.advanceTimersByTime(59_000);
    expect(await environment()(requestState)).toHaveProperty('requestState');
    vi.advanceTimersByTime(2_000);
    expect(await environment()(requestState)).toMatchObject(REJECTED);
  });
});
