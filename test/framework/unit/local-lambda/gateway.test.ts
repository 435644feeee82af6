/** API Gateway in front of the function: authorizers and their cache, stages, throttling, timeouts, size limits, and error messages. */
import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createThrottle } from '../../../../app/framework/local-lambda/endpoints/throttle.ts';
import { closeAll } from '../../../helpers/close-all.ts';
import { type RunningLambda, type StartOptions, startFunction } from '../../../helpers/local-lambda.ts';
import { rawRequest } from '../../../helpers/raw-request.ts';
import { type SigningIssuer, startSigningIssuer } from '../../../helpers/signing-issuer.ts';

const MB = 1024 * 1024;
type Endpoint = 'http-api' | 'rest-api';
const STAGE: Record<Endpoint, string> = { 'http-api': '', 'rest-api': '/live' };

function start(endpoint: Endpoint, { args = [], env = {} }: StartOptions = {}): Promise<RunningLambda> {
  return startFunction('echoBuffered', {
    args: ['--endpoint', endpoint, '--invoke-mode', 'BUFFERED', ...args],
    env,
  });
}

const behind = (endpoint: Endpoint, ...args: string[]): Promise<RunningLambda> =>
  start(endpoint, { args: ['--authorizer', 'functions.authorize', ...args] });

async function ask(
  lambda: RunningLambda,
  endpoint: Endpoint,
  token: string | undefined,
  path = '/mcp',
  init = {},
) {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const response = await fetch(`${lambda.url}${STAGE[endpoint]}${path}`, { headers, ...init });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text };
}

/** Returns the number of invocations of the function and its authorizer. */
const invocations = (lambda: RunningLambda): number => lambda.output().match(/^START /gm)?.length ?? 0;

describe.each<Endpoint>(['http-api', 'rest-api'])('a Lambda authorizer in front of %s', endpoint => {
  let lambda: RunningLambda;
  beforeAll(async () => {
    lambda = await behind(endpoint);
  });
  afterAll(() => closeAll(lambda));

  test('is invoked for every path except open paths, whatever the method', async () => {
    await using open = await behind(endpoint, '--open-paths', '/token,/authorize');
    for (const path of ['/token', '/authorize?client_id=x'])
      for (const method of ['GET', 'POST', 'OPTIONS'])
        expect((await ask(open, endpoint, undefined, path, { method })).status, `${method} ${path}`).toBe(
          200,
        );
    for (const path of ['/mcp', '/token/', '/token/x', '/Token', '/x/token', '/revoke', '/'])
      expect((await ask(open, endpoint, undefined, path, { method: 'POST' })).status, path).toBe(401);
    expect((await ask(lambda, endpoint, undefined, '/token')).status).toBe(401);
  });

  const UNAUTHORIZED = [401, '{"message":"Unauthorized"}'];
  const DENIED =
    endpoint === 'http-api'
      ? [403, '{"message":"Forbidden"}']
      : [403, '{"message":"User is not authorized to access this resource with an explicit deny"}'];
  const FAULT =
    endpoint === 'http-api' ? [500, '{"message":"Internal Server Error"}'] : [500, '{"message":null}'];
  const resultFor = async (token: string | undefined) => {
    const { status, text } = await ask(lambda, endpoint, token);
    return [status, text];
  };

  test('is not invoked for a request without its identity source, or with two of them', async () => {
    const before = invocations(lambda);
    expect(await resultFor(undefined)).toEqual(UNAUTHORIZED);
    const twice = await rawRequest(lambda.url, {
      target: `${STAGE[endpoint]}/mcp`,
      headers: [
        ['authorization', 'Bearer allow'],
        ['authorization', 'Bearer deny'],
      ],
    });
    expect([400, 401]).toContain(twice.status);
    expect(invocations(lambda)).toBe(before);
  });

  test('allows a request, and the function gets its context', async () => {
    const { status, text } = await ask(lambda, endpoint, 'allow');
    expect(status, text).toBe(200);
    const { requestContext, headers } = JSON.parse(text);
    expect(headers.authorization).toBe('Bearer allow');
    const { authorizer } = requestContext;
    if (endpoint === 'http-api') {
      expect(authorizer).toMatchObject({ lambda: { sub: 'alice', asked: expect.any(Number) } });
      expect(authorizer.lambda.event).toMatchObject({
        version: '2.0',
        type: 'REQUEST',
        identitySource: ['Bearer allow'],
        routeArn: expect.stringMatching(/^arn:aws:execute-api:us-east-1:\d{12}:local\/\$default\/GET\/mcp$/),
        rawPath: '/mcp',
      });
      expect(authorizer.lambda.event).not.toHaveProperty('body');
    } else {
      // A REST API passes every value as text.
      expect(authorizer).toMatchObject({ principalId: 'alice', sub: 'alice', integrationLatency: 0 });
      expect(authorizer.asked).toMatch(/^\d+$/);
      expect(JSON.parse(authorizer.seen)).toMatchObject({
        type: 'REQUEST',
        methodArn: expect.stringMatching(/^arn:aws:execute-api:us-east-1:\d{12}:local\/live\/GET\/mcp$/),
        path: '/mcp',
      });
    }
  });

  test.each(['deny', 'unheard-of', 'both', 'nothing'])(
    'denies a request (%s), and neither it nor the function is invoked again',
    async token => {
      expect(await resultFor(token)).toEqual(DENIED);
      const before = invocations(lambda);
      expect(await resultFor(token)).toEqual(DENIED);
      expect(invocations(lambda)).toBe(before);
    },
  );

  test.each([
    'throw',
    'unauthorized',
    'exit',
    'empty',
    'null',
    'text',
    ...(endpoint === 'rest-api' ? ['nested'] : []),
  ])('fails closed on an error or an invalid result (%s), which is not cached', async token => {
    expect(await resultFor(token)).toEqual(FAULT);
    const before = invocations(lambda);
    expect(await resultFor(token)).toEqual(FAULT);
    expect(invocations(lambda)).toBe(before + 1);
    expect((await ask(lambda, endpoint, 'allow')).status).toBe(200);
  });

  if (endpoint === 'http-api') {
    test('denies a request if isAuthorized is truthy but not true', async () => {
      expect(await resultFor('truthy')).toEqual(DENIED);
    });
  }

  test('is cached separately for each Authorization header', async () => {
    await ask(lambda, endpoint, 'allow');
    const before = invocations(lambda);
    for (let call = 0; call < 5; call += 1) expect((await ask(lambda, endpoint, 'allow')).status).toBe(200);
    expect(invocations(lambda)).toBe(before + 5); // the function's own
    expect((await ask(lambda, endpoint, undefined)).status).toBe(401);
    expect((await ask(lambda, endpoint, 'another')).status).toBe(403);
    expect((await ask(lambda, endpoint, 'allow')).status).toBe(200);
  });

  test('returns a policy that, also from the cache, allows only the resources that it names', async () => {
    expect((await ask(lambda, endpoint, 'here', '/one')).status).toBe(200);
    expect((await ask(lambda, endpoint, 'here', '/two')).status).toBe(403);
    expect((await ask(lambda, endpoint, 'here', '/one')).status).toBe(200);
    expect((await ask(lambda, endpoint, 'here', '/one', { method: 'DELETE' })).status).toBe(403);
  });

  test('is not invoked for preflight requests and OAuth metadata', async () => {
    expect((await ask(lambda, endpoint, undefined, '/mcp', { method: 'OPTIONS' })).status).toBe(200);
    expect((await ask(lambda, endpoint, undefined, '/.well-known/oauth-protected-resource')).status).toBe(
      200,
    );
    const post = { method: 'POST' };
    expect((await ask(lambda, endpoint, undefined, '/.well-known/anything', post)).status).toBe(401);
    expect((await ask(lambda, endpoint, undefined, '/x/.well-known/')).status).toBe(401);
  });
});

test('a Lambda authorizer with a TTL of 0 is invoked for every request', async () => {
  await using lambda = await behind('http-api', '--authorizer-ttl', '0');
  const asked = async () =>
    JSON.parse((await ask(lambda, 'http-api', 'allow')).text).requestContext.authorizer.lambda.asked;
  expect([await asked(), await asked(), await asked()]).toEqual([1, 2, 3]);
});

test('the result of a Lambda authorizer is cached until its TTL ends', async () => {
  await using lambda = await behind('http-api', '--authorizer-ttl', '1');
  const asked = async () =>
    JSON.parse((await ask(lambda, 'http-api', 'allow')).text).requestContext.authorizer.lambda.asked;
  expect([await asked(), await asked()]).toEqual([1, 1]);
  await new Promise(resolve => setTimeout(resolve, 1_100));
  expect(await asked()).toBe(2);
});

test('an authorizer that does not respond leads to a 500 after 10 seconds', async () => {
  await using lambda = await behind('http-api');
  expect((await ask(lambda, 'http-api', 'slow')).status).toBe(500);
  expect((await ask(lambda, 'http-api', 'allow')).status).toBe(200);
});

describe('a REST API’s gateway responses', () => {
  test('can add a challenge, only to denials of the authorizer', async () => {
    await using lambda = await behind(
      'rest-api',
      '--challenge',
      'Bearer resource_metadata="{url}/.well-known/x"',
    );
    const { host } = new URL(lambda.url);
    for (const token of [undefined, 'deny']) {
      const { status, headers, text } = await ask(lambda, 'rest-api', token);
      expect(status).toBe(401);
      expect(headers.get('www-authenticate')).toBe(
        `Bearer resource_metadata="http://${host}/live/.well-known/x"`,
      );
      expect(JSON.parse(text)).toMatchObject({ jsonrpc: '2.0', id: null, error: { code: -32000 } });
    }
    expect((await ask(lambda, 'rest-api', 'throw')).status).toBe(500);
    expect((await ask(lambda, 'rest-api', 'allow')).status).toBe(200);
  });

  test('do not exist for an HTTP API', async () => {
    await using lambda = await behind('http-api', '--challenge', 'Bearer');
    for (const [token, status, message] of [
      [undefined, 401, 'Unauthorized'],
      ['deny', 403, 'Forbidden'],
    ] as const) {
      const response = await ask(lambda, 'http-api', token);
      expect([response.status, JSON.parse(response.text)]).toEqual([status, { message }]);
      expect(response.headers.has('www-authenticate')).toBe(false);
    }
  });
});

describe('a stage', () => {
  test('is in the path of a REST API, and every other path gets 403', async () => {
    await using lambda = await start('rest-api', { args: ['--stage', 'prod'] });
    for (const path of ['/', '/mcp', '/live/mcp', '/product/mcp', '/.well-known/oauth-protected-resource'])
      expect((await fetch(lambda.url + path)).status, path).toBe(403);
    const event = JSON.parse(await (await fetch(`${lambda.url}/prod/mcp`)).text());
    expect(event).toMatchObject({ path: '/mcp', requestContext: { path: '/prod/mcp', stage: 'prod' } });
    expect(JSON.parse(await (await fetch(`${lambda.url}/prod`)).text())).toMatchObject({ path: '/' });
  });

  test('is not in the path of a custom domain', async () => {
    await using lambda = await start('rest-api', { args: ['--domain-name', 'mcp.example.com'] });
    const event = JSON.parse(await (await fetch(`${lambda.url}/mcp`)).text());
    expect(event).toMatchObject({
      path: '/mcp',
      requestContext: { path: '/mcp', stage: 'live', domainName: 'mcp.example.com' },
    });
  });
});

describe('throttling', () => {
  test('allows a burst, and then requests at its rate', () => {
    let now = 0;
    const take = createThrottle({ rate: 2, burst: 3 }, () => now);
    expect([take(), take(), take(), take()]).toEqual([true, true, true, false]);
    now += 500;
    expect([take(), take()]).toEqual([true, false]);
    now += 60_000;
    expect([take(), take(), take(), take()]).toEqual([true, true, true, false]);
  });

  test.each<[Endpoint, string]>([
    ['http-api', '{"message":"Too Many Requests"}'],
    ['rest-api', '{"message":"Too Many Requests"}'],
  ])('of %s returns 429 over the limit, without invoking the function', async (endpoint, body) => {
    await using lambda = await start(endpoint, { args: ['--throttle', '0.01:2'] });
    const responses = [];
    for (let call = 0; call < 4; call += 1) responses.push(await ask(lambda, endpoint, undefined));
    expect(responses.map(({ status }) => status)).toEqual([200, 200, 429, 429]);
    expect(responses[3]?.text).toBe(body);
    expect(invocations(lambda)).toBe(2);
  });
});

describe('the limits of API Gateway', () => {
  test.each<[Endpoint, string, number, string]>([
    ['http-api', 'act', 503, '{"message":"Service Unavailable"}'],
    ['rest-api', 'act', 504, '{"message":"Endpoint request timed out"}'],
  ])(
    '%s times out after its limit, and the environment is free when the function has ended',
    async (endpoint, handler, status, body) => {
      await using lambda = await startFunction(handler, {
        args: [
          '--endpoint',
          endpoint,
          '--invoke-mode',
          'BUFFERED',
          '--endpoint-timeout',
          '0.6',
          '--concurrency',
          '1',
        ],
      });
      const wait = (ms: number) => fetch(`${lambda.url}${STAGE[endpoint]}/?do=waitBefore&ms=${ms}`);
      const late = await wait(1500);
      expect([late.status, await late.text()]).toEqual([status, body]);
      // A handler that streams is not supported here, but must not occupy the environment either.
      const half = await fetch(`${lambda.url}${STAGE[endpoint]}/?do=waitMidway&ms=1500`);
      expect([status, 429, 503, 500]).toContain(half.status);
      await expect
        .poll(async () => (await fetch(`${lambda.url}${STAGE[endpoint]}/?do=ok`)).status)
        .not.toBe(endpoint === 'http-api' ? 503 : 504);
    },
  );

  test('a REST API that streams waits until the timeout of the function', async () => {
    await using lambda = await startFunction('act', { args: ['--endpoint', 'rest-api'] });
    const response = await fetch(`${lambda.url}/live/?do=ticks&every=100&count=3`);
    expect(await response.text()).toContain('data: 2');
  });

  test.each<[Endpoint, number, string]>([
    ['http-api', 7 * MB, '{"message":"Request Entity Too Large"}'],
    ['http-api', 11 * MB, '{"message":"Request Entity Too Large"}'],
    ['rest-api', 7 * MB, '{"message":"Request Too Long"}'],
    ['rest-api', 11 * MB, '{"message":"Request Too Long"}'],
  ])('%s rejects a request of %i bytes with 413', async (endpoint, bytes, body) => {
    await using lambda = await start(endpoint);
    const large = await fetch(`${lambda.url}${STAGE[endpoint]}/`, {
      method: 'POST',
      body: 'x'.repeat(bytes),
    });
    expect([large.status, await large.text()]).toEqual([413, body]);
    expect((await ask(lambda, endpoint, undefined)).status).toBe(200);
  });
});

test.each<[string, string[], string[]]>([
  ['function-url', [''], ['x-amzn-requestid', 'x-amzn-trace-id']],
  ['http-api', [''], ['apigw-requestid']],
  ['rest-api', ['/live'], ['x-amz-apigw-id', 'x-amzn-requestid', 'x-amzn-trace-id']],
])('an endpoint of type %s sends the response headers of this type', async (endpoint, [stage], names) => {
  await using lambda = await startFunction('echoBuffered', {
    args: ['--endpoint', endpoint, '--invoke-mode', 'BUFFERED'],
  });
  const { headers } = await fetch(`${lambda.url}${stage}/`);
  expect([...headers.keys()].filter(name => /^(x-amz|apigw)/.test(name)).sort()).toEqual(names);
});

describe('auth type AWS_IAM', () => {
  test.each<Endpoint>(['http-api', 'rest-api'])(
    'of %s requires a signature for execute-api that includes the stage',
    async endpoint => {
      const env = { LAMBDA_IAM_CREDENTIALS: 'AKIAONE:one' };
      await using lambda = await start(endpoint, { args: ['--auth-type', 'AWS_IAM'], env });
      const signed = async (service: string) => {
        const { hostname, port } = new URL(lambda.url);
        const credentials = { accessKeyId: 'AKIAONE', secretAccessKey: 'one' };
        const signer = new SignatureV4({ credentials, region: 'us-east-1', service, sha256: Sha256 });
        const path = `${STAGE[endpoint]}/mcp`;
        const headers = { host: `${hostname}:${port}` };
        const request = await signer.sign({
          method: 'GET',
          protocol: 'http:',
          hostname,
          path,
          query: {},
          headers,
        });
        return fetch(lambda.url + path, { headers: request.headers });
      };
      const response = await signed('execute-api');
      expect(response.status).toBe(200);
      const { requestContext } = JSON.parse(await response.text());
      const { userArn } = endpoint === 'http-api' ? requestContext.authorizer.iam : requestContext.identity;
      expect(userArn).toBe('arn:aws:iam::123456789012:user/AKIAONE');
      expect((await signed('lambda')).status).toBe(403);
      expect((await ask(lambda, endpoint, undefined)).status).toBe(403);
    },
  );
});

describe('a JWT authorizer', () => {
  const AUDIENCE = 'https://mcp.example.com/mcp';
  let issuer: SigningIssuer;
  let lambda: RunningLambda;
  beforeAll(async () => {
    issuer = await startSigningIssuer(AUDIENCE);
    lambda = await start('http-api', {
      args: [
        ...['--authorizer', 'jwt', '--jwt-issuer', issuer.url, '--jwt-audience', `other,${AUDIENCE}`],
        ...['--jwt-scopes', 'mcp,admin'],
      ],
    });
  });
  afterAll(() => closeAll(lambda, issuer));

  test('allows a valid token, and passes its claims on as text', async () => {
    const token = await issuer.token({ scope: 'mcp other', groups: ['a', 'b'], email_verified: true });
    const { status, text } = await ask(lambda, 'http-api', token);
    expect(status, text).toBe(200);
    expect(JSON.parse(text).requestContext.authorizer.jwt).toMatchObject({
      claims: { sub: 'alice', groups: '[a b]', email_verified: 'true', exp: expect.stringMatching(/^\d+$/) },
      scopes: ['mcp', 'other'],
    });
  });

  test('uses client_id as the audience of a token without aud', async () => {
    const token = await issuer.token({ aud: undefined as unknown as string, client_id: AUDIENCE });
    expect((await ask(lambda, 'http-api', token)).status).toBe(200);
  });

  test.each<[string, () => Promise<string>, RegExp]>([
    ['a token that is not a JWT', async () => 'opaque', /invalid number of segments/],
    ['an expired token', () => issuer.token({}, { expiresIn: -10 }), /the token has expired/],
    ['a token for another audience', () => issuer.token({ aud: 'else' }), /does not have a valid audience/],
    [
      'a token of another issuer',
      () => issuer.token({ iss: 'https://evil.example' }),
      /issuer of the token is not valid/,
    ],
    [
      'a token with the signature of another key',
      () => issuer.token({}, { foreignKey: true }),
      /signing method or key is not valid/,
    ],
  ])('rejects %s with a 401 and the reason in a header', async (_what, token, why) => {
    const { status, headers, text } = await ask(lambda, 'http-api', await token());
    expect([status, text]).toEqual([401, '{"message":"Unauthorized"}']);
    expect(headers.get('www-authenticate')).toMatch(/^Bearer scope="" error="invalid_token"/);
    expect(headers.get('www-authenticate')).toMatch(why);
  });

  test('returns 403 for a token without one of the scopes, and 401 without a token', async () => {
    expect((await ask(lambda, 'http-api', await issuer.token({ scope: 'read' }))).status).toBe(403);
    expect((await ask(lambda, 'http-api', undefined)).status).toBe(401);
  });

  test('denies every caller while the issuer is unreachable', async () => {
    const gone = await startSigningIssuer(AUDIENCE);
    const token = await gone.token();
    const args = ['--authorizer', 'jwt', '--jwt-issuer', gone.url, '--jwt-audience', AUDIENCE];
    await using other = await start('http-api', { args });
    gone.setDown(true);
    expect((await ask(other, 'http-api', token)).status).toBe(401);
    gone.setDown(false);
    expect((await ask(other, 'http-api', token)).status).toBe(200);
    await gone.close();
  });
});

test.each<[string[], RegExp]>([
  [['--authorizer', 'a.b'], /LAMBDA_AUTHORIZER requires LAMBDA_ENDPOINT/],
  [['--endpoint', 'rest-api', '--authorizer', 'jwt'], /a REST API has no JWT authorizer/],
  [['--endpoint', 'http-api', '--authorizer', 'jwt'], /requires LAMBDA_JWT_ISSUER and LAMBDA_JWT_AUDIENCE/],
  [['--endpoint', 'http-api', '--throttle', 'many'], /must be RATE:BURST/],
  [['--challenge', 'a\nb'], /printable ASCII/],
])('the arguments %j are rejected with an error that says what to write', async (args, message) => {
  const { parseOptions } = await import('../../../../app/framework/local-lambda/options.ts');
  expect(() => parseOptions(args, {})).toThrow(message);
});
