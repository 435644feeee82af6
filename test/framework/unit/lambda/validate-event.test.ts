/** Valid events of every kind, and invalid events, for both handlers with the real runtime client. */
import { InvokeCommand, InvokeWithResponseStreamCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { closeAll } from '../../../helpers/close-all.ts';
import { albEvent, restEvent, v2Event } from '../../../helpers/events.ts';
import { type RunningLambda, startFunction } from '../../../helpers/local-lambda.ts';

interface Outcome {
  status: number;
  headers: Record<string, string>;
  body: string;
}

let stream: RunningLambda;
let buffered: RunningLambda;
beforeAll(async () => {
  [stream, buffered] = await Promise.all([
    startFunction('stream', { args: ['--invoke-port', '0'] }, 'misbehaving-app'),
    startFunction('buffered', { args: ['--invoke-port', '0'] }, 'misbehaving-app'),
  ]);
});
afterAll(() => closeAll(stream, buffered));

function clientOf({ invokeUrl }: RunningLambda): LambdaClient {
  return new LambdaClient({
    endpoint: invokeUrl,
    region: 'us-east-1',
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
  });
}

async function viaStream(event: unknown): Promise<Outcome> {
  const command = new InvokeWithResponseStreamCommand({
    FunctionName: 'local',
    Payload: JSON.stringify(event),
  });
  const { EventStream = [] } = await clientOf(stream).send(command);
  const chunks: Uint8Array[] = [];
  for await (const { PayloadChunk } of EventStream)
    if (PayloadChunk?.Payload) chunks.push(PayloadChunk.Payload);
  const [prelude = '', body = ''] = Buffer.concat(chunks).toString().split('\0'.repeat(8));
  const { statusCode, headers } = JSON.parse(prelude);
  return { status: statusCode, headers, body };
}

async function viaBuffered(event: unknown): Promise<Outcome> {
  const { Payload } = await clientOf(buffered).send(
    new InvokeCommand({ FunctionName: 'local', Payload: JSON.stringify(event) }),
  );
  const result = JSON.parse(Buffer.from(Payload ?? []).toString());
  const multi = Object.entries<string[]>(result.multiValueHeaders ?? {}).map(([name, values]) => [
    name,
    values.join(','),
  ]);
  return {
    status: result.statusCode,
    headers: { ...result.headers, ...Object.fromEntries(multi) },
    body: result.body,
  };
}

const HANDLERS = [
  ['stream', viaStream],
  ['buffered', viaBuffered],
] as const;

describe.each(HANDLERS)('handler.%s', (_name, invoke) => {
  test.each([
    ['Function URL', v2Event({ method: 'POST', path: '/echo', query: 'a=1', body: '{"x":"é"}' })],
    [
      'Function URL, base64',
      v2Event({ method: 'POST', path: '/echo', query: 'a=1', body: '{"x":"é"}', base64: true }),
    ],
    ['REST API', restEvent({ method: 'POST', path: '/echo', query: 'a=1', body: '{"x":"é"}' })],
    [
      'REST API, multi-value',
      restEvent({ method: 'POST', path: '/echo', query: 'a=1', body: '{"x":"é"}', multiValue: true }),
    ],
    ['load balancer', albEvent({ method: 'POST', path: '/echo', query: 'a=1', body: '{"x":"é"}' })],
  ])('serves an event of the kind %s', async (_kind, event) => {
    const { status, headers, body } = await invoke(event);
    expect(status).toBe(200);
    expect(headers['content-type']).toMatch(/^application\/json/);
    expect(JSON.parse(body)).toMatchObject({
      method: 'POST',
      url: 'https://mcp.example/echo?a=1',
      body: '{"x":"é"}',
      headers: { 'x-one': 'a', 'content-type': 'application/json' },
    });
  });

  test.each<[string, unknown, RegExp]>([
    ['nothing', {}, /not an HTTP request/],
    ['a string', 'hello', /not an HTTP request/],
    ['null', null, /not an HTTP request/],
    ['an SQS event', { Records: [{ body: 'x' }] }, /not an HTTP request/],
    ['no path', { requestContext: { http: { method: 'GET' } } }, /not an HTTP request/],
    [
      'GET with a body',
      v2Event({ method: 'GET', path: '/echo', body: 'x' }),
      /GET request must not have a body/,
    ],
    [
      'GET with a body of a REST API',
      restEvent({ method: 'GET', path: '/echo', body: 'x' }),
      /must not have a body/,
    ],
    [
      'GET with a body of a load balancer',
      albEvent({ method: 'GET', path: '/echo', body: 'x' }),
      /must not have a body/,
    ],
    ['a method with a space', v2Event({ method: 'GE T', path: '/echo' }), /not a token/],
    ['CONNECT', v2Event({ method: 'CONNECT', path: '/echo' }), /CONNECT is not supported/],
    ['a path without a slash', v2Event({ method: 'GET', path: 'echo' }), /begin with a slash/],
    [
      'a header with a line break',
      { ...v2Event({ method: 'GET', path: '/echo' }), headers: { a: 'b\r\nc: d' } },
      /header/,
    ],
    ['headers that are a list', { ...v2Event({ method: 'GET', path: '/echo' }), headers: ['a'] }, /header/],
    [
      'a body that is an object',
      { ...v2Event({ method: 'POST', path: '/echo' }), body: { a: 1 } },
      /not a string/,
    ],
    [
      'a body that is not valid Base64',
      { ...v2Event({ method: 'POST', path: '/echo' }), body: '%%%', isBase64Encoded: true },
      /base64/,
    ],
    ...['a b', 'a:99999999', '[:', 'a:b', 'user@host', 'host/path', '1.2.3.4.5'].map(
      (domain): [string, unknown, RegExp] => [
        `the domain "${domain}"`,
        v2Event({ method: 'GET', path: '/echo', domain }),
        /host in the event is not valid in a URL/,
      ],
    ),
    [
      'a query that is an object',
      { ...v2Event({ method: 'GET', path: '/echo' }), rawQueryString: {} },
      /query/,
    ],
    [
      'cookies that are not a list',
      { ...v2Event({ method: 'GET', path: '/echo' }), cookies: 'a=1' },
      /cookies/,
    ],
    [
      'a cookie with a line break',
      { ...v2Event({ method: 'GET', path: '/echo' }), cookies: ['a\r\nb'] },
      /cookies/,
    ],
    ...Object.entries<object>({
      'a parameter that is a list': { queryStringParameters: { a: ['b'] } },
      'a parameter with an unpaired surrogate': { queryStringParameters: { a: '\ud800' } },
      'a parameter name with an unpaired surrogate': { queryStringParameters: { '\udc00': 'a' } },
      'multi-value parameters that are not lists': { multiValueQueryStringParameters: { a: 'b' } },
      'multi-value parameters with an object': { multiValueQueryStringParameters: { a: [{}] } },
    }).map(([what, more]): [string, unknown, RegExp] => [
      what,
      { ...restEvent({ method: 'GET', path: '/echo' }), ...more },
      /query/,
    ]),
    [
      'multi-value headers that are not lists',
      { ...restEvent({ method: 'GET', path: '/echo' }), multiValueHeaders: { a: 'b' } },
      /header/,
    ],
  ])('returns a 400 with the reason for %s, and serves the next event', async (_what, event, why) => {
    const { status, headers, body } = await invoke(event);
    expect([status, headers['content-type']]).toEqual([400, expect.stringMatching(/^application\/json/)]);
    expect(JSON.parse(body)).toEqual({ error: 'bad_event', message: expect.stringMatching(why) });
    expect((await invoke(v2Event({ method: 'GET', path: '/pid' }))).status).toBe(200);
  });
});

test('handler.buffered returns an SSE stream as text, not as Base64', async () => {
  const command = new InvokeCommand({
    FunctionName: 'local',
    Payload: JSON.stringify(
      v2Event({ method: 'POST', path: '/breaks/events', body: '{"jsonrpc":"2.0","id":1,"method":"x"}' }),
    ),
  });
  const { Payload } = await clientOf(buffered).send(command);
  expect(JSON.parse(Buffer.from(Payload ?? []).toString())).toMatchObject({
    isBase64Encoded: false,
    body: expect.stringContaining('data: one'),
  });
});
