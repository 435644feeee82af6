/** Tokens that the issuer did not create, or created for another purpose: none is accepted, and none is in a response. */
import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { bytes, nastyJson, nastyText } from '../arbitraries.ts';
import type { Property } from '../property.ts';
import { expectNothingLeaked, expectPlain, JSON_HEADERS, post, type Target } from '../target.ts';

type Case =
  /** A valid token with one changed character, at this fraction of its length. */
  | { of: 'flipped'; at: number; to: string }
  | { of: 'header'; header: Record<string, unknown> }
  /** A token that the issuer signed, with these claims instead of the valid ones. */
  | { of: 'claims'; claims: Record<string, unknown> }
  | { of: 'foreign key' }
  | { of: 'public key as secret' }
  /** The complete value of the header. */
  | { of: 'value'; value: string }
  | { of: 'repeated'; times: number };

const CLAIMS = [
  'iss',
  'aud',
  'exp',
  'nbf',
  'iat',
  'sub',
  'client_id',
  'scope',
  'cnf',
  'nonce',
  'events',
  'azp',
  '__proto__',
];
const HEADERS = ['alg', 'kid', 'typ', 'crit', 'jwk', 'jku', 'x5u', 'x5c', 'b64', 'zip', 'enc', '__proto__'];
const object = (names: string[], values: fc.Arbitrary<unknown>): fc.Arbitrary<Record<string, unknown>> =>
  fc
    .array(fc.tuple(fc.constantFrom(...names), values), { minLength: 1, maxLength: 3 })
    .map(pairs =>
      JSON.parse(`{${pairs.map(([k, v]) => `${JSON.stringify(k)}:${JSON.stringify(v)}`).join()}}`),
    );
const headerValue = fc.oneof(
  fc.constantFrom<unknown>('none', 'NONE', 'HS256', 'RS512', '../keys', 'JWT', ['exp'], true),
  nastyJson,
);

const arbitrary: fc.Arbitrary<Case> = fc.oneof(
  fc.record({
    of: fc.constant('flipped' as const),
    at: fc.double({ min: 0, max: 0.999, noNaN: true }),
    to: fc.constantFrom('A', 'z', '.', '=', '-', '+'),
  }),
  fc.record({ of: fc.constant('header' as const), header: object(HEADERS, headerValue) }),
  fc.record({ of: fc.constant('claims' as const), claims: object(CLAIMS, nastyJson) }),
  fc.record({ of: fc.constant('foreign key' as const) }),
  fc.record({ of: fc.constant('public key as secret' as const) }),
  fc.record({
    of: fc.constant('value' as const),
    value: fc.oneof(
      bytes,
      nastyText,
      fc.constantFrom('Bearer', 'Bearer ', 'Bearer ..', 'Basic YTpi', 'Bearer a b', 'Bearer e30.e30.'),
    ),
  }),
  fc.record({ of: fc.constant('repeated' as const), times: fc.integer({ min: 2, max: 12 }) }),
);

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

async function headerFrom(given: Case, { issuer, token }: Target): Promise<string> {
  const [header = '', payload = '', signature = ''] = token.split('.');
  switch (given.of) {
    case 'flipped': {
      const at = Math.floor(given.at * token.length);
      return `Bearer ${token.slice(0, at)}${given.to}${token.slice(at + 1)}`;
    }
    case 'header':
      return `Bearer ${encode({ ...JSON.parse(Buffer.from(header, 'base64url').toString()), ...given.header })}.${payload}.${signature}`;
    case 'claims':
      return `Bearer ${await issuer.token(given.claims)}`;
    case 'foreign key':
      return `Bearer ${await issuer.token({}, { foreignKey: true })}`;
    case 'public key as secret': {
      const signed = `${encode({ alg: 'HS256', kid: 'key-1', typ: 'at+jwt' })}.${payload}`;
      const mac = createHmac('sha256', await issuer.publicKeyPem())
        .update(signed)
        .digest('base64url');
      return `Bearer ${signed}.${mac}`;
    }
    case 'value':
      return Buffer.from(given.value)
        .toString('latin1')
        .replace(/[^\x20-\x7e\x80-\xff]/g, '');
    case 'repeated':
      return `Bearer ${Array(given.times).fill(token).join('')}`;
  }
}

/** Returns whether the changed claims are still valid. */
function stillGood(claims: Record<string, unknown>): boolean {
  const harmless = [
    'sub',
    'client_id',
    'scope',
    'azp',
    'iat',
    '__proto__',
    'nbf',
    'exp',
    'nonce',
    'events',
    'aud',
    'iss',
    'cnf',
  ];
  return Object.keys(claims).every(name => harmless.includes(name));
}

function mayEnter(given: Case, value: string, { token, issuer }: Target): boolean {
  if (given.of !== 'claims') return value === `Bearer ${token}`;
  const { iss, aud, exp, nbf, cnf } = given.claims;
  const now = Math.floor(Date.now() / 1000);
  const audience = 'https://mcp.example/mcp';
  const bad = [
    iss !== undefined && iss !== issuer.url,
    aud !== undefined && aud !== audience && !(Array.isArray(aud) && aud.includes(audience)),
    exp !== undefined && !(typeof exp === 'number' && exp > now - 10),
    nbf !== undefined && !(typeof nbf === 'number' && nbf <= now + 10),
    cnf !== undefined,
  ];
  return stillGood(given.claims) && !bad.includes(true);
}

async function check(target: Target, given: Case): Promise<void> {
  const value = await headerFrom(given, target);
  const body = JSON.stringify({
    jsonrpc: '2.0',
    id: 7,
    method: 'tools/call',
    params: { name: 'mark', arguments: { mark: 'in' } },
  });
  const { status, headers, text } = await post(
    `${target.stream.url}/v2/mcp`,
    { ...JSON_HEADERS, authorization: value },
    body,
  );
  if (status >= 500) throw new Error(`Status ${status}: ${text.slice(0, 500)}`);
  expectNothingLeaked(text);
  const entered = status === 200;
  if (entered && !mayEnter(given, value, target))
    throw new Error(`A caller was accepted with ${value.slice(0, 400)}`);
  if (!entered && ![400, 401, 403, 431].includes(status)) throw new Error(`Refused by ${status}: ${text}`);
  const credential = value.replace(/^\S+\s*/, '');
  if (credential.length > 8 && `${text}${JSON.stringify(headers)}`.includes(credential))
    throw new Error('The response contains the token.');
  await expectPlain(target);
}

export const tokens: Property<Case> = { name: 'tokens', arbitrary, check };
