/** Tokens that the OAuth proxy signed: access tokens, and other tokens or other resources, which are denied. */
import { SignJWT, UnsecuredJWT } from 'jose';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createOwnTokenVerifier } from '../../../../app/framework/auth/own-token.ts';
import { createKeys, type KeyPurpose } from '../../../../app/framework/auth/secret.ts';
import { KeysUnavailableError } from '../../../../app/framework/auth/token-verifier.ts';

const RESOURCE = 'https://mcp.example/mcp';
const SECRET = 'a-secret-for-tests-0123456789-0123456789';
const NEXT = 'the-next-secret-0123456789-0123456789-012';

const verify = createOwnTokenVerifier(createKeys({ MCP_SECRET: SECRET }), 0);

interface Change {
  claims?: Record<string, unknown>;
  /** `typ: null` leaves it out. */
  header?: { alg?: string; typ?: string | null };
  purpose?: KeyPurpose;
  secret?: string;
}

async function token({ claims, header, purpose = 'access token', secret = SECRET }: Change = {}) {
  const now = Math.floor(Date.now() / 1000);
  const all = { iss: 'https://mcp.example', aud: RESOURCE, sub: 'alice', client_id: 'agent', exp: now + 60 };
  const [key] = await createKeys({ MCP_SECRET: secret })(purpose);
  const { alg = 'HS256', typ = 'at+jwt' } = header ?? {};
  return new SignJWT({ ...all, ...claims })
    .setProtectedHeader({ alg, ...(typ !== null && { typ }) })
    .sign(key);
}

let log: string;
beforeEach(() => {
  log = '';
  vi.spyOn(console, 'warn').mockImplementation((...parts) => {
    log += parts.join(' ');
  });
});
afterEach(() => vi.restoreAllMocks());

test('the verifier accepts a token as the proxy signs it', async () => {
  expect(await verify(await token(), RESOURCE)).toMatchObject({
    clientId: 'agent',
    extra: { mode: 'oauth', subject: 'alice' },
  });
  expect(log).toBe('');
});

test.each<[string, Change, string]>([
  ['another typ', { header: { typ: 'JWT' } }, 'typ'],
  ['the typ of a remembered consent', { header: { typ: 'mcp-consent+jwt' } }, 'typ'],
  ['no typ', { header: { typ: null } }, 'typ'],
  ['no exp', { claims: { exp: undefined } }, 'exp'],
  ['an exp that is text', { claims: { exp: 'never' } }, 'exp'],
  ['an exp in the past', { claims: { exp: 1 } }, 'exp'],
  ['no sub', { claims: { sub: undefined } }, 'sub'],
  ['no client_id', { claims: { client_id: undefined } }, 'client_id'],
  ['no aud', { claims: { aud: undefined } }, 'aud'],
  ['another resource', { claims: { aud: 'https://mcp.example/other/mcp' } }, 'aud'],
  ['an nbf in the future', { claims: { nbf: Date.now() } }, 'nbf'],
  ['a longer HMAC', { header: { alg: 'HS512' } }, 'alg'],
  ['the key of another purpose', { purpose: 'consent' }, 'signature'],
  ['another secret', { secret: NEXT }, 'signature'],
])('the verifier denies a token with %s, and logs the reason', async (_what, change, reason) => {
  const text = await token(change);
  expect(await verify(text, RESOURCE)).toBeUndefined();
  expect(log.toLowerCase()).toContain(reason);
  for (const part of text.split('.')) expect(log).not.toContain(part);
});

test('the verifier denies a token without a signature', async () => {
  expect(await verify(new UnsecuredJWT({ aud: RESOURCE }).encode(), RESOURCE)).toBeUndefined();
});

test('the verifier accepts the tokens of both secrets during a rotation', async () => {
  const both = createOwnTokenVerifier(createKeys({ MCP_SECRET: `${NEXT},${SECRET}` }), 0);
  expect(await both(await token(), RESOURCE)).toBeDefined();
  expect(await both(await token({ secret: NEXT }), RESOURCE)).toBeDefined();
  // The log has the reason of the first secret, not a signature error of the second one.
  expect(await both(await token({ secret: NEXT, claims: { exp: 1 } }), RESOURCE)).toBeUndefined();
  expect(log).toContain('"exp" claim timestamp check failed');
});

test('the verifier rejects with KeysUnavailableError while the secret cannot be read', async () => {
  const keys = createKeys({ MCP_SECRET: 'ssm:/mcp/secret' }, () => Promise.reject(new Error('throttled')));
  await expect(createOwnTokenVerifier(keys, 0)(await token(), RESOURCE)).rejects.toBeInstanceOf(
    KeysUnavailableError,
  );
});
