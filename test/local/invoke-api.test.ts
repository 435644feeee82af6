/** Lambda's Invoke API, by the AWS SDK's own client. */
import {
  InvokeCommand,
  InvokeWithResponseStreamCommand,
  LambdaClient,
  ResourceNotFoundException,
  TooManyRequestsException,
} from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RunningLambda, startFunction } from '../helpers/local-lambda.ts';

function clientOf({ url }: RunningLambda): LambdaClient {
  const credentials = { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'not-checked-here' };
  return new LambdaClient({ endpoint: url, region: 'us-east-1', credentials, maxAttempts: 1 });
}

const asJson = (payload: Uint8Array | undefined): unknown =>
  JSON.parse(Buffer.from(payload ?? []).toString());

describe('Invoke', () => {
  let lambda: RunningLambda;
  let client: LambdaClient;
  beforeAll(async () => {
    lambda = await startFunction('buffered');
    client = clientOf(lambda);
  });
  afterAll(() => lambda.close());

  const invoke = (as: string, input: Partial<InvokeCommand['input']> = {}) =>
    client.send(
      new InvokeCommand({
        FunctionName: 'local',
        Payload: JSON.stringify({ queryStringParameters: { as } }),
        ...input,
      }),
    );

  test('gives the payload, and the log when asked', async () => {
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

  test('gives the error of the function as a payload', async () => {
    const { StatusCode, FunctionError, Payload } = await invoke('throws');
    expect({ StatusCode, FunctionError }).toEqual({ StatusCode: 200, FunctionError: 'Unhandled' });
    expect(asJson(Payload)).toMatchObject({ errorType: 'RangeError', errorMessage: 'thrown by the handler' });
  });

  test('answers an event invocation at once and runs it', async () => {
    const { StatusCode } = await invoke('logs', { InvocationType: 'Event' });
    expect(StatusCode).toBe(202);
    await lambda.printed(/a line of the function/);
  });

  test('answers a dry run without running', async () => {
    expect((await invoke('full', { InvocationType: 'DryRun' })).StatusCode).toBe(204);
  });

  test('takes an ARN with a qualifier, and knows no other function', async () => {
    const FunctionName = 'arn:aws:lambda:us-east-1:123456789012:function:local:live';
    expect((await invoke('full', { FunctionName })).StatusCode).toBe(200);
    await expect(invoke('full', { FunctionName: 'other' })).rejects.toThrow(ResourceNotFoundException);
  });

  test('passes the client context on', async () => {
    const ClientContext = Buffer.from(JSON.stringify({ Custom: { key: 'value' } })).toString('base64');
    const { Payload } = await invoke('context', { ClientContext });
    expect(asJson(Payload)).toMatchObject({ clientContext: { Custom: { key: 'value' } } });
  });

  test('refuses what is not JSON, too large, or sent by a page in a browser', async () => {
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
    const fromPage = await fetch(lambda.url + path, {
      method: 'POST',
      headers: { origin: 'https://evil.example' },
    });
    expect(fromPage.status).toBe(403);
    expect((await invoke('full')).StatusCode).toBe(200);
  });
});

test('InvokeWithResponseStream gives the chunks as they come, and how it ended', async () => {
  await using lambda = await startFunction('act');
  const client = clientOf(lambda);
  const stream = async (act: string) => {
    const Payload = JSON.stringify({ queryStringParameters: { do: act, every: '150', count: '3' } });
    const { EventStream = [] } = await client.send(
      new InvokeWithResponseStreamCommand({ FunctionName: 'local', Payload, LogType: 'Tail' }),
    );
    const chunks: { at: number; text: string }[] = [];
    let complete: { ErrorCode?: string; ErrorDetails?: string } | undefined;
    for await (const event of EventStream) {
      if (event.PayloadChunk)
        chunks.push({
          at: performance.now(),
          text: Buffer.from(event.PayloadChunk.Payload ?? []).toString(),
        });
      if (event.InvokeComplete) complete = event.InvokeComplete as typeof complete;
    }
    return {
      text: chunks.map(({ text }) => text).join(''),
      spread: Number(chunks.at(-1)?.at) - Number(chunks[0]?.at),
      complete,
    };
  };
  const ticks = await stream('ticks');
  expect(ticks.text).toContain('data: 0\n\ndata: 1\n\ndata: 2\n\n');
  expect(ticks.spread).toBeGreaterThan(200);
  expect(ticks.complete?.ErrorCode).toBeUndefined();
  const broken = await stream('throwMidway');
  expect(broken.text).toContain('half');
  expect(broken.complete).toMatchObject({
    ErrorCode: 'TypeError',
    ErrorDetails: expect.stringContaining('thrown midway'),
  });
});

test('the concurrency limit is TooManyRequestsException', async () => {
  await using lambda = await startFunction('act', { args: ['--concurrency', '1'] });
  const client = clientOf(lambda);
  const Payload = JSON.stringify({ queryStringParameters: { do: 'waitBefore', ms: '800' } });
  const both = await Promise.allSettled(
    [0, 1].map(() => client.send(new InvokeCommand({ FunctionName: 'local', Payload }))),
  );
  const refused = both.find(({ status }) => status === 'rejected') as PromiseRejectedResult | undefined;
  expect(refused?.reason).toBeInstanceOf(TooManyRequestsException);
  expect(both.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
});
