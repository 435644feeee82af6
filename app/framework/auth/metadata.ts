/**
 * Protected resource metadata (RFC 9728), at the path-aware and the root well-known path, because behind a Function URL no header
 * names the URL of the document.
 *
 * https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization
 */
import type { Config } from '../config.ts';
import { type EndpointContext, resourceUrl } from '../endpoint-context.ts';

/** The path of the document, and the start of those of several servers. */
export const RESOURCE_METADATA = '/.well-known/oauth-protected-resource';
const ANYONE = {
  'access-control-allow-origin': '*',
  'access-control-allow-headers': '*',
  'access-control-allow-methods': 'GET, OPTIONS',
};

/** Returns whether callers sign in at an issuer, whose tokens are checked here or by the authorizer in front. */
export function publishesMetadata({ MCP_AUTH: modes, MCP_OAUTH_ISSUER: issuer }: Config): boolean {
  return modes.includes('oauth') || (modes.includes('authorizer') && issuer !== undefined);
}

/** Returns the URL of the document for the MCP server at `path`. */
export function resourceMetadataUrl({ baseUrl }: EndpointContext, path: string): string {
  return `${baseUrl}${RESOURCE_METADATA}${path === '/' ? '' : path}`;
}

/**
 * Returns the document if `request` is for it and OAuth is configured; else undefined. `defaultPath` is the path of the MCP
 * server that the root document describes.
 */
export function metadataResponse(
  request: Request,
  settings: Config,
  defaultPath: string,
  endpoint: EndpointContext,
): Response | undefined {
  if (!publishesMetadata(settings) || !request.url.includes(RESOURCE_METADATA)) return undefined;
  const { pathname } = new URL(request.url);
  if (!isMetadataPath(pathname)) return undefined;
  if (request.method === 'OPTIONS') return new Response(null, { status: 204, headers: ANYONE });
  if (request.method !== 'GET') {
    return Response.json(
      { error: 'method_not_allowed' },
      { status: 405, headers: { allow: 'GET, OPTIONS', ...ANYONE } },
    );
  }
  const document = {
    resource: resourceUrl(
      endpoint,
      pathname.slice(RESOURCE_METADATA.length).replace(/\/$/, '') || defaultPath,
    ),
    authorization_servers: [settings.MCP_OAUTH_PROXY === 'on' ? endpoint.baseUrl : settings.MCP_OAUTH_ISSUER],
    bearer_methods_supported: ['header'],
    ...(settings.MCP_OAUTH_SCOPES.length > 0 && { scopes_supported: settings.MCP_OAUTH_SCOPES }),
  };
  return Response.json(document, {
    headers: { 'cache-control': 'max-age=300', vary: 'host, x-forwarded-proto', ...ANYONE },
  });
}

/** Where clients look for an authorization server without metadata (MCP 2025-03-26, fallbacks). */
const FALLBACKS = new Set(['/register', '/authorize', '/token']);

/**
 * Returns the message for a client that tries to sign in at a server with static tokens, because its user has omitted the header;
 * undefined for every other request.
 */
export function noOAuthHere(path: string, settings: Config): string | undefined {
  if (!FALLBACKS.has(path) || !settings.MCP_AUTH.includes('token') || publishesMetadata(settings))
    return undefined;
  return 'This server has no sign-in. Configure the client to send a token in the header "Authorization: Bearer TOKEN".';
}

function isMetadataPath(path: string): boolean {
  return path === RESOURCE_METADATA || path.startsWith(`${RESOURCE_METADATA}/`);
}
