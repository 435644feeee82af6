/** Callers that the endpoint has authenticated, by an IAM signature or an authorizer of API Gateway. */
import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { arnAllowed, authorizerCaller, iamCaller } from '../../../../app/framework/auth/event-identity.ts';
import { createGuard } from '../../../../app/framework/auth/guard.ts';
import { parseConfig } from '../../../../app/framework/config.ts';
import { endpointContext } from '../../../../app/framework/endpoint-context.ts';
import { closeAll } from '../../../helpers/close-all.ts';
import { modernHeaders, modernRequest } from '../../../helpers/json-rpc.ts';
import { type RunningLambda, startApp } from '../../../helpers/local-lambda.ts';

const REQUEST = new Request('https://x/mcp');
const AGENT = 'arn:aws:iam::111122223333:role/agents/one';

describe('a Function URL with auth type AWS_IAM', () => {
  let lambda: RunningLambda;
  beforeAll(async () => {
    lambda = await startApp({
      args: ['--auth-type', 'AWS_IAM'],
      env: {
        LAMBDA_IAM_CREDENTIALS: `AKIAONE:one:${AGENT},AKIATWO:two:arn:aws:iam::111122223333:user/two`,
        MCP_AUTH: 'iam',
        MCP_IAM_ALLOWED_ARNS: 'arn:aws:iam::111122223333:role/agents/*',
      },
    });
  });
  afterAll(() => closeAll(lambda));

  async function signed(accessKeyId: string, secretAccessKey: string): Promise<Response> {
    const { hostname, port } = new URL(lambda.url);
    const signer = new SignatureV4({
      credentials: { accessKeyId, secretAccessKey },
      region: 'us-east-1',
      service: 'lambda',
      sha256: Sha256,
    });
    const body = JSON.stringify(modernRequest('tools/list'));
    const headers = {
      host: `${hostname}:${port}`,
      'content-type': 'application/json',
      ...modernHeaders('tools/list'),
    };
    const request = await signer.sign({
      method: 'POST',
      protocol: 'http:',
      hostname,
      path: '/mcp',
      query: {},
      headers,
      body,
    });
    return fetch(`${lambda.url}/mcp`, { method: 'POST', headers: request.headers, body });
  }

  test('allows only the callers on the list, and logs their names', async () => {
    expect((await signed('AKIAONE', 'one')).status).toBe(200);
    await lambda.printed(new RegExp(`"caller":"${AGENT}","auth":"iam"`));
    const barred = await signed('AKIATWO', 'two');
    expect([barred.status, await barred.json()]).toEqual([
      403,
      expect.objectContaining({ error: expect.any(Object) }),
    ]);
    expect((await signed('AKIAONE', 'wrong')).status).toBe(403);
    expect((await fetch(`${lambda.url}/mcp`, { method: 'POST' })).status).toBe(403);
  });
});

test('MCP_AUTH=iam denies an event without an identity, whatever its headers contain', async () => {
  const guard = createGuard(parseConfig({ MCP_AUTH: 'iam' }));
  const request = new Request('https://x/mcp', {
    headers: { authorization: 'Bearer x', 'x-amz-user-arn': AGENT },
  });
  for (const event of [
    undefined,
    {},
    { requestContext: { authorizer: null } },
    { authorizer: { iam: { userArn: AGENT } } },
  ]) {
    expect(await guard(request, endpointContext(request, event))).toMatchObject({
      allowed: false,
      response: { status: 401 },
    });
  }
  const event = { requestContext: { authorizer: { iam: { userArn: AGENT, userId: 'AROA' } } } };
  expect(await guard(request, endpointContext(request, event))).toMatchObject({
    allowed: true,
    caller: { clientId: AGENT, extra: { mode: 'iam', arn: AGENT, subject: 'AROA' } },
  });
});

test('the IAM caller of a REST API is read from requestContext.identity', () => {
  const event = { requestContext: { identity: { userArn: AGENT, user: 'AIDA' } } };
  expect(iamCaller(endpointContext(REQUEST, event).identity)).toMatchObject({
    clientId: AGENT,
    extra: { subject: 'AIDA' },
  });
});

test.each<[string, string[], string, boolean]>([
  ['the same ARN', [AGENT], AGENT, true],
  ['a wildcard', ['arn:aws:iam::111122223333:role/agents/*'], AGENT, true],
  ['another account', ['arn:aws:iam::999999999999:*'], AGENT, false],
  ['a prefix without a wildcard', ['arn:aws:iam::111122223333:role/agents'], AGENT, false],
  ['a dot, which matches only a dot', ['arn:aws:iam::1.*'], AGENT, false],
  [
    'the role of a session',
    ['arn:aws:iam::1:role/deployer'],
    'arn:aws:sts::1:assumed-role/deployer/session',
    true,
  ],
  [
    'a session of another role',
    ['arn:aws:iam::1:role/deployer'],
    'arn:aws:sts::1:assumed-role/other/deployer',
    false,
  ],
])('the list of allowed ARNs, %s: %j and %s', (_what, patterns, arn, allowed) => {
  expect(arnAllowed(arn, patterns)).toBe(allowed);
});

test.each<[string, string, boolean]>([
  ['*', 'anything', true],
  ['a*c', 'abbbc', true],
  ['a*c', 'abbbd', false],
  ['**a**', 'xax', true],
  ['a*b*c', 'a-b-b-c', true],
  ['a*', '', false],
  ['', '', true],
  ['*a', 'ab', false],
])('the ARN pattern %j matches %j: %s', (pattern, arn, allowed) => {
  expect(arnAllowed(arn, [pattern])).toBe(allowed);
});

test('matching an ARN pattern with many wildcards takes linear time', () => {
  // Backtracking over 30 wildcards would exceed the timeout of the test.
  expect(arnAllowed(`${'a'.repeat(50_000)}b`, [`${'*a'.repeat(30)}*c`])).toBe(false);
});

describe('an API Gateway authorizer', () => {
  test.each<[string, object, object]>([
    [
      'JWT, HTTP API',
      { jwt: { claims: { sub: 'alice', client_id: 'agent', scope: 'a b' }, scopes: ['a', 'b'] } },
      { clientId: 'agent', scopes: ['a', 'b'], extra: { mode: 'authorizer', subject: 'alice' } },
    ],
    ['Lambda, HTTP API', { lambda: { principalId: 'bob', scope: 'a' } }, { clientId: 'bob', scopes: ['a'] }],
    ['Lambda, REST API', { principalId: 'carol', integrationLatency: 3 }, { clientId: 'carol', scopes: [] }],
    [
      'Cognito, REST API',
      { claims: { sub: 'dave', client_id: 'app', scope: 'x/read' } },
      { clientId: 'app', scopes: ['x/read'] },
    ],
  ])('identifies the caller: %s', async (_kind, authorizer, caller) => {
    const endpoint = endpointContext(REQUEST, { requestContext: { authorizer } });
    expect(authorizerCaller(endpoint.identity)).toMatchObject(caller);
    const guard = createGuard(parseConfig({ MCP_AUTH: 'authorizer' }));
    expect(await guard(REQUEST, endpoint)).toMatchObject({ allowed: true, caller });
  });

  test.each<[string, object]>([
    ['JWT: an ID token', { jwt: { claims: { sub: 'alice', nonce: 'n', azp: 'agent' } } }],
    [
      'JWT: an ID token of Cognito',
      { jwt: { claims: { sub: 'alice', client_id: 'agent', token_use: 'id' } } },
    ],
    ['JWT: a logout token', { jwt: { claims: { sub: 'alice', client_id: 'agent', events: '{}' } } }],
    ['JWT: an ID token without nonce', { jwt: { claims: { sub: 'alice', name: 'Alice', azp: 'agent' } } }],
    ['Cognito: an ID token', { claims: { sub: 'dave', token_use: 'id' } }],
  ])('does not authenticate a caller by a token that is not an access token (%s)', (_what, authorizer) => {
    expect(authorizerCaller({ authorizer: authorizer as Record<string, unknown> })).toBeUndefined();
  });

  test.each([[{}], [{ lambda: null }], [{ jwt: {} }], [{ iam: { userArn: AGENT } }], [null]])(
    'denies the request if its context is %j',
    async authorizer => {
      const endpoint = endpointContext(REQUEST, { requestContext: { authorizer } });
      expect(authorizerCaller(endpoint.identity)).toBeUndefined();
      const guard = createGuard(parseConfig({ MCP_AUTH: 'authorizer' }));
      expect(await guard(REQUEST, endpoint)).toMatchObject({ allowed: false, response: { status: 401 } });
    },
  );
});
