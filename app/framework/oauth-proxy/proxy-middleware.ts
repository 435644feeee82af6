/**
 * Serves the paths of the OAuth proxy if MCP_OAUTH_PROXY is on. All other code is loaded on the first request for
 * one of them (serve.ts; a separate file of the build), so that MCP requests do not pay for it.
 */
import type { MiddlewareHandler } from 'hono';
import type { EndpointContext } from '../endpoint-context.ts';
import { SIGN_IN_PATHS } from '../sign-in-paths.ts';
import type { ProxyOptions } from './proxy.ts';

const PATHS: ReadonlySet<string> = new Set(SIGN_IN_PATHS);
const METADATA = /^\/\.well-known\/(?:oauth-authorization-server|openid-configuration|jwks\.json)(?:\/|$)/;

/**
 * Creates the middleware. Mount it before the origin is validated: browsers navigate to these paths from the pages of clients and
 * of the issuer.
 */
export function oauthProxy(
  options: ProxyOptions,
): MiddlewareHandler<{ Variables: { endpoint: EndpointContext } }> {
  let loaded: Promise<(request: Request, endpoint: EndpointContext) => Promise<Response>> | undefined;

  return async function serveOAuthProxy(c, next) {
    const { path } = c.req;
    if (!(PATHS.has(path) || METADATA.test(path)) || options.settings().MCP_OAUTH_PROXY === 'off')
      return next();
    loaded ??= import('./serve.ts').then(({ createServe }) => createServe(options));
    return (await loaded)(c.req.raw, c.get('endpoint'));
  };
}
