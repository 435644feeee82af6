/** Credentials that must be rejected, by the app behind a Function URL and by the authorizer before it. */
import { createHash } from 'node:crypto';
import { type JWTPayload, SignJWT, UnsecuredJWT } from 'jose';
import type { SigningIssuer } from '../../../helpers/signing-issuer.ts';

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
export const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const LOGOUT = 'http://schemas.openid.net/event/backchannel-logout';

/** Removes claims that the issuer adds by default. */
export const NO_SCOPE = { scope: undefined };
export const NO_CLIENT_ID = { client_id: undefined };
const NO_CLIENT = { ...NO_CLIENT_ID, azp: undefined };

/** Claims and `typ` of tokens that the issuer signs and that must be rejected. */
export const NO_ACCESS_TOKENS: Record<string, [claims: JWTPayload, typ: string | null]> = {
  'a token whose client_id is not a string': [{ client_id: [{ toString: 0 }] }, 'at+jwt'],
  'an ID token': [{ nonce: 'n-0S6', at_hash: 'MTIzNDU2Nzg5MDEyMzQ1Ng', ...NO_SCOPE }, 'JWT'],
  'an ID token without nonce': [{ name: 'Alice', ...NO_SCOPE }, null],
  'an ID token with a scope and a nonce': [{ nonce: 'n-0S6' }, 'JWT'],
  'an ID token of Entra ID with roles': [{ roles: ['Admin'], ...NO_SCOPE, ...NO_CLIENT }, 'JWT'],
  'an ID token of Cognito': [{ token_use: 'id' }, null],
  'an ID token of Keycloak': [{ typ: 'ID', azp: 'agent' }, 'JWT'],
  'a refresh token of Keycloak': [{ typ: 'Refresh', azp: 'agent' }, 'JWT'],
  'a logout token': [{ events: { [LOGOUT]: {} }, ...NO_SCOPE }, 'logout+jwt'],
  'a logout token with typ JWT': [{ events: { [LOGOUT]: {} } }, 'JWT'],
  'a security event': [{ events: { 'https://schemas.openid.net/secevent/risc': {} } }, 'secevent+jwt'],
  'a DPoP proof': [{ htm: 'POST', htu: 'https://mcp.example.com/mcp' }, 'dpop+jwt'],
  'a DPoP proof without typ': [{ htm: 'POST', htu: 'https://mcp.example.com/mcp' }, null],
  'an introspection response': [{ token_introspection: { active: true } }, 'token-introspection+jwt'],
  'an authorization response': [{ code: 'abc', state: 'xyz', ...NO_SCOPE }, 'JWT'],
  'a client assertion': [{ ...NO_SCOPE }, 'client-authentication+jwt'],
  'a typ that is a number': [{}, 7 as unknown as string],
};

type Headers = Record<string, string>;

/** Returns request headers by name. `token` is a valid static token; `audience` is the audience of the issuer's valid tokens. */
export function attacks(
  issuer: SigningIssuer,
  { token: NEW, audience: AUDIENCE }: { token: string; audience: string },
): Record<string, () => Promise<Headers> | Headers> {
  return {
    'no token': () => ({}),
    'an empty token': () => ({ authorization: 'Bearer ' }),
    'the scheme Basic': () => ({ authorization: `Basic ${btoa(`user:${NEW}`)}` }),
    'a wrong static token': () => bearer('a-wrong-token-0123456789'),
    'the digest instead of the token': () => bearer(sha256(NEW)),
    'a token with a second word': () => bearer(`${NEW} ${NEW}`),
    'two tokens': () => ({ authorization: `Bearer wrong, Bearer ${NEW}` }),
    'an expired token': async () => bearer(await issuer.token({}, { expiresIn: -1 })),
    'a token without exp': async () => bearer(await issuer.token({ exp: undefined as unknown as number })),
    'a token that is not valid yet': async () =>
      bearer(await issuer.token({ nbf: Math.floor(Date.now() / 1000) + 60 })),
    'a token for another audience': async () =>
      bearer(await issuer.token({ aud: 'https://other.example/mcp' })),
    'a token without an audience': async () =>
      bearer(await issuer.token({ aud: undefined as unknown as string })),
    'a token of another issuer': async () => bearer(await issuer.token({ iss: 'https://evil.example' })),
    'alg none': async () => {
      const jwt = new UnsecuredJWT({ sub: 'alice', scope: 'mcp' })
        .setIssuer(issuer.url)
        .setAudience(AUDIENCE);
      return bearer(jwt.setExpirationTime('5m').encode());
    },
    'HS256 with the public key': async () => {
      const jwt = new SignJWT({ sub: 'alice' })
        .setProtectedHeader({ alg: 'HS256', kid: 'key-1' })
        .setIssuer(issuer.url);
      const secret = new TextEncoder().encode(await issuer.publicKeyPem());
      return bearer(await jwt.setAudience(AUDIENCE).setExpirationTime('5m').sign(secret));
    },
    'an unknown key id': async () => bearer(await issuer.token({}, { kid: 'unknown' })),
    'a signature of another key': async () => bearer(await issuer.token({}, { foreignKey: true })),
    'a changed payload': async () => {
      const [head, , signature] = (await issuer.token()).split('.');
      const payload = Buffer.from(
        JSON.stringify({ iss: issuer.url, aud: AUDIENCE, sub: 'admin', exp: 9999999999 }),
      );
      return bearer(`${head}.${payload.toString('base64url')}.${signature}`);
    },
    // Other JWTs that an issuer signs for the same audience.
    ...Object.fromEntries(
      Object.entries(NO_ACCESS_TOKENS).map(([what, [claims, typ]]) => [
        what,
        async () => bearer(await issuer.token(claims, { typ })),
      ]),
    ),
    'an access token with typ JWT': async () => bearer(await issuer.token({}, { typ: 'JWT' })),
    'an access token without typ': async () => bearer(await issuer.token({}, { typ: null })),
    'a token bound to a key': async () =>
      bearer(await issuer.token({ cnf: { jkt: '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I' } })),
    // Malformed tokens, for which the server must not send a request to the issuer.
    'one word': () => bearer('x'),
    'three words separated by dots': () => bearer('a.b.c'),
    'three empty parts': () => bearer('..'),
    'a header that is an array': () => bearer(`${btoa('[]').replaceAll('=', '')}.e30.x`),
    'five parts, as in an encrypted token': async () => bearer(`${await issuer.token()}.x.y`),
    'a token without a signature': async () => bearer((await issuer.token()).replace(/[^.]+$/, '')),
    'an algorithm that is an object': () =>
      bearer(`${Buffer.from('{"alg":{"toString":1}}').toString('base64url')}.e30.x`),
    'a header nested 5,000 levels deep': () => {
      const deep = `{"alg":${'['.repeat(5_000)}${']'.repeat(5_000)}}`;
      return bearer(`${Buffer.from(deep).toString('base64url')}.e30.x`);
    },
    'an unknown critical header': async () => {
      const [, payload, signature] = (await issuer.token()).split('.');
      const header = Buffer.from('{"alg":"RS256","kid":"key-1","crit":["x"],"x":1}').toString('base64url');
      return bearer(`${header}.${payload}.${signature}`);
    },
    'a key URL in the header': async () => {
      const jwt = new SignJWT({ sub: 'alice' }).setProtectedHeader({
        alg: 'HS256',
        jku: 'https://evil.example/keys',
      });
      return bearer(
        await jwt
          .setIssuer(issuer.url)
          .setAudience(AUDIENCE)
          .setExpirationTime('5m')
          .sign(new Uint8Array(32)),
      );
    },
  };
}

/** The names only, because test.each needs them before the issuer starts. */
export const ATTACKS = Object.keys(
  attacks(undefined as unknown as SigningIssuer, { token: '', audience: '' }),
);
