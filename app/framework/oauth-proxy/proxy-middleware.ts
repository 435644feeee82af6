/**
 * Serves the paths of the OAuth proxy if MCP_OAUTH_PROXY is on. All other code is loaded on the first request for
 * one of them (serve.ts; a separate file of the build), so that MCP requests do not pay for it.
 */
import type { MiddlewareHandler } from 'hono';
import type { EndpointContext } from '../endpoint-context.ts';
import { SIGN_IN_PATHS } from '../sign-in-paths.ts';
import type { ProxyOptions } from './proxy.ts';

/** Patterns of the paths that the OAuth proxy serves. */
export const OAUTH_PROXY_PATHS: readonly string[] = [
  ...SIGN_IN_PATHS,
  ...['oauth-authorization-server', 'openid-configuration', 'jwks.json'].map(
    name => `/.well-known/${name}/*`,
  ),
];

/**
 * Creates the middleware for {@link OAUTH_PROXY_PATHS}. Mount it before the origin is validated: browsers navigate to these paths from the pages of clients and
 * of the issuer.
 */
export function oauthProxy(
  options: ProxyOptions,
): MiddlewareHandler<{ Variables: { endpoint: EndpointContext } }> {
  let loaded: Promise<(request: Request, endpoint: EndpointContext) => Promise<Response>> | undefined;

  return async function serveOAuthProxy(c, next) {
    if (options.settings().MCP_OAUTH_PROXY === 'off') return next();
    loaded ??= import('./serve.ts').then(({ createServe }) => createServe(options));
    return (await loaded)(c.req.raw, c.get('endpoint'));
  };
}
