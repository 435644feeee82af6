/** Lambda's Invoke API, with the AWS SDK's client and with plain HTTP requests. */

import { mkdtempDisposableSync, writeFileSync } from 'node:fs';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  InvokeCommand,
  InvokeWithResponseStreamCommand,
  LambdaClient,
  ResourceNotFoundException,
  TooManyRequestsException,
} from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { closeAll } from '../../../helpers/close-all.ts';
import { type RunningLambda, startFunction } from '../../../helpers/local-lambda.ts';

const SERVED = ['--invoke-port', '0'];

function clientOf({ invokeUrl }: RunningLambda, secretAccessKey = 'not-checked-here'): LambdaClient {
  const credentials = { accessKeyId: 'AKIAEXAMPLE', secretAccessKey };
  return new LambdaClient({ endpoint: invokeUrl, region: 'us-east-1', credentials, maxAttempts: 1 });
}

const asJson = (payload: Uint8Array | undefined): unknown =>
  JSON.parse(Buffer.from(payload ?? []).toString());

describe('Invoke', () => {
  let lambda: RunningLambda;
  let client: LambdaClient;
  beforeAll(async () => {
    lambda = await startFunction('buffered', { args: SERVED });
    client = clientOf(lambda);
  });
  afterAll(() => closeAll(lambda));

  const invoke = (as: string, input: Partial<InvokeCommand['input']> = {}) =>
    client.send(
      new InvokeCommand({
        FunctionName: 'local',
        Payload: JSON.stringify({ queryStringParameters: { as } }),
        ...input,
      }),
    );

  test('returns the payload, and the log if LogType is Tail', async () => {
    const { StatusCode, ExecutedVersion, FunctionError, Payload, LogResult } = await invoke('logs', {
      LogType: 'Tail',
    });
    expect({ StatusCode, ExecutedVersion, FunctionError }).toEqual({
      StatusCode: 200,
      ExecutedVersion: '$LATEST',
    });
    expect(asJson(Payload)).toEqual({ statusCode: 200, body: 'logged' });
    expect(Buffer.from(LogResult ?? '', 'base64').toString()).toContain('a line of the function');
  });

  test('returns the error of the function as a payload', async () => {
    const { StatusCode, FunctionError, Payload } = await invoke('throws');
    expect({ StatusCode, FunctionError }).toEqual({ StatusCode: 200, FunctionError: 'Unhandled' });
    expect(asJson(Payload)).toMatchObject({ errorType: 'RangeError', errorMessage: 'thrown by the handler' });
  });

  test('responds to an event invocation at once and runs it', async () => {
    const { StatusCode } = await invoke('logs', { InvocationType: 'Event' });
    expect(StatusCode).toBe(202);
    await lambda.printed(/a line of the function/);
  });

  test('responds to a dry run without running the function', async () => {
    expect((await invoke('full', { InvocationType: 'DryRun' })).StatusCode).toBe(204);
  });

  test('accepts an ARN with a qualifier, and rejects other function names', async () => {
    const FunctionName = 'arn:aws:lambda:us-east-1:123456789012:function:local:live';
    expect((await invoke('full', { FunctionName })).StatusCode).toBe(200);
    await expect(invoke('full', { FunctionName: 'other' })).rejects.toThrow(ResourceNotFoundException);
  });

  test('passes the client context to the function', async () => {
    const ClientContext = Buffer.from(JSON.stringify({ Custom: { key: 'value' } })).toString('base64');
    const { Payload } = await invoke('context', { ClientContext });
    expect(asJson(Payload)).toMatchObject({ clientContext: { Custom: { key: 'value' } } });
  });

  test('rejects a payload that is not JSON or too large, and requests of web pages', async () => {
    await expect(
      client.send(new InvokeCommand({ FunctionName: 'local', Payload: '{' })),
    ).rejects.toMatchObject({
      name: 'InvalidRequestContentException',
    });
    const Payload = JSON.stringify('x'.repeat(6 * 1024 * 1024));
    await expect(client.send(new InvokeCommand({ FunctionName: 'local', Payload }))).rejects.toMatchObject({
      name: 'RequestTooLargeException',
    });
    const path = '/2015-03-31/functions/local/invocations';
    const fromPage = await fetch(lambda.invokeUrl + path, {
      method: 'POST',
      headers: { origin: 'https://evil.example' },
    });
    expect(fromPage.status).toBe(403);
    expect((await invoke('full')).StatusCode).toBe(200);
  });
});

test('InvokeWithResponseStream returns each chunk when it is written, and the outcome at the end', async () => {
  await using lambda = await startFunction('act', { args: SERVED });
  const client = clientOf(lambda);
  const stream = async (query: object, onChunk: (text: string) => void = () => undefined) => {
    const Payload = JSON.stringify({ queryStringParameters: query });
    const { EventStream = [] } = await client.send(
      new InvokeWithResponseStreamCommand({ FunctionName: 'local', Payload, LogType: 'Tail' }),
    );
    let text = '';
    let complete: { ErrorCode?: string; ErrorDetails?: string } | undefined;
    for await (const event of EventStream) {
      if (event.PayloadChunk) text += Buffer.from(event.PayloadChunk.Payload ?? []).toString();
      onChunk(text);
      if (event.InvokeComplete) complete = event.InvokeComplete as typeof complete;
    }
    return { text, complete };
  };
  using folder = mkdtempDisposableSync(join(tmpdir(), 'chunks-'));
  const file = join(folder.path, 'first-chunk-is-here');
  // The function writes the second chunk when this test has the first one.
  const chunks = await stream({ do: 'untilFile', file }, text => {
    if (text.endsWith('one')) writeFileSync(file, '');
  });
  expect(chunks.text).toMatch(/onetwo$/);
  expect(chunks.complete?.ErrorCode).toBeUndefined();
  const broken = await stream({ do: 'throwMidway' });
  expect(broken.text).toContain('half');
  expect(broken.complete).toMatchObject({
    ErrorCode: 'TypeError',
    ErrorDetails: expect.stringContaining('thrown midway'),
  });
});

test('Invoke throws TooManyRequestsException at the concurrency limit', async () => {
  await using lambda = await startFunction('act', { args: [...SERVED, '--concurrency', '1'] });
  const client = clientOf(lambda);
  const Payload = JSON.stringify({ queryStringParameters: { do: 'waitBefore', ms: '800' } });
  const both = await Promise.allSettled(
    [0, 1].map(() => client.send(new InvokeCommand({ FunctionName: 'local', Payload }))),
  );
  const refused = both.find(({ status }) => status === 'rejected') as PromiseRejectedResult | undefined;
  expect(refused?.reason).toBeInstanceOf(TooManyRequestsException);
  expect(both.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
});

describe('access to the Invoke API', () => {
  const target = '/2015-03-31/functions/local/invocations';
  /** An event with a caller identity, which only AWS may set. */
  const madeUp = JSON.stringify({
    queryStringParameters: { as: 'full' },
    requestContext: { authorizer: { iam: { userArn: 'arn:aws:iam::123456789012:root' } } },
  });

  test('is off unless a port is set; the port of the endpoint never serves the Invoke API', async () => {
    await using closed = await startFunction('echoBuffered', { args: ['--invoke-mode', 'BUFFERED'] });
    expect(closed.output()).not.toContain('Invoke API');
    await using open = await startFunction('echoBuffered', {
      args: [...SERVED, '--invoke-mode', 'BUFFERED'],
    });
    for (const lambda of [closed, open]) {
      // The function gets the request like that of any other path, as an event of the endpoint.
      const response = await fetch(lambda.url + target, { method: 'POST', body: madeUp });
      const event = JSON.parse(await response.text());
      expect(event).toMatchObject({ rawPath: target, requestContext: { accountId: 'anonymous' } });
      expect(event.requestContext.authorizer).toBeUndefined();
    }
  });

  test('is limited to loopback, even if the endpoint listens on all addresses', async () => {
    await using lambda = await startFunction('echo', { args: [...SERVED, '--host', '0.0.0.0'] });
    expect(lambda.url).toMatch(/^http:\/\/localhost:/);
    const [own] = Object.values(networkInterfaces())
      .flatMap(found => found ?? [])
      .filter(({ family, internal }) => family === 'IPv4' && !internal);
    if (!own) return expect(lambda.invokeUrl).toMatch(/^http:\/\/127\.0\.0\.1:/);
    const elsewhere = (url: string): string => url.replace(/\/\/[^:]+/, `//${own.address}`);
    expect((await fetch(elsewhere(lambda.url))).status).toBe(200);
    await expect(fetch(elsewhere(lambda.invokeUrl) + target, { method: 'POST' })).rejects.toThrow();
  });

  test('requires a valid signature with auth type AWS_IAM', async () => {
    const args = [...SERVED, '--auth-type', 'AWS_IAM', '--iam-credentials', 'AKIAEXAMPLE:the-secret'];
    await using lambda = await startFunction('buffered', { args });
    const unsigned = await fetch(lambda.invokeUrl + target, { method: 'POST', body: madeUp });
    expect(unsigned.status).toBe(403);
    expect(unsigned.headers.get('x-amzn-errortype')).toBe('MissingAuthenticationTokenException');
    const invoke = (secret: string) =>
      clientOf(lambda, secret).send(new InvokeCommand({ FunctionName: 'local', Payload: madeUp }));
    await expect(invoke('another-secret')).rejects.toMatchObject({ name: 'InvalidSignatureException' });
    expect((await invoke('the-secret')).StatusCode).toBe(200);
  });
});

describe('the Invoke API', () => {
  let lambda: RunningLambda;
  beforeAll(async () => {
    lambda = await startFunction('buffered', { args: [...SERVED, '--concurrency', '1', '--timeout', '20'] });
  });
  afterAll(() => closeAll(lambda));

  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  const post = async (path: string, headers: Record<string, string> = {}) => {
    const Payload = JSON.stringify({ queryStringParameters: { as: 'context' } });
    const response = await fetch(lambda.invokeUrl + path, { method: 'POST', body: Payload, headers });
    return { status: response.status, text: await response.text() };
  };
  const target = '/2015-03-31/functions/local/invocations';

  test.each([
    ['a line end', '{"a":\n1}', { a: 1 }],
    ['a line end and a header', '{"a":"b"}\r\n', { a: 'b' }],
    ['characters outside Latin-1', '{"a":"Ω 😀 \\u0000"}', { a: 'Ω 😀 \u0000' }],
  ])('passes on a client context with %s as equal JSON', async (_what, context, expected) => {
    const { status, text } = await post(target, { 'x-amz-client-context': base64(context) });
    expect([status, JSON.parse(text)]).toEqual([200, { clientContext: expected }]);
    expect((await post(target)).status).toBe(200);
  });

  test.each([
    ['not JSON', 'x\r\ny'],
    ['an array', '[]'],
    ['half a document', '{'],
  ])('returns 400 for a client context that is %s, and serves the next call', async (_what, context) => {
    const { status, text } = await post(target, { 'x-amz-client-context': base64(context) });
    expect([status, text]).toEqual([400, expect.stringContaining('base64 of a JSON object')]);
    expect((await post(target)).status).toBe(200);
  });

  test.each(['%', '%ff', '%2', 'local%00', '%E0%A4%A'])(
    'returns 404 for the function name %s',
    async name => {
      for (const path of [
        `/2015-03-31/functions/${name}/invocations`,
        `/2021-11-15/functions/${name}/response-streaming-invocations`,
      ])
        expect(await post(path)).toMatchObject({ status: 404, text: expect.stringMatching(/not found/) });
      expect((await post(target)).status).toBe(200);
    },
  );

  test('returns an error for an unknown path', async () => {
    expect(await post('/2015-03-31/functions')).toMatchObject({ status: 404 });
  });
});
