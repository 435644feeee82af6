/** The AWS client: signatures that the local Lambda verifies, retries, and what its errors contain. */
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type AwsSettings, createAwsClient } from '../../../../app/framework/aws/aws-client.ts';
import { awsSettings } from '../../../../app/framework/aws/aws-settings.ts';
import { closeAll } from '../../../helpers/close-all.ts';
import { ROOT, type RunningLambda, startFunction, TEST_PACKAGES } from '../../../helpers/local-lambda.ts';

const SECRET = 'the/secret+key';
const TOKEN = 'the+session/token==';

function settingsFor(url: string, secretAccessKey = SECRET): AwsSettings {
  return awsSettings({
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'AKIATESTONE',
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_SESSION_TOKEN: TOKEN,
    AWS_ENDPOINT_URL: url,
  });
}

/** Serves on loopback until it is disposed. */
async function serve(listener: RequestListener): Promise<AsyncDisposable & { url: string }> {
  const server = createServer(listener);
  await new Promise<void>(listening => server.listen(0, '127.0.0.1', listening));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: () => new Promise<void>(closed => server.close(() => closed())),
  };
}

const INVOKE = {
  path: '/a%3Ab/invocations',
  headers: { 'content-type': 'application/json' },
  body: '{"a":"ü"}',
};

describe('an endpoint that verifies signatures', () => {
  let lambda: RunningLambda;
  beforeAll(async () => {
    lambda = await startFunction('echo', {
      args: ['--auth-type', 'AWS_IAM'],
      env: { LAMBDA_IAM_CREDENTIALS: `AKIATESTONE:${SECRET}` },
    });
  });
  afterAll(() => closeAll(lambda));

  test('accepts a request of the client, and rejects one that is signed with another secret', async () => {
    const accepted = await createAwsClient(() => settingsFor(lambda.url))('lambda', INVOKE);
    expect(JSON.parse(accepted)).toMatchObject({
      rawPath: '/a%3Ab/invocations',
      body: '{"a":"ü"}',
      headers: { 'x-amz-security-token': TOKEN, 'content-type': 'application/json' },
      requestContext: { http: { method: 'POST' }, authorizer: { iam: { accessKey: 'AKIATESTONE' } } },
    });
    const rejected = createAwsClient(() => settingsFor(lambda.url, 'another'))('lambda', INVOKE);
    await expect(rejected).rejects.toMatchObject({ code: 'AWS_ERROR', type: 'AccessDeniedException' });
  });
});

test('an error contains the service, the status and the text, but neither the secret nor the session token', async () => {
  await using server = await serve((request, response) => {
    const canonical = `x-amz-security-token:${request.headers['x-amz-security-token']}`;
    const __type = 'com.amazon.coral.service#InvalidSignatureException';
    response.writeHead(400).end(JSON.stringify({ __type, message: `Canonical: ${canonical}` }));
  });
  const error = await createAwsClient(() => settingsFor(server.url))('dynamodb', INVOKE).catch(
    error => error,
  );
  expect(error).toMatchObject({ name: 'AwsError', type: 'InvalidSignatureException' });
  expect(error.message).toContain('dynamodb returned 400');
  expect(error.message).toContain('[session token]');
  expect(`${error.stack} ${JSON.stringify(error)}`).not.toContain(TOKEN);
  expect(`${error.stack} ${JSON.stringify(error)}`).not.toContain(SECRET);
});

test.each<[string, RequestListener]>([
  [
    'throttling',
    (_request, response) =>
      response.writeHead(400).end(JSON.stringify({ __type: 'x#ProvisionedThroughputExceededException' })),
  ],
  [
    'throttling of Lambda',
    (_request, response) =>
      response.writeHead(429, { 'x-amzn-errortype': 'TooManyRequestsException:http://internal' }).end(),
  ],
  ['a server error', (_request, response) => response.writeHead(500).end('<html>')],
  ['a lost connection', (_request, response) => response.destroy()],
  [
    'a response that is cut off',
    (_request, response) => {
      response.writeHead(200, { 'content-length': '10' });
      response.write('12345', () => response.destroy());
    },
  ],
])('the AWS client retries %s, up to five attempts', async (_name, fault) => {
  let requests = 0;
  let faults = 4;
  await using server = await serve((request, response) => {
    requests += 1;
    if (requests > faults) response.end('done');
    else fault(request, response);
  });
  const callAws = createAwsClient(() => settingsFor(server.url));
  expect(await callAws('dynamodb', INVOKE)).toBe('done');
  expect(requests).toBe(5);
  requests = 0;
  faults = 5;
  await expect(callAws('dynamodb', INVOKE)).rejects.toMatchObject({ name: 'AwsError' });
  expect(requests).toBe(5);
});

test('the AWS client does not retry a 4xx error', async () => {
  let requests = 0;
  await using server = await serve((_request, response) => {
    requests += 1;
    response.writeHead(400).end(JSON.stringify({ __type: 'x#ValidationException' }));
  });
  const call = createAwsClient(() => settingsFor(server.url))('dynamodb', INVOKE);
  await expect(call).rejects.toMatchObject({ type: 'ValidationException' });
  expect(requests).toBe(1);
});

test('each attempt of the AWS client reads the settings, so that renewed credentials are used', async () => {
  const tokens: unknown[] = [];
  await using server = await serve((request, response) => {
    tokens.push(request.headers['x-amz-security-token']);
    response.writeHead(tokens.length === 1 ? 500 : 200).end();
  });
  const sessionTokens = ['first', 'second'].values();
  const callAws = createAwsClient(() => {
    const { credentials, ...settings } = settingsFor(server.url);
    return { ...settings, credentials: { ...credentials, sessionToken: String(sessionTokens.next().value) } };
  });
  await callAws('lambda', INVOKE);
  expect(tokens).toEqual(['first', 'second']);
});

test('the endpoint can be set for one AWS service or for all', () => {
  const endpoints = (env: NodeJS.ProcessEnv) => awsSettings({ AWS_REGION: 'cn-north-1', ...env }).endpoints;
  expect(endpoints({})).toEqual({
    dynamodb: 'https://dynamodb.cn-north-1.amazonaws.com.cn',
    lambda: 'https://lambda.cn-north-1.amazonaws.com.cn',
    secretsmanager: 'https://secretsmanager.cn-north-1.amazonaws.com.cn',
    ssm: 'https://ssm.cn-north-1.amazonaws.com.cn',
  });
  expect(endpoints({ AWS_ENDPOINT_URL: 'http://all', AWS_ENDPOINT_URL_DYNAMODB: 'http://one' })).toEqual({
    dynamodb: 'http://one',
    lambda: 'http://all',
    secretsmanager: 'http://all',
    ssm: 'http://all',
  });
  // The variable that the AWS SDKs read. https://docs.aws.amazon.com/sdkref/latest/guide/ss-endpoints-table.html
  expect(endpoints({ AWS_ENDPOINT_URL_SECRETS_MANAGER: 'http://one' }).secretsmanager).toBe('http://one');
});

test('the AWS client is less than 1/50 of the size of the AWS SDK’s two clients', async () => {
  const bytesOf = async (contents: string): Promise<number> => {
    const { outputFiles } = await build({
      stdin: { contents, resolveDir: TEST_PACKAGES },
      bundle: true,
      minify: true,
      platform: 'node',
      format: 'esm',
      write: false,
      external: ['zod'],
    });
    return outputFiles[0]?.contents.length ?? 0;
  };
  const own = await bytesOf(`export { createAwsClient } from '${ROOT}/app/framework/aws/aws-client.ts';`);
  const sdk = await bytesOf(
    "export { DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';" +
      "export { LambdaClient, InvokeCommand } from '@aws-sdk/client-lambda';",
  );
  expect(own).toBeLessThan(sdk / 50);
});
