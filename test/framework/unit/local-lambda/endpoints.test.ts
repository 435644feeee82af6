/** HTTP API, REST API and load balancer: their events, responses and errors. */
import { expect, test } from 'vitest';
import { createGate } from '../../../helpers/gate.ts';
import { startFunction } from '../../../helpers/local-lambda.ts';
import { rawRequest } from '../../../helpers/raw-request.ts';

/** A REST API has its stage in the path. */
const stageOf = (endpoint: string): string => (endpoint === 'rest-api' ? '/live' : '');

async function echoed(endpoint: string): Promise<Record<string, unknown>> {
  await using lambda = await startFunction('echoBuffered', {
    args: ['--endpoint', endpoint, '--invoke-mode', 'BUFFERED'],
  });
  const response = await rawRequest(lambda.url, {
    method: 'POST',
    target: `${stageOf(endpoint)}/a%20b?x=1&x=2%203`,
    headers: [
      ['X-One', 'a'],
      ['X-One', 'b'],
      ['content-type', 'application/json'],
    ],
    body: '{"k":"v"}',
  });
  expect(response.status, response.body.toString()).toBe(200);
  return JSON.parse(response.body.toString());
}

test('an HTTP API sends payload format 2.0 with a decoded path', async () => {
  expect(await echoed('http-api')).toMatchObject({
    version: '2.0',
    rawPath: '/a b',
    rawQueryString: 'x=1&x=2%203',
    headers: { 'x-one': 'a,b' },
    body: '{"k":"v"}',
    isBase64Encoded: false,
  });
});

test('a REST API sends payload format 1.0 with single and multiple values', async () => {
  expect(await echoed('rest-api')).toMatchObject({
    httpMethod: 'POST',
    path: '/a b',
    headers: { 'x-one': 'b' },
    multiValueHeaders: { 'x-one': ['a', 'b'] },
    queryStringParameters: { x: '2 3' },
    multiValueQueryStringParameters: { x: ['1', '2 3'] },
    requestContext: {
      httpMethod: 'POST',
      path: '/live/a b',
      stage: 'live',
      identity: { sourceIp: '127.0.0.1' },
    },
    body: '{"k":"v"}',
  });
});

test('a load balancer sends its event with encoded parameters', async () => {
  expect(await echoed('alb')).toMatchObject({
    httpMethod: 'POST',
    path: '/a%20b',
    headers: { 'x-one': 'b' },
    queryStringParameters: { x: '2%203' },
    requestContext: { elb: { targetGroupArn: expect.stringMatching(/^arn:aws:elasticloadbalancing:/) } },
    body: '{"k":"v"}',
  });
});

test.each([
  ['http-api', 'throws', 500, '{"message":"Internal Server Error"}'],
  ['http-api', 'malformed', 500, '{"message":"Internal Server Error"}'],
  ['rest-api', 'throws', 502, '{"message":"Internal server error"}'],
  ['rest-api', 'object', 502, '{"message":"Internal server error"}'],
  ['alb', 'throws', 502, expect.stringContaining('502 Bad Gateway')],
])('%s responds to the handler result "%s" with status %i', async (endpoint, as, status, body) => {
  await using lambda = await startFunction('buffered', {
    args: ['--endpoint', endpoint, '--invoke-mode', 'BUFFERED'],
  });
  const failed = await fetch(`${lambda.url}${stageOf(endpoint)}/?as=${as}`);
  expect([failed.status, await failed.text()]).toEqual([status, body]);
  const served = await fetch(`${lambda.url}${stageOf(endpoint)}/?as=full`);
  expect([served.status, await served.text()]).toEqual([201, 'full']);
});

test('a REST API streams the output of a streaming handler', async () => {
  await using lambda = await startFunction('act', { args: ['--endpoint', 'rest-api'] });
  using gate = createGate();
  const response = await fetch(`${lambda.url}/live/?${gate.query}`);
  const parts: string[] = [];
  for await (const part of response.body ?? []) {
    parts.push(Buffer.from(part).toString());
    gate.open();
  }
  expect(parts).toEqual(['one', 'two']);
});

test('an endpoint that cannot stream logs an error if the handler streams', async () => {
  await using lambda = await startFunction('act', { args: ['--endpoint', 'http-api'] });
  await fetch(`${lambda.url}/?do=ok`);
  await lambda.printed(/A streaming handler behind an endpoint that does not stream/);
});
