/** Plain HTTP requests to the Runtime API, for responses that the runtime client never causes. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { RuntimeApi, type RuntimeResponse } from '../../../../app/framework/local-lambda/runtime-api.ts';

describe('the Runtime API', () => {
  let api: RuntimeApi;
  let base: string;
  let responses: RuntimeResponse[];
  let idles: number;
  beforeEach(async () => {
    responses = [];
    idles = 0;
    api = new RuntimeApi({
      idle: () => idles++,
      initError: () => undefined,
      response: response => responses.push(response),
    });
    base = `http://${await api.listen()}/2018-06-01/runtime`;
  });
  afterEach(() => api.close());

  const send = (path: string, body = '{}', headers: Record<string, string> = {}) =>
    fetch(`${base}/${path}`, { method: 'POST', body, headers });
  const post = async (...call: Parameters<typeof send>) => {
    const response = await send(...call);
    return {
      status: response.status,
      body: (await response.json()) as { errorType?: string; status?: string },
    };
  };
  const invocation = {
    id: 'id-1',
    payload: '{"an":"event"}',
    functionArn: 'arn',
    traceId: 'Root=1',
    clientContext: '{"a":1}',
  };
  async function invoked(): Promise<Response> {
    const before = idles;
    const next = fetch(`${base}/invocation/next`);
    await expect.poll(() => idles).toBe(before + 1);
    api.dispatch(invocation, 1234567890123);
    return next;
  }

  test('returns an invocation with its headers', async () => {
    const response = await invoked();
    expect(await response.json()).toEqual({ an: 'event' });
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'lambda-runtime-aws-request-id': 'id-1',
      'lambda-runtime-deadline-ms': '1234567890123',
      'lambda-runtime-invoked-function-arn': 'arn',
      'lambda-runtime-trace-id': 'Root=1',
      'lambda-runtime-client-context': '{"a":1}',
    });
  });

  test('accepts one response per invocation and rejects a second one', async () => {
    await invoked();
    expect(await post('invocation/id-1/response', '"done"')).toEqual({ status: 202, body: { status: 'OK' } });
    expect(responses).toMatchObject([{ kind: 'buffered', body: Buffer.from('"done"') }]);
    expect(await post('invocation/id-1/response')).toMatchObject({
      status: 403,
      body: { errorType: 'InvalidStateTransition' },
    });
    expect(responses).toHaveLength(1);
  });

  test('rejects an unknown request ID, path or method', async () => {
    await invoked();
    expect(await post('invocation/id-2/response')).toMatchObject({
      status: 400,
      body: { errorType: 'InvalidRequestID' },
    });
    expect((await send('nothing')).status).toBe(404);
    const wrong = await send('invocation/next');
    expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, 'GET']);
    expect((await post('invocation/id-1/response')).status).toBe(202);
  });

  test('ends the invocation with an error if the response mode is unknown', async () => {
    await invoked();
    const mode = { 'lambda-runtime-function-response-mode': 'chatty' };
    expect(await post('invocation/id-1/response', '{}', mode)).toMatchObject({
      status: 400,
      body: { errorType: 'InvalidFunctionResponseMode' },
    });
    expect(responses).toMatchObject([
      { kind: 'error', error: { type: 'Runtime.InvalidResponseModeHeader' } },
    ]);
    expect((await post('invocation/id-1/response')).status).toBe(403);
  });

  test('returns the same invocation again if the runtime requests the next one before it has responded', async () => {
    await invoked();
    const again = await fetch(`${base}/invocation/next`);
    expect(again.headers.get('lambda-runtime-aws-request-id')).toBe('id-1');
    expect(await again.json()).toEqual({ an: 'event' });
    expect((await post('invocation/id-1/response')).status).toBe(202);
    expect(responses).toHaveLength(1);
  });

  test('rejects a buffered response over 6,291,556 bytes, and accepts one of exactly that size', async () => {
    await invoked();
    expect(await post('invocation/id-1/response', 'x'.repeat(6_291_557))).toMatchObject({
      status: 413,
      body: { errorType: 'RequestEntityTooLarge' },
    });
    expect(responses).toMatchObject([{ kind: 'error', error: { type: 'Function.ResponseSizeTooLarge' } }]);
    await invoked();
    expect((await post('invocation/id-1/response', 'x'.repeat(6_291_556))).status).toBe(202);
  });

  test('accepts an error with its type and body', async () => {
    await invoked();
    const body = JSON.stringify({ errorType: 'Bad', errorMessage: 'why' });
    const type = { 'lambda-runtime-function-error-type': 'Function.MyType' };
    expect((await post('invocation/id-1/error', body, type)).status).toBe(202);
    expect(responses).toEqual([{ kind: 'error', error: { type: 'Function.MyType', body } }]);
  });

  test('rejects a second `next` and an init error while the environment is idle', async () => {
    const waiting = fetch(`${base}/invocation/next`);
    await expect.poll(() => idles).toBe(1);
    expect((await fetch(`${base}/invocation/next`)).status).toBe(403);
    expect((await post('init/error')).status).toBe(403);
    api.dispatch(invocation, 1);
    expect((await waiting).status).toBe(200);
  });
});
