/**
 * Starts the proxy for https://mcp.example in this process, with a real provider, a real DynamoDB API (dynalite) and real metadata
 * documents of clients; and browsers, which keep cookies and follow redirects.
 */
import { once } from 'node:events';
import type { RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import dynalite from 'dynalite';
import { createGuard } from '../../../../app/framework/auth/guard.ts';
import { type Config, parseConfig } from '../../../../app/framework/config.ts';
import { type EndpointContext, endpointContext } from '../../../../app/framework/endpoint-context.ts';
import type { DocumentAccess } from '../../../../app/framework/oauth-proxy/fetch-document.ts';
import { digest } from '../../../../app/framework/oauth-proxy/seal.ts';
import { createServe } from '../../../../app/framework/oauth-proxy/serve.ts';
import { type ClientDocuments, startClientDocuments } from '../../../helpers/client-documents.ts';
import {
  type IdentityProvider,
  type IdentityProviderOptions,
  PROVIDER_CLIENT,
  startIdentityProvider,
} from '../../../helpers/identity-provider.ts';

export const ISSUER = 'https://mcp.example';
export const RESOURCE = `${ISSUER}/mcp`;
export const OTHER_RESOURCE = `${ISSUER}/other/mcp`;
export const REDIRECT = 'https://client.example/callback';
/** The PKCE code verifier of a client. */
export const VERIFIER = 'verifier-of-the-client-0123456789-0123456789';
const SECRET = 'a-secret-for-tests-0123456789-0123456789';
const TABLE = 'mcp-table';

export interface Lab {
  database: Database;
  provider: IdentityProvider;
  documents: ClientDocuments;
  /** The ID of a client with a metadata document and {@link REDIRECT}. */
  clientId: string;
  /** Creates another execution environment: a proxy with other settings that shares provider and table. */
  proxy(env?: Record<string, string>, access?: DocumentAccess): TestProxy;
  close(): Promise<void>;
}

export interface TestProxy {
  settings: Config;
  send(request: Request): Promise<Response>;
  /** Sends a form to the token endpoint or another one. */
  post(
    path: string,
    form: Record<string, string>,
  ): Promise<{ status: number; body: Record<string, unknown> }>;
  register(metadata: object): Promise<{ status: number; body: Record<string, unknown> }>;
  /** Returns whether a token is accepted at a path. */
  accepts(token: unknown, path?: string): Promise<boolean>;
}

export interface Database {
  /** The number of items that have been written. */
  writes: number;
  /** Delays writes until this number of reads has been served, so that as many execution environments have read the same state. */
  holdWritesUntil(reads: number): void;
}

export async function startLab(options: Partial<IdentityProviderOptions> = {}): Promise<Lab> {
  const server = dynalite({ createTableMs: 0 });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const database = watch(server);
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  process.env.AWS_ENDPOINT_URL_DYNAMODB = endpoint;
  const credentials = { accessKeyId: 'none', secretAccessKey: 'none' };
  const client = new DynamoDBClient({ endpoint, region: 'us-east-1', credentials });
  await client.send(
    new CreateTableCommand({
      TableName: TABLE,
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: [{ AttributeName: 'key', KeyType: 'HASH' }],
      AttributeDefinitions: [{ AttributeName: 'key', AttributeType: 'S' }],
    }),
  );
  client.destroy();
  const provider = await startIdentityProvider({ redirectUri: `${ISSUER}/callback`, ...options });
  const documents = await startClientDocuments();
  const clientId = documents.publish('/client.json', {
    client_name: 'Test client',
    redirect_uris: [REDIRECT],
  });
  return {
    database,
    provider,
    documents,
    clientId,
    proxy: (env = {}, access = documents.access) =>
      createTestProxy(
        {
          MCP_AUTH: 'oauth',
          MCP_OAUTH_PROXY: 'on',
          MCP_OAUTH_ISSUER: provider.issuer,
          MCP_OAUTH_CLIENT_ID: PROVIDER_CLIENT.id,
          ...(options.confidential !== false && { MCP_OAUTH_CLIENT_SECRET: PROVIDER_CLIENT.secret }),
          MCP_OAUTH_REGISTRATION: 'on',
          MCP_OAUTH_SCOPES: 'mcp',
          MCP_SECRET: SECRET,
          MCP_TABLE: TABLE,
          ...env,
        },
        access,
      ),
    async close() {
      await Promise.all([provider.close(), documents.close()]);
      server.close();
    },
  };
}

function watch(server: Server): Database {
  const handlers = server.listeners('request') as RequestListener[];
  server.removeAllListeners('request');
  let missing = 0;
  let allRead = Promise.withResolvers<void>();
  const database: Database = {
    writes: 0,
    holdWritesUntil(reads) {
      missing = reads;
      allRead = Promise.withResolvers();
    },
  };
  server.on('request', async (request, response) => {
    const operation = String(request.headers['x-amz-target']).split('.').at(-1);
    if (operation === 'GetItem')
      response.once('finish', () => {
        missing -= 1;
        if (missing === 0) allRead.resolve();
      });
    if (operation === 'PutItem') {
      if (missing > 0) await allRead.promise;
      database.writes += 1;
    }
    for (const handle of handlers) handle(request, response);
  });
  return database;
}

function createTestProxy(env: Record<string, string>, documentAccess: DocumentAccess): TestProxy {
  const settings = parseConfig(env);
  const serve = createServe({ settings: () => settings, paths: ['/mcp', '/other/mcp'], documentAccess });
  const guard = createGuard(settings);
  const send = (request: Request): Promise<Response> => serve(request, endpointOf(request));
  const post = async (path: string, body: string | URLSearchParams, headers: Record<string, string> = {}) => {
    const response = await send(new Request(`${ISSUER}${path}`, { method: 'POST', body, headers }));
    const text = await response.text();
    return { status: response.status, body: text === '' ? {} : JSON.parse(text) };
  };
  return {
    settings,
    send,
    post: (path, form) => post(path, new URLSearchParams(form)),
    register: metadata => post('/register', JSON.stringify(metadata), { 'content-type': 'application/json' }),
    async accepts(token, path = '/mcp') {
      const headers = { authorization: `Bearer ${token}` };
      const request = new Request(`${ISSUER}${path}`, { method: 'POST', headers });
      return (await guard(request, endpointOf(request))).allowed;
    },
  };
}

/** Returns the context of a Function URL with this domain name, whatever the Host header of the caller. */
function endpointOf(request: Request): EndpointContext {
  const { pathname } = new URL(request.url);
  const requestContext = { domainName: new URL(ISSUER).host };
  return endpointContext(request, { rawPath: pathname, requestContext });
}

/** Returns the URL of a valid authorization request with these changes; undefined leaves out a parameter. */
export function authorizationUrl(
  clientId: string,
  parameters: Record<string, string | undefined> = {},
): string {
  const url = new URL(`${ISSUER}/authorize`);
  const all = {
    client_id: clientId,
    redirect_uri: REDIRECT,
    response_type: 'code',
    code_challenge: digest(VERIFIER),
    code_challenge_method: 'S256',
    state: 'state-of-the-client',
    resource: RESOURCE,
    ...parameters,
  };
  for (const [name, value] of Object.entries(all)) if (value !== undefined) url.searchParams.set(name, value);
  return url.href;
}

export interface Page {
  url: string;
  status: number;
  headers: Headers;
  text: string;
}

/** A browser. It follows redirects up to a page or an address of a client, which it does not open. */
export class Browser {
  readonly #proxy: TestProxy;
  /** Cookie values by host and name. */
  readonly cookies = new Map<string, Map<string, string>>();
  /** Every URL that it was redirected to. */
  readonly visited: string[] = [];

  constructor(proxy: TestProxy) {
    this.#proxy = proxy;
  }

  /** Opens a URL and follows redirects. `site` is `none` if the person opens it, `cross-site` if a page or redirect does. */
  async open(url: string, site = 'cross-site', init: RequestInit = {}): Promise<Page> {
    let [next, request] = [url, init];
    for (let hops = 0; hops < 10; hops += 1) {
      this.visited.push(next);
      const { origin } = new URL(next);
      if (origin !== ISSUER && origin !== new URL(this.#proxy.settings.MCP_OAUTH_ISSUER ?? '').origin)
        return { url: next, status: 0, headers: new Headers(), text: '' };
      const response = await this.#send(next, site, request);
      const location = response.headers.get('location');
      if (!location)
        return { url: next, status: response.status, headers: response.headers, text: await response.text() };
      [next, request] = [new URL(location, next).href, {}];
    }
    throw new Error(`Too many redirects, the last one to ${next}`);
  }

  /** Submits a consent page with one of its buttons. */
  decide(page: Page, decision: 'allow' | 'deny', fields: Record<string, string> = {}): Promise<Page> {
    const body = new URLSearchParams({ ...hiddenFields(page), decision, ...fields });
    return this.open(`${ISSUER}/consent`, 'same-origin', {
      method: 'POST',
      body,
      headers: { origin: ISSUER },
    });
  }

  /** Signs in and consents; returns the query of the client's redirect address. */
  async signIn(url: string): Promise<URLSearchParams> {
    const page = await this.open(url);
    const end = page.status === 200 ? await this.decide(page, 'allow') : page;
    return new URL(end.url).searchParams;
  }

  async #send(url: string, site: string, init: RequestInit): Promise<Response> {
    const { host, origin } = new URL(url);
    const jar = this.cookies.get(host) ?? new Map<string, string>();
    this.cookies.set(host, jar);
    const headers = new Headers(init.headers);
    if (jar.size > 0) headers.set('cookie', [...jar].map(([name, value]) => `${name}=${value}`).join('; '));
    if (site !== '') headers.set('sec-fetch-site', site);
    const request = new Request(url, { ...init, headers, redirect: 'manual' });
    const response = await (origin === ISSUER ? this.#proxy.send(request) : fetch(request));
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      jar.set(name, value);
    }
    return response;
  }
}

export function hiddenFields({ text }: Page): Record<string, string> {
  const fields = text.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)">/g);
  return Object.fromEntries([...fields].map(([, name, value]) => [name, value]));
}

/** Returns the form of the token request for a code. */
export function codeGrant(code: string | null, clientId: string, more: Record<string, string> = {}) {
  return {
    grant_type: 'authorization_code',
    code: String(code),
    client_id: clientId,
    redirect_uri: REDIRECT,
    code_verifier: VERIFIER,
    resource: RESOURCE,
    ...more,
  };
}

export function refreshGrant(refreshToken: unknown, clientId: string, more: Record<string, string> = {}) {
  return { grant_type: 'refresh_token', refresh_token: String(refreshToken), client_id: clientId, ...more };
}
