/**
 * Protects against pages in a browser: Origin and Host must be allowed, and allowed origins get CORS headers.
 *
 * MCP transports, "Security Warning"; https://fetch.spec.whatwg.org/#http-cors-protocol. CORS is handled only here: a `cors` block
 * on the Function URL would respond to preflights itself and duplicate the headers. Clients that are not browsers send no Origin
 * and pass.
 */
import { hostHeaderValidationResponse, originValidationResponse } from '@modelcontextprotocol/server';
import type { MiddlewareHandler } from 'hono';
import { cors } from 'hono/cors';
import type { Config } from '../config.ts';
import type { EndpointContext } from '../endpoint-context.ts';
import { errorResponse, SERVER_ERROR } from '../json-rpc.ts';

/** Response headers that a page may read. */
const EXPOSED = [
  'Mcp-Session-Id',
  'Mcp-Protocol-Version',
  'WWW-Authenticate',
  'x-amzn-remapped-www-authenticate',
  'x-amzn-requestid',
];

/** Creates the middleware. `isOwn` returns whether a well-formed origin is the server's own. */
export function originAndHostValidation(
  settings: () => Config,
  isOwn: (origin: string, endpoint: EndpointContext) => boolean = () => false,
): MiddlewareHandler<{ Variables: { endpoint: EndpointContext } }> {
  // No list of request headers: all requested ones are allowed, because tools choose the names of Mcp-Param-*.
  const addCorsHeaders = cors({
    origin: origin => origin,
    allowMethods: ['GET', 'POST', 'DELETE'],
    exposeHeaders: EXPOSED,
    maxAge: 7200,
  });

  return async function validateOriginAndHost(c, next) {
    const { MCP_ALLOWED_HOSTS: hosts, MCP_ALLOWED_ORIGINS: origins } = settings();
    const request = c.req.raw;
    const { headers } = request;
    const origin = headers.get('origin');
    const denied =
      malformed('Origin', origin, ORIGIN) ??
      (hosts.length > 0 ? malformed('Host', headers.get('host'), HOST) : undefined) ??
      (hosts.length > 0 ? hostHeaderValidationResponse(request, hosts) : undefined) ??
      (origin !== null && isOwn(origin, c.get('endpoint'))
        ? undefined
        : originValidationResponse(request, origins));
    if (denied) return denied;
    return origin === null ? next() : addCorsHeaders(c, next);
  };
}

/**
 * An origin as browsers send it (RFC 6454 section 6.1). Stricter than a URL parser, which reads a backslash as a slash and would
 * take `http://localhost\.evil.example` for localhost. `null`, the value of opaque origins, is always denied.
 */
const ORIGIN = /^[a-z][a-z\d+.-]*:\/\/(\[[\da-f:.]+\]|[^\s\\/?#@:[\]]+)(:\d{1,5})?$/i;
/** RFC 9110 section 7.2: a host and perhaps a port. */
const HOST = /^(\[[\da-f:.]+\]|[\w.-]+)(:\d{1,5})?$/i;

function malformed(name: string, value: string | null, form: RegExp): Response | undefined {
  if (value === null || value === '' || form.test(value)) return undefined;
  return errorResponse({ code: SERVER_ERROR, message: `Invalid ${name} header.` }, { status: 403 });
}
