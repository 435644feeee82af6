/** Ends of a response: complete, failed, or at the deadline. One suite for both handlers, each with the real runtime client. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { closeAll } from '../../../helpers/close-all.ts';
import { type RunningLambda, startFunction } from '../../../helpers/local-lambda.ts';
import { stateOf } from '../../../helpers/processes.ts';

const CALL = JSON.stringify({ jsonrpc: '2.0', id: 'call-7', method: 'tools/call', params: { name: 'x' } });

const TARGETS = [
  ['stream', ['--timeout', '5', '--environments', '1']],
  ['buffered', ['--timeout', '5', '--environments', '1', '--invoke-mode', 'BUFFERED']],
] as const;

describe.each(TARGETS)('handler.%s', (handler, args) => {
  let lambda: RunningLambda;
  beforeAll(async () => {
    lambda = await startFunction(handler, { args }, 'misbehaving-app');
  });
  afterAll(() => closeAll(lambda));

  const post = (path: string, body = CALL) =>
    fetch(lambda.url + path, { method: 'POST', body, signal: AbortSignal.timeout(300_000) });
  const pid = async (): Promise<string> => (await fetch(`${lambda.url}/pid`)).text();

  test.each(['text', 'null', 'stream'])(
    'keeps the status and headers of a response with an empty body (%s)',
    async kind => {
      for (const status of [200, 202, 401, 404, 405]) {
        const response = await post(`/empty/${kind}/${status}`);
        expect([response.status, response.headers.get('x-own')]).toEqual([status, 'kept']);
        expect((await response.text()).trim()).toBe('');
      }
    },
  );

  test('sends a 204 without a body', async () => {
    const response = await post('/empty/null/204');
    expect([response.status, await response.text(), response.headers.get('x-own')]).toEqual([
      204,
      '',
      'kept',
    ]);
  });

  test('sends each cookie in its own Set-Cookie header', async () => {
    expect((await post('/cookies')).headers.getSetCookie()).toEqual(['a=1', 'b=2']);
  });

  test('ends an SSE stream that fails with a JSON-RPC error, and the process continues', async () => {
    const before = await pid();
    const text = await (await post('/breaks/events')).text();
    const [one, last] = text
      .split('\n')
      .filter(line => line.startsWith('data: '))
      .map(line => line.slice(6));
    expect(one).toBe('one');
    expect(JSON.parse(last ?? '')).toMatchObject({ jsonrpc: '2.0', id: 'call-7', error: { code: -32603 } });
    expect(text).not.toContain('secret');
    await lambda.printed(/A response could not be finished.*secret detail of the break/);
    expect(await pid()).toBe(before);
  });

  test('returns a JSON-RPC error for a response that fails before its first byte', async () => {
    const response = await post('/breaks/at-once');
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ id: 'call-7', error: { code: -32603 } });
  });

  test('returns a JSON-RPC error with the id of a request that begins with a byte order mark', async () => {
    expect(await (await post('/breaks/at-once', `\ufeff${CALL}`)).json()).toMatchObject({ id: 'call-7' });
  });

  test('ends a response that fails midway, and the process continues', async () => {
    const before = await pid();
    expect(await (await post('/breaks/json')).text()).toBe('{"half":');
    expect(await pid()).toBe(before);
  });

  test('returns a 500 without details if the route throws, and the process continues', async () => {
    const before = await pid();
    const response = await post('/throws');
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain('secret');
    expect(await pid()).toBe(before);
  });

  test.each(['/hangs', '/hangs/heard'])(
    'returns a JSON-RPC error shortly before the deadline if the route %s does not respond',
    async path => {
      const before = await pid();
      const response = await post(path);
      expect([response.status, await response.json()]).toEqual([
        200,
        {
          jsonrpc: '2.0',
          id: 'call-7',
          error: { code: -32001, message: expect.stringMatching(/time limit/) },
        },
      ]);
      if (path.endsWith('heard')) await lambda.printed(/the signal was heard/);
      expect(await pid()).toBe(before);
    },
  );

  test('at the deadline, returns one error per id of a batch, and status 504 for a request that is not JSON-RPC', async () => {
    const batch = JSON.stringify([
      { jsonrpc: '2.0', id: 1, method: 'a' },
      { jsonrpc: '2.0', method: 'b' },
      { jsonrpc: '2.0', id: 'c', method: 'c' },
    ]);
    expect(await (await post('/hangs', batch)).json()).toMatchObject([{ id: 1 }, { id: 'c' }]);
    expect((await post('/hangs', 'not JSON')).status).toBe(504);
  });

  test('ends an open SSE stream with the error at the deadline', async () => {
    const text = await (await post('/hangs/events')).text();
    expect(text).toMatch(/^data: one\n\n[\s\S]*"id":"call-7","error":\{"code":-32001/);
  });

  test.each(['/rejects', '/throws/later', '/rejects/events'])(
    'ends the process after the response if the route %s causes an unhandled error',
    async path => {
      const before = await pid();
      const text = await (await post(path)).text();
      expect(text).toContain('"id":"call-7","error":{"code":-32603');
      expect(text).not.toContain('unhandled fault');
      await lambda.printed(/the execution environment ends.*unhandled fault/);
      await expect.poll(() => stateOf(Number(before))).toBeUndefined();
      expect(await pid()).toMatch(/^\d+$/);
    },
  );
});
