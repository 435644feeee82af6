/** Bearer tokens, static ones and JWTs, through the local Lambda: which are accepted, and what the response contains if not. */
import type { JWTPayload } from 'jose';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { createTokenVerifier } from '../../../../app/framework/auth/token-verifier.ts';
import { closeAll } from '../../../helpers/close-all.ts';
import { modernHeaders, modernRequest } from '../../../helpers/json-rpc.ts';
import { type RunningLambda, startApp } from '../../../helpers/local-lambda.ts';
import { type SigningIssuer, startSigningIssuer } from '../../../helpers/signing-issuer.ts';
import { ATTACKS, attacks, bearer, NO_ACCESS_TOKENS, NO_CLIENT_ID, NO_SCOPE, sha256 } from './attacks.ts';

const OLD = 'an-old-token-0123456789';
const NEW = 'a-new-token-0123456789';
const AUDIENCE = 'https://mcp.example.com/mcp';
let issuer: SigningIssuer;
let lambda: RunningLambda;
beforeAll(async () => {
  issuer = await startSigningIssuer(AUDIENCE);
  lambda = await startApp({
    env: {
      MCP_AUTH: 'token,oauth',
      MCP_TOKEN_SHA256: `${sha256(OLD)},${sha256(NEW)}`,
      MCP_OAUTH_ISSUER: issuer.url,
      MCP_OAUTH_AUDIENCE: AUDIENCE,
      MCP_OAUTH_CLOCK_TOLERANCE_SECONDS: '0',
    },
  });
});
afterAll(() => closeAll(lambda, issuer));

async function ask(headers: Record<string, string>, path = '/mcp', { url } = lambda) {
  const response = await fetch(url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...modernHeaders('tools/list'), ...headers },
    body: JSON.stringify(modernRequest('tools/list')),
  });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

describe('with MCP_OAUTH_TOKEN_TYPE=JWT, for issuers that do not mark access tokens', () => {
  let older: RunningLambda;
  beforeAll(async () => {
    older = await startApp({
      env: {
        MCP_AUTH: 'oauth',
        MCP_OAUTH_ISSUER: issuer.url,
        MCP_OAUTH_AUDIENCE: AUDIENCE,
        MCP_OAUTH_TOKEN_TYPE: 'JWT',
      },
    });
  });
  afterAll(() => closeAll(older));

  test.each<[string, JWTPayload, string | null]>([
    ['Auth0', { azp: 'agent', scope: 'openid profile weather', ...NO_CLIENT_ID }, 'JWT'],
    ['Cognito', { token_use: 'access', ...NO_SCOPE }, null],
    ['Entra ID, for a person', { scp: 'weather', azp: 'agent', ver: '2.0', ...NO_SCOPE }, 'JWT'],
    [
      'Entra ID, for an application',
      { roles: ['Reader'], azp: 'agent', ...NO_SCOPE, ...NO_CLIENT_ID },
      'JWT',
    ],
    ['Keycloak', { typ: 'Bearer', azp: 'agent', scope: 'email' }, 'JWT'],
    ['Okta', { cid: 'agent', scp: ['weather'], ...NO_SCOPE, ...NO_CLIENT_ID }, null],
    ['RFC 9068', {}, 'at+jwt'],
    ['RFC 9068, in full', {}, 'application/AT+JWT'],
  ])('an access token of %s is accepted', async (_issuer, claims, typ) => {
    const { status } = await ask(bearer(await issuer.token(claims, { typ })), '/mcp', older);
    expect(status).toBe(200);
    await older.printed(/"caller":"agent"/);
  });

  test.each(Object.entries(NO_ACCESS_TOKENS))(
    '%s is rejected, and the reason is logged',
    async (_what, [claims, typ]) => {
      const printed = older.output().length;
      const { status } = await ask(bearer(await issuer.token(claims, { typ })), '/mcp', older);
      expect(status).toBe(401);
      await expect.poll(() => older.output().slice(printed)).toMatch(/denied a token: it/);
      expect((await ask(bearer(await issuer.token()), '/mcp', older)).status).toBe(200);
    },
  );
});

describe('a server with MCP_AUTH=token,oauth', () => {
  test.each([
    ['the old static token', () => OLD],
    ['the new static token', () => NEW],
    ['an access token', () => issuer.token()],
    ['an access token for several audiences', () => issuer.token({ aud: ['https://other', AUDIENCE] })],
  ])('accepts %s', async (_what, token) => {
    const { status, text } = await ask(bearer(await token()));
    expect([status, text]).toEqual([200, expect.stringContaining('lookup')]);
  });

  test('accepts the authentication scheme in any letter case', async () => {
    expect((await ask({ authorization: `bearer ${NEW}` })).status).toBe(200);
  });

  test('logs the caller, but not the token', async () => {
    const token = await issuer.token({ client_id: 'the-agent', sub: 'the-person' });
    await ask(bearer(token));
    await ask(bearer(NEW));
    await lambda.printed(/"caller":"the-agent","auth":"oauth","subject":"the-person"/);
    await lambda.printed(new RegExp(`"caller":"token-${sha256(NEW).slice(0, 8)}","auth":"token"`));
    for (const secret of [token, token.split('.')[2] ?? '', NEW, OLD, sha256(NEW)])
      expect(lambda.output()).not.toContain(secret);
  });
});

describe('a server with MCP_AUTH=token,oauth, for a request without valid credentials', () => {
  const made = () => attacks(issuer, { token: NEW, audience: AUDIENCE });

  test.each(ATTACKS)('returns a 401 without details: %s', async what => {
    const { status, text, headers: responseHeaders } = await ask((await made()[what]?.()) ?? {});
    expect(status).toBe(401);
    expect(JSON.parse(text)).toEqual({
      jsonrpc: '2.0',
      id: null,
      error: { code: -32000, message: 'Valid credentials are required.' },
    });
    // A Function URL renames this header.
    const challenge = responseHeaders.get('x-amzn-remapped-www-authenticate');
    expect(challenge).toMatch(
      /^Bearer error="invalid_token", error_description="Valid credentials are required\."/,
    );
    expect(challenge).toContain('/.well-known/oauth-protected-resource/mcp"');
    expect((await ask(bearer(NEW))).status).toBe(200);
  });

  test('returns 401: a token in the query string', async () => {
    expect((await ask({}, `/mcp?access_token=${NEW}&token=${NEW}`)).status).toBe(401);
  });

  test('returns 401 or 431, and serves the next request: a header of 15 kB and of 60 kB', async () => {
    const { status } = await ask(bearer('x'.repeat(15_000)));
    expect(status).toBe(401);
    expect((await ask(bearer('x'.repeat(60_000)))).status).toBe(431);
    expect((await ask(bearer(NEW))).status).toBe(200);
  });
});

describe('the keys of the issuer', () => {
  test('are fetched again after a rotation, and tokens of the old keys are rejected', async () => {
    const old = await issuer.token();
    expect((await ask(bearer(old))).status).toBe(200);
    await issuer.rotate();
    await new Promise(resolve => setTimeout(resolve, 5_100)); // the cooldown between two fetches
    expect((await ask(bearer(await issuer.token()))).status).toBe(200);
    expect((await ask(bearer(old))).status).toBe(401);
    expect((await ask(bearer(await issuer.token()))).status).toBe(200);
  });

  test('are still used from the cache after an unknown key ID, while the issuer is down', async () => {
    const other = await startSigningIssuer(AUDIENCE);
    const verify = createTokenVerifier({
      issuer: other.url,
      algorithms: ['RS256', 'ES256', 'EdDSA'],
      tokenType: 'at+jwt',
      clockToleranceSeconds: 5,
    });
    const good = await other.token();
    expect(await verify(good, [AUDIENCE])).toBeDefined();
    other.setDown(true);
    const [, claims, signature] = good.split('.');
    const { alg } = JSON.parse(Buffer.from(good.split('.')[0] ?? '', 'base64url').toString());
    const header = Buffer.from(JSON.stringify({ alg, typ: 'at+jwt', kid: 'unknown' })).toString('base64url');
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 6_000 }); // After the cooldown, keys are fetched again.
    onTestFinished(() => void vi.useRealTimers());
    await expect(verify(`${header}.${claims}.${signature}`, [AUDIENCE])).rejects.toThrow('cannot be fetched');
    expect(await verify(good, [AUDIENCE])).toBeDefined();
    await other.close();
  });

  test('lead to a 503 with Retry-After while they are unavailable, and static tokens are still accepted', async () => {
    const gone = await startSigningIssuer(AUDIENCE);
    gone.setDown(true);
    await using other = await startApp({
      env: {
        MCP_AUTH: 'token,oauth',
        MCP_TOKEN_SHA256: sha256(NEW),
        MCP_OAUTH_ISSUER: gone.url,
        MCP_OAUTH_AUDIENCE: AUDIENCE,
      },
    });
    const call = async (token: string) => {
      const headers = {
        'content-type': 'application/json',
        ...modernHeaders('tools/list'),
        ...bearer(token),
      };
      return fetch(`${other.url}/mcp`, {
        method: 'POST',
        headers,
        body: JSON.stringify(modernRequest('tools/list')),
      });
    };
    const refused = await call(await gone.token());
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '5']);
    expect((await call(NEW)).status).toBe(200);
    gone.setDown(false);
    // The failure is cached for the seconds in Retry-After.
    await expect.poll(async () => (await call(await gone.token())).status, { interval: 500 }).toBe(200);
    await gone.close();
  });
});
