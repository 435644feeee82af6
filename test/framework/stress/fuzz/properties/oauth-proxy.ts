/**
 * Requests to the endpoints of the OAuth proxy, mostly valid, with some parameters changed. Each response must not be a server
 * error, contain a secret, redirect the browser to an unregistered URL, or grant a token to an invalid request.
 */
import fc from 'fast-check';
import { nastyJson, nastyText } from '../arbitraries.ts';
import type { Valid } from '../oauth-target.ts';
import type { Property } from '../property.ts';
import { expectNothingLeaked, type Reply, send } from '../target.ts';

/** By endpoint, the parameters of a valid request; `{name}` stands for a value of {@link Valid}. */
const VALID: Record<string, Record<string, string>> = {
  'GET /authorize': {
    client_id: '{client}',
    redirect_uri: '{redirect}',
    response_type: 'code',
    code_challenge: '{challenge}',
    code_challenge_method: 'S256',
    resource: '{resource}',
    state: 'state',
  },
  'GET /callback': { code: 'code-of-the-provider', state: '{state}' },
  'GET /consent': { transaction: '{transaction}' },
  'POST /consent': { transaction: '{transaction}', csrf: '{csrf}', decision: 'allow' },
  'POST /token': {
    grant_type: 'authorization_code',
    client_id: '{client}',
    code: '{code}',
    code_verifier: '{verifier}',
    redirect_uri: '{redirect}',
    resource: '{resource}',
  },
  'POST /token, refresh': {
    grant_type: 'refresh_token',
    client_id: '{client}',
    refresh_token: '{refresh}',
  },
  'POST /revoke': { token: '{refresh}', client_id: '{client}' },
  'POST /register': {},
  'GET /.well-known/oauth-authorization-server': {},
  'GET /.well-known/openid-configuration': {},
  'GET /.well-known/jwks.json': {},
};
const NAMES = [...new Set(Object.values(VALID).flatMap(Object.keys)), 'iss', 'error', 'client_assertion'];
const VALUES = [
  ...['client', 'document', 'redirect', 'resource', 'state', 'transaction', 'csrf', 'code', 'refresh'],
].map(name => `{${name}}`);
const URLS = [
  'https://evil.example/callback',
  '{redirect}@evil.example/',
  '{redirect}/../x',
  '//evil.example',
  'javascript:alert(1)',
  'https://127.0.0.1/client.json',
  '{resource}/other',
];

interface Case {
  endpoint: string;
  /** Parameters to set; null removes one, a list sets it several times. */
  changes: [name: string, value: string | string[] | null][];
  /** Text after the path. */
  suffix: string;
  headers: [name: string, value: string][];
  /** Whether the request has the cookie of the signed-in browser. */
  cookie: boolean;
  /** The body of /register. */
  metadata: unknown;
}

const value = fc.oneof(nastyText, fc.constantFrom(...VALUES, ...URLS));
const header: fc.Arbitrary<[string, string]> = fc.oneof(
  fc.constantFrom<[string, string]>(
    ['sec-fetch-site', 'none'],
    ['sec-fetch-site', 'cross-site'],
    ['origin', 'null'],
    ['origin', 'https://evil.example'],
    ['host', 'evil.example'],
    ['x-forwarded-host', 'evil.example'],
    ['content-type', 'application/json'],
    ['content-type', 'text/plain'],
  ),
  fc.tuple(fc.constantFrom('authorization', 'cookie', 'accept', 'sec-fetch-site', 'content-type'), nastyText),
);
/** Endpoints that grant something, used more often than the others. */
const ENDPOINTS = [
  ...Object.keys(VALID),
  ...['GET /authorize', 'POST /consent', 'POST /token'].flatMap(name => [name, name]),
];
const changesOf = (endpoint: string): fc.Arbitrary<Case['changes']> =>
  fc.array(
    fc.tuple(
      fc.oneof(
        { weight: 9, arbitrary: fc.constantFrom(...Object.keys(VALID[endpoint] ?? {}), 'iss') },
        { weight: 3, arbitrary: fc.constantFrom(...NAMES) },
        nastyText,
      ),
      fc.oneof(
        { weight: 5, arbitrary: value },
        fc.constant(null),
        fc.array(value, { minLength: 2, maxLength: 2 }),
      ),
    ),
    { maxLength: 3 },
  );
const arbitrary: fc.Arbitrary<Case> = fc.constantFrom(...ENDPOINTS).chain(endpoint =>
  fc.record({
    endpoint: fc.constant(endpoint),
    changes: changesOf(endpoint),
    suffix: fc.oneof({ weight: 8, arbitrary: fc.constant('') }, fc.constantFrom('/', '/mcp', '%2f', '/..;/')),
    headers: fc.array(header, { maxLength: 2 }),
    cookie: fc.oneof({ weight: 3, arbitrary: fc.constant(true) }, fc.constant(false)),
    metadata: fc.oneof(
      nastyJson,
      fc.record({ redirect_uris: fc.oneof(nastyJson, fc.array(value)), client_name: nastyJson }),
    ),
  }),
);

async function check(
  target: Parameters<Property['check']>[0],
  { endpoint, changes, suffix, headers, cookie, metadata }: Case,
): Promise<void> {
  const { url, destinations, secrets, valid, renew } = await target.oauth();
  const [method = '', path = ''] = endpoint.split(/[ ,]+/);
  const parameters = parametersOf(endpoint, changes, valid);
  const isGet = method === 'GET';
  const all = {
    ...(!isGet && { 'content-type': 'application/x-www-form-urlencoded' }),
    ...(cookie && { cookie: valid.cookie }),
    ...Object.fromEntries(headers.map(([name, text]) => [name, headerText(text)])),
  };
  const query = isGet ? `?${parameters}` : '';
  const body = path === '/register' ? JSON.stringify(metadata) : isGet ? '' : String(parameters);
  const reply = await send(method, `${url}${path}${suffix}${query}`, all, body);
  expectInOrder(reply, destinations, secrets);
  const released = RELEASED[path]?.(reply) ?? false;
  const due = DUE[path]?.(parameters, valid, new Headers(all)) ?? true;
  if (released && !due) throw new Error(`${path} accepted ${parameters} with ${JSON.stringify(all)}`);
  await renew(endpoint.slice(method.length + 1));
  const plain = await send('GET', `${url}/.well-known/oauth-authorization-server`, {}, '');
  if (plain.status !== 200) throw new Error(`The plain request afterwards got ${plain.status}.`);
}

function parametersOf(endpoint: string, changes: Case['changes'], valid: Valid): URLSearchParams {
  const fill = (text: string): string =>
    text.replaceAll(/\{(\w+)\}/g, (whole, name) => valid[name as keyof Valid] ?? whole);
  const parameters = new URLSearchParams();
  for (const [name, text] of Object.entries(VALID[endpoint] ?? {})) parameters.set(name, fill(text));
  for (const [name, given] of changes) {
    parameters.delete(name);
    for (const text of given === null ? [] : [given].flat()) parameters.append(name, fill(text));
  }
  return parameters;
}

function headerText(text: string): string {
  return Buffer.from(text)
    .toString('latin1')
    .replace(/[^\x20-\x7e\x80-\xff]/g, '');
}

function expectInOrder(
  { status, headers, text }: Reply,
  destinations: readonly string[],
  secrets: ReadonlySet<string>,
): void {
  if (status >= 500) throw new Error(`Status ${status}: ${text.slice(0, 500)}`);
  expectNothingLeaked(text);
  const whole = `${text}${JSON.stringify(headers)}`;
  if ([...secrets].some(secret => whole.includes(secret))) throw new Error('A secret is in the response.');
  const { location } = headers;
  if (location !== undefined && !destinations.some(start => String(location).startsWith(start)))
    throw new Error(`The browser is redirected to ${location}`);
}

/** By endpoint, whether a response grants a code or a token. */
const RELEASED: Record<string, (reply: Reply) => boolean> = {
  '/authorize': ({ status }) => status === 303,
  '/consent': ({ headers }) => String(headers.location).includes('code='),
  '/token': ({ status }) => status === 200,
};

/** By endpoint, whether a request may be granted. */
const DUE: Record<string, (parameters: URLSearchParams, valid: Valid, headers: Headers) => boolean> = {
  '/authorize': (parameters, { client, document, redirect, resource }) =>
    has(parameters, { redirect_uri: redirect, response_type: 'code', code_challenge_method: 'S256' }) &&
    [client, document].includes(parameters.getAll('client_id').join()) &&
    /^[\w-]{43}$/.test(parameters.getAll('code_challenge').join()) &&
    ['', resource].includes(parameters.getAll('resource').join()),
  '/consent': (parameters, { transaction, csrf, cookie }, headers) =>
    has(parameters, { transaction, csrf, decision: 'allow' }) &&
    headers.get('cookie') === cookie &&
    [null, 'same-origin', ''].includes(headers.get('sec-fetch-site')) &&
    headers.get('origin') === null,
  '/token': (parameters, { client, code, verifier, refresh }) =>
    has(parameters, { grant_type: 'authorization_code', client_id: client, code, code_verifier: verifier }) ||
    has(parameters, { grant_type: 'refresh_token', client_id: client, refresh_token: refresh }),
};

function has(parameters: URLSearchParams, expected: Record<string, string>): boolean {
  return Object.entries(expected).every(([name, text]) => parameters.getAll(name).join() === text);
}

export const oauthProxy: Property<Case> = { name: 'oauth-proxy', arbitrary, check };
