import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { closeAll } from '../../../helpers/close-all.ts';
import { createGate } from '../../../helpers/gate.ts';
import { type RunningLambda, startFunction } from '../../../helpers/local-lambda.ts';
import { rawRequest } from '../../../helpers/raw-request.ts';

interface Event {
  rawPath: string;
  rawQueryString: string;
  cookies?: string[];
  headers: Record<string, string>;
  queryStringParameters?: Record<string, string>;
  requestContext: {
    accountId: string;
    apiId: string;
    domainName: string;
    domainPrefix: string;
    http: Record<string, string>;
    requestId: string;
    time: string;
    timeEpoch: number;
    [field: string]: unknown;
  };
  body?: string;
  isBase64Encoded: boolean;
  [field: string]: unknown;
}

describe('the event of a Function URL', () => {
  let lambda: RunningLambda;
  beforeAll(async () => {
    lambda = await startFunction('echo', {
      args: ['--domain-name', 'abcdefghijklmnopqrstuvwxyz012345.lambda-url.eu-west-1.on.aws'],
    });
  });
  afterAll(() => closeAll(lambda));

  async function eventOf(
    init: Parameters<typeof rawRequest>[1],
  ): Promise<{ event: Event; requestId: string }> {
    const response = await rawRequest(lambda.url, init);
    expect(response.status, response.body.toString()).toBe(200);
    return {
      event: JSON.parse(response.body.toString()),
      requestId: response.header('x-amzn-requestid') ?? '',
    };
  }

  test('has the fields of payload format 2.0', async () => {
    const { event, requestId } = await eventOf({ target: '/mcp', headers: [['user-agent', 'probe/1']] });
    expect(event).toMatchObject({
      version: '2.0',
      routeKey: '$default',
      rawPath: '/mcp',
      rawQueryString: '',
      isBase64Encoded: false,
      requestContext: {
        accountId: 'anonymous',
        apiId: 'abcdefghijklmnopqrstuvwxyz012345',
        domainName: 'abcdefghijklmnopqrstuvwxyz012345.lambda-url.eu-west-1.on.aws',
        domainPrefix: 'abcdefghijklmnopqrstuvwxyz012345',
        http: {
          method: 'GET',
          path: '/mcp',
          protocol: 'HTTP/1.1',
          sourceIp: '127.0.0.1',
          userAgent: 'probe/1',
        },
        requestId,
        routeKey: '$default',
        stage: '$default',
      },
    });
    expect(event.requestContext.time).toMatch(/^\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d \+0000$/);
    expect(Math.abs(event.requestContext.timeEpoch - Date.now())).toBeLessThan(10_000);
    expect(event).not.toHaveProperty('body');
    expect(event).not.toHaveProperty('cookies');
    expect(event).not.toHaveProperty('queryStringParameters');
  });

  test('keeps rawPath encoded and decodes http.path, except for invalid escapes', async () => {
    const { event } = await eventOf({ target: '/a%20b/%C3%A9/%zz/%2F?x=1' });
    expect(event.rawPath).toBe('/a%20b/%C3%A9/%zz/%2F');
    expect(event.requestContext.http.path).toBe('/a b/é/%zz//');
  });

  test('keeps the query raw, and decodes and joins the parameters', async () => {
    const { event } = await eventOf({ target: '/?a=1&a=2+3&b=%26&c' });
    expect(event.rawQueryString).toBe('a=1&a=2+3&b=%26&c');
    expect(event.queryStringParameters).toEqual({ a: '1,2 3', b: '&', c: '' });
  });

  test('lower-cases header names, joins repeats without a space, and keeps cookies twice', async () => {
    const { event } = await eventOf({
      target: '/',
      headers: [
        ['X-One', 'a'],
        ['x-one', 'b'],
        ['Cookie', 'k=v; l=w'],
        ['Authorization', 'Bearer t'],
      ],
    });
    expect(event.headers).toMatchObject({ 'x-one': 'a,b', cookie: 'k=v; l=w', authorization: 'Bearer t' });
    expect(event.cookies).toEqual(['k=v', 'l=w']);
    expect(event.headers).not.toHaveProperty('connection');
  });

  test('has the forwarded, TLS and trace headers, and the host of the Function URL', async () => {
    const { event } = await eventOf({ target: '/' });
    expect(event.headers).toMatchObject({
      host: 'abcdefghijklmnopqrstuvwxyz012345.lambda-url.eu-west-1.on.aws',
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-proto': 'https',
      'x-forwarded-port': '443',
      'x-amzn-tls-version': expect.stringMatching(/^TLSv1\.[23]$/),
      'x-amzn-tls-cipher-suite': expect.stringMatching(/_/),
      'x-amzn-trace-id': expect.stringMatching(/^Root=1-[0-9a-f]{8}-[0-9a-f]{24}/),
    });
  });

  test.each([
    ['application/json', '{"é":1}', false],
    ['text/plain; charset=utf-8', 'é', false],
    ['application/vnd.api+json', '{}', false],
    ['application/x-www-form-urlencoded', 'a=b', true],
    ['application/octet-stream', '\u0001', true],
    ['multipart/form-data; boundary=x', '--x--', true],
  ])('carries a body of %s as text or base64', async (type, body, base64) => {
    const { event } = await eventOf({ method: 'POST', target: '/', headers: [['content-type', type]], body });
    expect(event.isBase64Encoded).toBe(base64);
    expect(Buffer.from(event.body ?? '', base64 ? 'base64' : 'utf8').toString()).toBe(body);
  });
});

describe('the response of a Function URL', () => {
  test('renames and removes headers, keeps status and cookies, and adds its own headers', async () => {
    await using lambda = await startFunction('act');
    const response = await rawRequest(lambda.url, { target: '/?do=headers' });
    expect(response.status).toBe(201);
    expect(response.body.toString()).toBe('made');
    expect(response.header('x-own')).toBe('1');
    expect(response.header('x-amzn-remapped-www-authenticate')).toBe('Bearer');
    expect(response.header('x-amzn-remapped-date')).toBe('x');
    expect(response.header('date')).toMatch(/GMT$/);
    expect(response.header('www-authenticate')).toBeUndefined();
    expect(response.header('via')).toBeUndefined();
    expect(response.headers.filter(([name]) => name === 'set-cookie').map(([, value]) => value)).toEqual([
      'a=1; Path=/',
      'b=2',
    ]);
    expect(response.header('x-amzn-requestid')).toMatch(/^[0-9a-f-]{36}$/);
    expect(response.header('x-amzn-trace-id')).toMatch(/^Root=1-/);
    expect(response.header('transfer-encoding')).toBe('chunked');
  });

  test('is streamed: the first part arrives before the last one is written', async () => {
    await using lambda = await startFunction('act');
    using gate = createGate();
    const response = await fetch(`${lambda.url}/?${gate.query}`);
    const parts: string[] = [];
    for await (const part of response.body ?? []) {
      parts.push(Buffer.from(part).toString());
      gate.open();
    }
    expect(parts).toEqual(['one', 'two']);
  });

  test('to a stream without a prelude is an octet stream with status 200', async () => {
    await using lambda = await startFunction('act');
    const response = await fetch(`${lambda.url}/?do=bare`);
    expect([response.status, response.headers.get('content-type'), await response.text()]).toEqual([
      200,
      'application/octet-stream',
      'no prelude',
    ]);
  });

  test('does not interpret the result of a buffered handler in mode RESPONSE_STREAM', async () => {
    await using lambda = await startFunction('buffered');
    const response = await fetch(`${lambda.url}/?as=full`);
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ statusCode: 201, body: 'full' });
  });

  test('has defaults for missing fields of a buffered result in mode BUFFERED', async () => {
    await using lambda = await startFunction('buffered', { args: ['--invoke-mode', 'buffered'] });
    const get = async (as: string): Promise<[number, string | null, string]> => {
      const response = await fetch(`${lambda.url}/?as=${as}`);
      return [response.status, response.headers.get('content-type'), await response.text()];
    };
    expect(await get('full')).toEqual([201, 'text/plain', 'full']);
    expect(await get('text')).toEqual([200, 'application/json', 'just text']);
    expect(await get('object')).toEqual([200, 'application/json', '{"just":"an object"}']);
    expect(await get('numeric')).toEqual([202, 'application/json', 'numeric string']);
    expect(await get('binary')).toEqual([200, 'image/png', expect.stringContaining('PNG')]);
    expect(await get('malformed')).toEqual([502, 'text/plain', 'Internal Server Error']);
    expect(await get('throws')).toEqual([502, 'text/plain', 'Internal Server Error']);
    expect(await get('large')).toEqual([502, 'text/plain', 'Internal Server Error']);
    await lambda.printed(/ Function\.ResponseSizeTooLarge Response payload size exceeded/);
    expect(await get('full')).toEqual([201, 'text/plain', 'full']);
  });

  test('to a request over 6 MiB is a 413, and the next request is served', async () => {
    await using lambda = await startFunction('echo');
    const post = (bytes: number) => fetch(lambda.url, { method: 'POST', body: 'x'.repeat(bytes) });
    expect((await post(6 * 1024 * 1024 + 1)).status).toBe(413);
    expect((await post(6 * 1024 * 1024 - 100)).status).toBe(413); // the limit includes the event around the body
    expect((await post(5 * 1024 * 1024)).status).toBe(200);
  });
});
