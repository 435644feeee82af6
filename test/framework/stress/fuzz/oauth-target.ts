/** The OAuth proxy in the local Lambda, with a client and one sign-in at each step. */
import { createHash } from 'node:crypto';
import { startClientDocuments } from '../../../helpers/client-documents.ts';
import { closeAll } from '../../../helpers/close-all.ts';
import { PROVIDER_CLIENT } from '../../../helpers/identity-provider.ts';
import { PROXY_SECRET, type RunningProxy, startProxyWithDocuments } from '../../../helpers/oauth-proxy.ts';

export const REDIRECT = 'https://client.example/callback';
const VERIFIER = 'verifier-of-the-client-0123456789-0123456789';

/** The values of a valid request to each endpoint. */
export interface Valid {
  client: string;
  document: string;
  redirect: string;
  resource: string;
  challenge: string;
  verifier: string;
  /** Values of a sign-in that waits for the person's consent. */
  transaction: string;
  csrf: string;
  cookie: string;
  /** State of a sign-in that waits at the provider, in the same browser. */
  state: string;
  /** A code that has not been exchanged. */
  code: string;
  refresh: string;
}

export interface OAuthTarget {
  url: string;
  /** Prefixes of the URLs to which the proxy may redirect a browser. */
  destinations: readonly string[];
  /** Texts that no response may contain. */
  secrets: ReadonlySet<string>;
  valid: Valid;
  /** Replaces the values that a request to an endpoint has used. */
  renew(path: string): Promise<void>;
  close(): Promise<void>;
}

export async function startOAuthTarget(): Promise<OAuthTarget> {
  const documents = await startClientDocuments();
  const proxy = await startProxyWithDocuments().catch(async error => {
    await documents.close();
    throw error;
  });
  const { provider, lambda } = proxy;
  const secrets = new Set([PROXY_SECRET, PROVIDER_CLIENT.secret]);
  provider.intercept = (request, response) => {
    if (request.url === '/token') {
      const end = response.end.bind(response);
      response.end = ((body: unknown, ...rest: never[]) => {
        for (const value of Object.values(JSON.parse(String(body)) as Record<string, unknown>))
          if (typeof value === 'string' && value.length > 20) secrets.add(value);
        return end(body as never, ...rest);
      }) as typeof response.end;
    }
    return false;
  };
  const client = await register(lambda.url);
  const person = createPerson(proxy, client);
  const valid: Valid = {
    ...(await person.atConsent()),
    client,
    document: documents.publish('/fuzz.json', { redirect_uris: [REDIRECT] }),
    redirect: REDIRECT,
    resource: `${lambda.url}/mcp`,
    challenge: s256(VERIFIER),
    verifier: VERIFIER,
    cookie: person.cookie(),
    state: await person.atProvider(),
    code: await person.code(),
    refresh: await person.refresh(),
  };
  const renewals: Record<string, () => Promise<Partial<Valid>>> = {
    '/consent': person.atConsent,
    '/callback': async () => ({ state: await person.atProvider() }),
    '/token': async () => ({ code: await person.code() }),
    '/token, refresh': async () => ({ refresh: await person.refresh() }),
    '/revoke': async () => ({ refresh: await person.refresh() }),
  };
  return {
    url: lambda.url,
    destinations: [`${provider.issuer}/auth?`, `${lambda.url}/consent?transaction=`, `${REDIRECT}?`],
    secrets,
    valid,
    async renew(path) {
      Object.assign(valid, await renewals[path]?.());
    },
    close: () => closeAll(lambda, provider, documents),
  };
}

/** Creates a person with a browser, who continues sign-ins to each step. */
function createPerson({ lambda, provider }: RunningProxy, client: string) {
  const { url } = lambda;
  const request = new URL('/authorize', url);
  const parameters = {
    client_id: client,
    redirect_uri: REDIRECT,
    response_type: 'code',
    code_challenge: s256(VERIFIER),
    code_challenge_method: 'S256',
    resource: `${url}/mcp`,
  };
  for (const [name, value] of Object.entries(parameters)) request.searchParams.set(name, value);
  const cookies = new Map<string, string>();
  /** Follows redirects up to a page, or a URL that starts with `stopAt`. */
  const open = async (to: string, init: RequestInit = {}, stopAt = REDIRECT): Promise<[string, string]> => {
    let [next, options] = [to, init];
    for (let hops = 0; hops < 10 && !next.startsWith(stopAt); hops += 1) {
      const cookie = [...cookies].map(pair => pair.join('=')).join('; ');
      const response = await fetch(next, { ...options, redirect: 'manual', headers: { cookie } });
      for (const line of response.headers.getSetCookie()) {
        const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
        cookies.set(name, value);
      }
      const location = response.headers.get('location');
      if (!location) return [next, await response.text()];
      [next, options] = [new URL(location, next).href, {}];
    }
    return [next, ''];
  };
  const atConsent = async () => {
    const [, page] = await open(request.href);
    const [, transaction] = /name="transaction" value="([^"]+)"/.exec(page) ?? [];
    const [, csrf] = /name="csrf" value="([^"]+)"/.exec(page) ?? [];
    if (!transaction || !csrf) throw new Error(`This is not a consent page: ${page}`);
    return { transaction, csrf };
  };
  const code = async (): Promise<string> => {
    const body = new URLSearchParams({ ...(await atConsent()), decision: 'allow' });
    const [end] = await open(`${url}/consent`, { method: 'POST', body });
    return new URL(end).searchParams.get('code') ?? fail(end);
  };
  return {
    atConsent,
    code,
    cookie: () => `mcp-sign-in=${cookies.get('mcp-sign-in')}`,
    async atProvider(): Promise<string> {
      const [end] = await open(request.href, {}, `${provider.issuer}/auth`);
      return new URL(end).searchParams.get('state') ?? fail(end);
    },
    async refresh(): Promise<string> {
      const grant = { grant_type: 'authorization_code', client_id: client, code_verifier: VERIFIER };
      const body = new URLSearchParams({ ...grant, code: await code() });
      const response = await fetch(`${url}/token`, { method: 'POST', body });
      const tokens = (await response.json()) as { refresh_token?: string };
      return tokens.refresh_token ?? fail(`${response.status}`);
    },
  };
}

function fail(end: string): never {
  throw new Error(`The sign-in of the fuzzer ended at ${end}`);
}

async function register(url: string): Promise<string> {
  const body = JSON.stringify({ redirect_uris: [REDIRECT] });
  const response = await fetch(`${url}/register`, { method: 'POST', body });
  return ((await response.json()) as { client_id: string }).client_id;
}

function s256(verifier: string): string {
  return createHash('sha256').update(verifier).digest('base64url');
}
