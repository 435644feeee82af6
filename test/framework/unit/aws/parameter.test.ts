/** Settings that name an SSM parameter instead of containing the value. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createAwsClient } from '../../../../app/framework/aws/aws-client.ts';
import { awsSettings } from '../../../../app/framework/aws/aws-settings.ts';
import { createParameterReader } from '../../../../app/framework/aws/parameter.ts';

const values = new Map([['/mcp/secret', 'first']]);
const requests: { target: string | undefined; signed: boolean; body: unknown }[] = [];
const server = createServer(async (request, response) => {
  const body = JSON.parse(await text(request));
  const { 'x-amz-target': target, authorization = '' } = request.headers;
  requests.push({
    target: String(target),
    signed: /\/us-east-1\/ssm\/aws4_request/.test(authorization),
    body,
  });
  const Value = values.get(body.Name);
  if (Value === undefined) response.writeHead(400).end(JSON.stringify({ __type: 'ParameterNotFound' }));
  else response.end(JSON.stringify({ Parameter: { Name: body.Name, Value } }));
});
let now = 0;
let read: ReturnType<typeof createParameterReader>;
beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const AWS_ENDPOINT_URL_SSM = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  read = createParameterReader(
    createAwsClient(() => awsSettings({ AWS_ENDPOINT_URL_SSM })),
    () => now,
  );
});
afterAll(() => server.close());

test('a setting without ssm: is returned unchanged, without a request', async () => {
  expect(await read('plain')).toBe('plain');
  expect(requests).toEqual([]);
});

test('an SSM parameter is read once in 5 minutes, decrypted, by a signed request', async () => {
  expect(await Promise.all([read('ssm:/mcp/secret'), read('ssm:/mcp/secret')])).toEqual(['first', 'first']);
  const body = { Name: '/mcp/secret', WithDecryption: true };
  expect(requests).toEqual([{ target: 'AmazonSSM.GetParameter', signed: true, body }]);
  values.set('/mcp/secret', 'second');
  now += 5 * 60_000 - 1;
  expect(await read('ssm:/mcp/secret')).toBe('first');
  now += 1;
  expect(await read('ssm:/mcp/secret')).toBe('second');
});

test('a failure to read an SSM parameter is not cached', async () => {
  await expect(read('ssm:/mcp/late')).rejects.toMatchObject({ type: 'ParameterNotFound' });
  values.set('/mcp/late', 'here');
  expect(await read('ssm:/mcp/late')).toBe('here');
});
