/**
 * Safety against pages in a browser: Origin and Host must be allowed, and allowed origins get their CORS headers.
 *
 * MCP transports, "Security Warning"; https://fetch.spec.whatwg.org/#http-cors-protocol. Done here and nowhere else: a
 * `cors` block on the Function URL would answer preflights itself and double the headers. Clients that are no browser
 * send no Origin and pass.
 */
import { hostHeaderValidationResponse, originValidationResponse } from '@modelcontextprotocol/server';
import type { MiddlewareHandler } from 'hono';
import { cors } from 'hono/cors';
import type { Config } from '../config.ts';

/** What a page may read of an answer; the rest is hidden from it. */
const EXPOSED = [
  'Mcp-Session-Id',
  'Mcp-Protocol-Version',
  'WWW-Authenticate',
  'x-amzn-remapped-www-authenticate',
  'x-amzn-requestid',
];

export function browserSafety(settings: () => Config): MiddlewareHandler {
  // No list of request headers: the ones asked for are allowed, since Mcp-Param-* names are the tools' own.
  const answerCors = cors({
    origin: origin => origin,
    allowMethods: ['GET', 'POST', 'DELETE'],
    exposeHeaders: EXPOSED,
    maxAge: 7200,
  });

  return async function browserGate(c, next) {
    const { MCP_ALLOWED_HOSTS: hosts, MCP_ALLOWED_ORIGINS: origins } = settings();
    const request = c.req.raw;
    const refused =
      (hosts.length > 0 && hostHeaderValidationResponse(request, hosts)) ||
      originValidationResponse(request, origins);
    if (refused) return refused;
    return request.headers.has('origin') ? answerCors(c, next) : next();
  };
}
