/** The AWS services of the local Lambda: only the function may call them, with its own key and the AWS SDK. */
import { once } from 'node:events';
import { connect } from 'node:net';
import {
  ConditionalCheckFailedException,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { OptionError, parseOptions } from '../../../../app/framework/local-lambda/options.ts';
import { closeAll } from '../../../helpers/close-all.ts';
import { type RunningLambda, startFunction } from '../../../helpers/local-lambda.ts';

const REGION = 'us-east-1';
type Env = Record<string, string>;
const seenBy = async ({ url }: RunningLambda): Promise<Env> => (await (await fetch(url)).json()) as Env;

describe('the local AWS services', () => {
  let lambda: RunningLambda;
  let env: Env;
  beforeAll(async () => {
    lambda = await startFunction('environment', {
      args: ['--tables', 'notes:id other.table:key', '--self-invoke', 'on'],
    });
    env = await seenBy(lambda);
  });
  afterAll(() => closeAll(lambda));

  const clientOptions = (secretAccessKey = env.AWS_SECRET_ACCESS_KEY ?? '') => ({
    region: REGION,
    credentials: { accessKeyId: env.AWS_ACCESS_KEY_ID ?? '', secretAccessKey },
    maxAttempts: 1,
  });
  const dynamo = (secret?: string): DynamoDBClient =>
    new DynamoDBClient({ ...clientOptions(secret), endpoint: env.AWS_ENDPOINT_URL_DYNAMODB ?? '' });

  test('store items in the tables of --tables, on loopback', async () => {
    expect(env.AWS_ENDPOINT_URL_DYNAMODB).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    const put = new PutItemCommand({
      TableName: 'notes',
      Item: { id: { S: 'a' }, text: { S: 'b' } },
      ConditionExpression: 'attribute_not_exists(id)',
    });
    await dynamo().send(put);
    await expect(dynamo().send(put)).rejects.toBeInstanceOf(ConditionalCheckFailedException);
    const Key = { id: { S: 'a' } };
    expect(await dynamo().send(new GetItemCommand({ TableName: 'notes', Key }))).toMatchObject({
      Item: { text: { S: 'b' } },
    });
    await expect(dynamo().send(new GetItemCommand({ TableName: 'unknown', Key }))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
  });

  test('let the function invoke itself', async () => {
    const client = new LambdaClient({ ...clientOptions(), endpoint: env.AWS_ENDPOINT_URL_LAMBDA ?? '' });
    const FunctionName = `arn:aws:lambda:${REGION}:123456789012:function:local`;
    const { StatusCode } = await client.send(new InvokeCommand({ FunctionName, InvocationType: 'Event' }));
    expect(StatusCode).toBe(202);
  });

  test('reject other signatures and browsers, and stay available after a client has disconnected', async () => {
    const url = env.AWS_ENDPOINT_URL_DYNAMODB ?? '';
    const get = new GetItemCommand({ TableName: 'notes', Key: { id: { S: 'a' } } });
    await expect(dynamo('another-secret').send(get)).rejects.toMatchObject({
      name: 'UnrecognizedClientException',
    });
    const target = {
      'x-amz-target': 'DynamoDB_20120810.ListTables',
      'content-type': 'application/x-amz-json-1.0',
    };
    const unsigned = await fetch(url, { method: 'POST', headers: target, body: '{}' });
    expect([unsigned.status, await unsigned.text()]).toEqual([
      400,
      expect.stringContaining('UnrecognizedClient'),
    ]);
    const page = await fetch(url, {
      method: 'POST',
      headers: { ...target, origin: 'https://evil.example' },
      body: '{}',
    });
    expect([page.status, page.headers.get('access-control-allow-origin')]).toEqual([403, null]);
    const preflight = await fetch(url, { method: 'OPTIONS', headers: { origin: 'https://evil.example' } });
    expect([preflight.status, preflight.headers.get('access-control-allow-origin')]).toEqual([403, null]);
    const invoke = await fetch(`${url}/2015-03-31/functions/local/invocations`, {
      method: 'POST',
      body: '{}',
    });
    expect(invoke.status).toBe(403);

    const { port } = new URL(url);
    const socket = connect(Number(port), '127.0.0.1');
    await once(socket, 'connect');
    socket.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n{"half":');
    socket.destroy();
    await once(socket, 'close');
    expect((await dynamo().send(get)).Item?.id?.S).toBe('a');
  });
});

test('existing variables of the function override those of the local AWS services, which start only if configured', async () => {
  const given = {
    AWS_ENDPOINT_URL_DYNAMODB: 'http://127.0.0.1:1',
    AWS_ACCESS_KEY_ID: 'AKIAMINE',
    AWS_SECRET_ACCESS_KEY: 'mine',
  };
  await using asking = await startFunction('environment', { args: ['--tables', 'notes:id'], env: given });
  expect(await seenBy(asking)).toMatchObject(given);
  await using plain = await startFunction('environment', {});
  const names = Object.keys(await seenBy(plain)).filter(name => /ENDPOINT_URL|ACCESS_KEY/.test(name));
  expect(names).toEqual([]);
});

test.each(['notes', 'no:id', 'notes:', 'notes:a:b', 'a/b:c'])('--tables %s is rejected', value => {
  expect(() => parseOptions(['--tables', value], {})).toThrow(OptionError);
  expect(() => parseOptions(['--tables', value], {})).toThrow(/must be NAME:KEY, separated by commas/);
});
