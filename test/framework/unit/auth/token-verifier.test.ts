/** Bearer tokens, static ones and JWTs, through the local Lambda: who gets in, who does not, and what that tells them. */
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

describe('issuers whose access tokens do not say that they are', () => {
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
  ])('an access token as %s makes it gets in', async (_issuer, claims, typ) => {
    const { status } = await ask(bearer(await issuer.token(claims, { typ })), '/mcp', older);
    expect(status).toBe(200);
    await older.printed(/"caller":"agent"/);
  });

  test.each(Object.entries(NO_ACCESS_TOKENS))(
    '%s does not, and the log says why',
    async (_what, [claims, typ]) => {
      const printed = older.output().length;
      const { status } = await ask(bearer(await issuer.token(claims, { typ })), '/mcp', older);
      expect(status).toBe(401);
      await expect.poll(() => older.output().slice(printed)).toMatch(/denied a token: it/);
      expect((await ask(bearer(await issuer.token()), '/mcp', older)).status).toBe(200);
    },
  );
});

describe('a good token', () => {
  test.each([
    ['the old static token', () => OLD],
    ['the new static token', () => NEW],
    ['an access token', () => issuer.token()],
    ['an access token for several audiences', () => issuer.token({ aud: ['https://other', AUDIENCE] })],
  ])('%s gets in', async (_what, token) => {
    const { status, text } = await ask(bearer(await token()));
    expect([status, text]).toEqual([200, expect.stringContaining('lookup')]);
  });

  test('the scheme is read in any case', async () => {
    expect((await ask({ authorization: `bearer ${NEW}` })).status).toBe(200);
  });

  test('the log names the caller, and holds no token', async () => {
    const token = await issuer.token({ client_id: 'the-agent', sub: 'the-person' });
    await ask(bearer(token));
    await ask(bearer(NEW));
    await lambda.printed(/"caller":"the-agent","auth":"oauth","subject":"the-person"/);
    await lambda.printed(new RegExp(`"caller":"token-${sha256(NEW).slice(0, 8)}","auth":"token"`));
    for (const secret of [token, token.split('.')[2] ?? '', NEW, OLD, sha256(NEW)])
      expect(lambda.output()).not.toContain(secret);
  });
});

describe('an attack', () => {
  const made = () => attacks(issuer, { token: NEW, audience: AUDIENCE });

  test.each(ATTACKS)('by %s is a 401 that tells nothing', async what => {
    const { status, text, headers: answered } = await ask((await made()[what]?.()) ?? {});
    expect(status).toBe(401);
    expect(JSON.parse(text)).toEqual({
      jsonrpc: '2.0',
      id: null,
      error: { code: -32000, message: 'Valid credentials are required.' },
    });
    // Renamed on the way, as by a real Function URL.
    const challenge = answered.get('x-amzn-remapped-www-authenticate');
    expect(challenge).toMatch(
      /^Bearer error="invalid_token", error_description="Valid credentials are required\."/,
    );
    expect(challenge).toContain('/.well-known/oauth-protected-resource/mcp"');
    expect((await ask(bearer(NEW))).status).toBe(200);
  });

  test('by a token in the query string is a 401', async () => {
    expect((await ask({}, `/mcp?access_token=${NEW}&token=${NEW}`)).status).toBe(401);
  });

  test('by a huge header is refused, and the server lives on', async () => {
    const { status } = await ask(bearer('x'.repeat(15_000)));
    expect(status).toBe(401);
    expect((await ask(bearer('x'.repeat(60_000)))).status).toBe(431);
    expect((await ask(bearer(NEW))).status).toBe(200);
  });
});

describe('keys of the issuer', () => {
  test('that are replaced are fetched, once for many, and the old ones are no longer good', async () => {
    const old = await issuer.token();
    expect((await ask(bearer(old))).status).toBe(200);
    await issuer.rotate();
    await new Promise(resolve => setTimeout(resolve, 5_100)); // the cooldown between two fetches
    expect((await ask(bearer(await issuer.token()))).status).toBe(200);
    expect((await ask(bearer(old))).status).toBe(401);
    expect((await ask(bearer(await issuer.token()))).status).toBe(200);
  });

  test('that are cached still admit callers after an unknown key id, while the issuer is down', async () => {
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

  test('that cannot be had are a 503 with Retry-After, never an open door; static tokens go on', async () => {
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
    // The failure is remembered for some seconds, as Retry-After says.
    await expect
      .poll(async () => (await call(await gone.token())).status, { timeout: 60_000, interval: 500 })
      .toBe(200);
    await gone.close();
  });
});
