/**
 * The protected resource metadata of RFC 9728, at the path-aware and at the root well-known path, since behind a Function
 * URL a client has no header that would tell it which.
 *
 * https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization
 */
import type { Config } from '../config.ts';

const WELL_KNOWN = '/.well-known/oauth-protected-resource';
const ANYONE = {
  'access-control-allow-origin': '*',
  'access-control-allow-headers': '*',
  'access-control-allow-methods': 'GET, OPTIONS',
};

/** Whether callers sign in at an issuer: it is asked here, or the authorizer in front has been told to ask it. */
export function publishesMetadata({ MCP_AUTH: modes, MCP_OAUTH_ISSUER: issuer }: Config): boolean {
  return modes.includes('oauth') || (modes.includes('authorizer') && issuer !== undefined);
}

/** The URL of the document for the resource that `request` asks for. */
export function resourceMetadataUrl(request: Request, settings: Config): string {
  const { pathname } = new URL(request.url);
  return `${publicOrigin(request, settings)}${WELL_KNOWN}${pathname === '/' ? '' : pathname}`;
}

/**
 * The document, when `request` asks for it and OAuth is configured; else undefined. `defaultPath` is of the endpoint that
 * the root document is about.
 */
export function metadataResponse(
  request: Request,
  settings: Config,
  defaultPath: string,
): Response | undefined {
  const { pathname } = new URL(request.url);
  if (!publishesMetadata(settings) || !isMetadataPath(pathname)) return undefined;
  if (request.method === 'OPTIONS') return new Response(null, { status: 204, headers: ANYONE });
  if (request.method !== 'GET') {
    return Response.json(
      { error: 'method_not_allowed' },
      { status: 405, headers: { allow: 'GET, OPTIONS', ...ANYONE } },
    );
  }
  const document = {
    resource: resourceFor(pathname.slice(WELL_KNOWN.length), defaultPath, request, settings),
    authorization_servers: [settings.MCP_OAUTH_ISSUER],
    bearer_methods_supported: ['header'],
    ...(settings.MCP_OAUTH_SCOPES.length > 0 && { scopes_supported: settings.MCP_OAUTH_SCOPES }),
  };
  return Response.json(document, { headers: { 'cache-control': 'max-age=300', ...ANYONE } });
}

function isMetadataPath(path: string): boolean {
  return path === WELL_KNOWN || path.startsWith(`${WELL_KNOWN}/`);
}

function resourceFor(path: string, defaultPath: string, request: Request, settings: Config): string {
  const known = settings.MCP_PUBLIC_URL;
  if (known && (path === '' || path === new URL(known).pathname)) return known;
  return `${publicOrigin(request, settings)}${path || defaultPath}`;
}

/** Where callers reach this server: as configured, or as they did. Nothing is decided by it; it only tells the way. */
function publicOrigin(request: Request, { MCP_PUBLIC_URL: known }: Config): string {
  if (known) return new URL(known).origin;
  const { host } = new URL(request.url);
  return `${request.headers.get('x-forwarded-proto') ?? 'https'}://${request.headers.get('host') ?? host}`;
}
