/**
 * The OAuth proxy: the authorization server that MCP clients see, in front of one client that is registered with an OpenID
 * provider. Loaded by the first request for one of its paths (proxy-middleware.ts).
 *
 * This file routes requests to endpoints and sends errors. The endpoints make all security checks.
 */

import { createKeys } from '../auth/secret.ts';
import { createAwsClient } from '../aws/aws-client.ts';
import { createParameterReader } from '../aws/parameter.ts';
import type { Config } from '../config.ts';
import { type EndpointContext, resourceUrl } from '../endpoint-context.ts';
import { isSecure } from '../setting-formats.ts';
import { createStore } from '../store/store.ts';
import { authorize } from './authorize.ts';
import { callback } from './callback.ts';
import { createClients, shortId } from './clients.ts';
import { decideConsent, showConsent } from './consent.ts';
import { errorPage } from './consent-page.ts';
import { ANY_ORIGIN, errorJson, OAuthRequestError } from './oauth-error.ts';
import { createProvider } from './provider.ts';
import {
  logSignIn,
  type OAuthProxy,
  type ProxyEndpoint,
  type ProxyOptions,
  type ProxyRequest,
} from './proxy.ts';
import { createRecords } from './records.ts';
import { register } from './register.ts';
import { revoke } from './revoke.ts';
import { createSealer } from './seal.ts';
import { serverMetadata } from './server-metadata.ts';
import { token } from './token.ts';

/** Pages for the browser of a person. Errors are pages. */
const PAGES: Record<string, ProxyEndpoint> = {
  'GET /authorize': authorize,
  'GET /callback': callback,
  'GET /consent': showConsent,
  'POST /consent': decideConsent,
};

/** Endpoints for programs, from any origin. Errors are JSON. */
const APIS: Record<string, ProxyEndpoint> = {
  'POST /token': token,
  'POST /revoke': revoke,
  'POST /register': register,
};

/** Creates the handler of all paths of the proxy. */
export function createServe({ settings: readSettings, paths, documentAccess }: ProxyOptions) {
  const settings = readSettings();
  const proxy = createProxy(settings, documentAccess);
  const patterns = paths.map(path => new RegExp(`^${path.split('/').map(segmentPattern).join('/')}$`));

  return async function serve(request: Request, endpoint: EndpointContext): Promise<Response> {
    const url = new URL(request.url);
    const issuer = issuerOf(endpoint);
    const name = `${request.method} ${url.pathname}`;
    const resourceOf = (resource?: string): string | undefined =>
      resourceFor(resource, { endpoint, paths, patterns });
    if (issuer === undefined) {
      console.error(NO_ISSUER);
      return Response.json({ error: 'server_error', error_description: NO_ISSUER }, { status: 500 });
    }
    if (!isSecure(new URL(issuer))) {
      const refused = new OAuthRequestError(
        'invalid_request',
        'Use https.',
        `The request was for ${issuer}.`,
      );
      return sendError(name, errorJson)(refused);
    }
    const call: ProxyRequest = { request, url, issuer, resourceOf };
    if (PAGES[name]) return PAGES[name](proxy, call).catch(sendError(name, errorPage, clientOf(url)));
    if (APIS[name]) return APIS[name](proxy, call).catch(sendError(name, errorJson));
    return metadataOrRefusal(request.method, url.pathname, issuer, settings);
  };
}

const NO_ISSUER =
  'The OAuth proxy does not know its own URL. Set MCP_PUBLIC_URL to the https URL of the MCP endpoint that clients use.';

function createProxy(settings: Config, access: ProxyOptions['documentAccess']): OAuthProxy {
  const callAws = createAwsClient();
  const readParameter = createParameterReader(callAws);
  const sealer = createSealer(createKeys(settings, readParameter));
  return {
    settings,
    sealer,
    clients: createClients(sealer, settings.MCP_OAUTH_REGISTRATION, access),
    provider: createProvider(settings, readParameter),
    records: createRecords(createStore(callAws, { table: () => settings.MCP_TABLE ?? '' }), sealer),
  };
}

/**
 * Returns the issuer identifier by MCP_PUBLIC_URL, or by the domain name in the event; undefined without both. The Host header is not
 * used, because a caller can forge it.
 */
function issuerOf({ main, domainName, baseUrl }: EndpointContext): string | undefined {
  return main !== undefined || domainName !== undefined ? baseUrl : undefined;
}

interface Resources {
  endpoint: EndpointContext;
  paths: readonly string[];
  patterns: readonly RegExp[];
}

/**
 * Returns the resource (RFC 8707) if it is an MCP server of this deployment. Default: the first server, which the root metadata
 * describes.
 */
function resourceFor(
  resource: string | undefined,
  { endpoint, paths, patterns }: Resources,
): string | undefined {
  const [first] = paths;
  if (resource === undefined) return first === undefined ? undefined : resourceUrl(endpoint, first);
  if (!URL.canParse(resource)) return undefined;
  const { href } = new URL(resource);
  const { main, baseUrl } = endpoint;
  if (main && href === new URL(main.url).href) return main.url;
  const base = new URL(baseUrl).href.replace(/\/$/, '');
  if (!href.startsWith(`${base}/`)) return undefined;
  const path = href.slice(base.length);
  return patterns.some(pattern => pattern.test(path)) ? resourceUrl(endpoint, path) : undefined;
}

/** Returns the pattern of a path segment: any text for Hono's `:name`, else the literal text. */
function segmentPattern(segment: string): string {
  return segment.startsWith(':') ? '[^/?#]+' : segment.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

/** Returns a handler that logs and sends OAuthRequestErrors. It rethrows other errors, which the app logs and does not send. */
function sendError(
  endpoint: string,
  send: (error: OAuthRequestError) => Response | Promise<Response>,
  client?: string,
) {
  return (error: unknown): Response | Promise<Response> => {
    if (!(error instanceof OAuthRequestError)) throw error;
    logSignIn('refused', { endpoint, client, error: error.code, reason: error.message });
    return send(error);
  };
}

/** Returns the client id in a request, for the log. It may be invalid. */
function clientOf({ searchParams }: URL): string | undefined {
  const id = searchParams.get('client_id');
  return id === null ? undefined : shortId({ id, host: URL.parse(id)?.host }).slice(0, 300);
}

function metadataOrRefusal(method: string, path: string, issuer: string, settings: Config): Response {
  const metadata = serverMetadata(path, issuer, settings);
  if (metadata && method === 'GET') return metadata;
  const allowed = metadata ? ['GET'] : allowedMethods(path);
  if (allowed.length === 0) return Response.json({ error: 'not_found' }, { status: 404 });
  const isApi = metadata !== undefined || `POST ${path}` in APIS;
  if (method === 'OPTIONS' && isApi)
    return new Response(null, { status: 204, headers: { ...ANY_ORIGIN, 'access-control-max-age': '7200' } });
  return Response.json(
    { error: 'method_not_allowed' },
    { status: 405, headers: { allow: allowed.join(', '), ...(isApi && ANY_ORIGIN) } },
  );
}

function allowedMethods(path: string): string[] {
  return [...Object.keys(PAGES), ...Object.keys(APIS)]
    .map(name => name.split(' '))
    .filter(([, known]) => known === path)
    .map(([method = '']) => method);
}
