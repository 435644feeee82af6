/**
 * Creates the Hono app around the routes: health check, request log, OAuth metadata, page, origin validation, guard, errors. It
 * does not know Lambda.
 */
import { Hono } from 'hono';
import { HTTPException } from 'hono/http-exception';
import { getPath } from 'hono/utils/url';
import { auth } from './auth/guard.ts';
import { metadataResponse, noOAuthHere, RESOURCE_METADATA } from './auth/metadata.ts';
import { originAndHostValidation } from './auth/origin-validation.ts';
import { config } from './config.ts';
import { type EndpointContext, endpointContext, isOwnOrigin, withPublicUrl } from './endpoint-context.ts';
import { limitCalls } from './limits/limit-calls.ts';
import { mcpPaths } from './mcp/route-registry.ts';
import type { DocumentAccess } from './oauth-proxy/fetch-document.ts';
import { OAUTH_PROXY_PATHS, oauthProxy } from './oauth-proxy/proxy-middleware.ts';
import { browserPage, FILES, pageFiles } from './page/page-middleware.ts';
import { SIGN_IN_PATHS } from './sign-in-paths.ts';
import { type RequestLogEnv, requestLog } from './telemetry/request-log.ts';
import type { CallLimiter, Guard } from './types.ts';

interface AppEnv extends RequestLogEnv {
  Bindings: RequestLogEnv['Bindings'] & { endpoint?: EndpointContext };
  Variables: RequestLogEnv['Variables'] & {
    endpoint: EndpointContext;
    guard: Guard;
    limitCalls: CallLimiter;
  };
}

/** Dependencies that tests replace. */
export interface AppDependencies {
  documentAccess?: DocumentAccess | undefined;
}

/** Returns the app that is served: `routes` plus what every deployment needs. */
export function createApp(routes: Hono, { documentAccess }: AppDependencies = {}): Hono {
  const guard = auth();
  const paths = mcpPaths(routes);
  const [firstPath = '/'] = paths;
  const app = new Hono<AppEnv>({ getPath: withoutTrailingSlash(paths) });
  app.get('/healthz', c => c.json({ status: 'ok' }));
  app.use(requestLog(new Set([...routes.routes.map(({ path }) => path), ...SIGN_IN_PATHS])));
  app.use(async function provideContext(c, next) {
    const { MCP_PUBLIC_URL: url } = config();
    const endpoint = c.env?.endpoint ?? endpointContext(c.req.raw);
    c.set('endpoint', withPublicUrl(endpoint, url === undefined ? undefined : { path: firstPath, url }));
    c.set('guard', guard);
    c.set('limitCalls', limitCalls);
    await next();
  });
  // By path or method where possible: each function that a request passes takes CPU time.
  app.use(`${RESOURCE_METADATA}/*`, async function publishMetadata(c, next) {
    return metadataResponse(c.req.raw, config(), firstPath, c.get('endpoint')) ?? next();
  });
  const proxy = oauthProxy({ settings: config, paths, documentAccess });
  for (const path of OAUTH_PROXY_PATHS) app.use(path, proxy);
  app.get(`${FILES}*`, pageFiles({ settings: config }));
  // Documents of discovery/server-cards.ts.
  for (const { path, handler } of routes.routes) if ('public' in handler) app.all(path, handler);
  app.use(originAndHostValidation(config, isOwnPage));
  app.get('*', browserPage({ settings: config, routes, paths }));
  app.route('/', routes);
  app.notFound(c => {
    const message = noOAuthHere(c.req.path, config()) ?? `Nothing is mounted at ${c.req.path}.`;
    return c.json({ error: 'not_found', message }, 404);
  });
  app.onError((error, c) => {
    if (error instanceof HTTPException) return error.getResponse();
    // The text of an unexpected error may contain internals: it is logged, not sent.
    console.error(`${c.req.method} ${c.req.path} failed`, error);
    return c.json(
      { error: 'internal_error', message: 'The server failed to respond; its log has the reason.' },
      500,
    );
  });
  return app as unknown as Hono;
}

/** Returns a `getPath` that treats `/mcp/` as `/mcp`, without a redirect, which clients do not follow for POST. */
function withoutTrailingSlash(paths: readonly string[]): (request: Request) => string {
  let mounted: Hono | undefined;
  const isMounted = (path: string): boolean => {
    mounted ??= paths.reduce((app, pattern) => app.all(pattern, c => c.body(null)), new Hono());
    return mounted.router.match('GET', path)[0].length > 0;
  };
  return function getMcpPath(request) {
    const path = getPath(request);
    const shorter = path.endsWith('/') ? path.slice(0, -1) : undefined;
    return shorter && isMounted(shorter) ? shorter : path;
  };
}

/** Returns whether `origin` is the server's own, from which the script of the page calls. */
function isOwnPage(origin: string, endpoint: EndpointContext): boolean {
  const { MCP_PAGE, MCP_PUBLIC_URL } = config();
  return MCP_PAGE === 'on' && isOwnOrigin(origin, endpoint, MCP_PUBLIC_URL);
}
