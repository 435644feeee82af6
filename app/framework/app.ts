/**
 * Composes the Hono app around the routes: health, safety against browsers, the gate, the request log, not found, faults.
 * It knows nothing of Lambda.
 */
import { Hono } from 'hono';
import { HTTPException } from 'hono/http-exception';
import { auth } from './auth/guard.ts';
import type { Gate } from './auth/identity.ts';
import { metadataResponse, noOAuthHere } from './auth/metadata.ts';
import { originAndHostValidation } from './auth/origin-validation.ts';
import { config } from './config.ts';
import { mcpPaths } from './mcp/route-registry.ts';
import { browserPage, pageFiles } from './page/page-middleware.ts';
import { isOwnPage } from './page/public-url.ts';
import { requestLog } from './telemetry/request-log.ts';

/** The page's own script is not a page from elsewhere. */
function ownPage(origin: string, event: unknown): boolean {
  return config().MCP_PAGE === 'on' && isOwnPage(origin, config(), event);
}

/** The app that is served: `routes` plus what every deployment needs. */
export function createApp(routes: Hono): Hono {
  const app = new Hono<{ Variables: { gate: Gate } }>();
  const gate = auth();
  const paths = mcpPaths(routes);
  const [firstPath = '/'] = paths;
  app.get('/healthz', c => c.json({ status: 'ok' }));
  app.use(requestLog(new Set(routes.routes.map(({ path }) => path))));
  app.use(async function publishMetadata(c, next) {
    const { event } = (c.env ?? {}) as { event?: unknown };
    const metadata = metadataResponse(c.req.raw, config(), firstPath, event);
    if (metadata) return metadata;
    c.set('gate', gate);
    return next();
  });
  app.use(pageFiles({ settings: config }));
  app.use(originAndHostValidation(config, ownPage));
  app.use(browserPage({ settings: config, routes, paths }));
  app.route('/', routes);
  app.notFound(c => {
    const message = noOAuthHere(c.req.path, config()) ?? `Nothing is mounted at ${c.req.path}.`;
    return c.json({ error: 'not_found', message }, 404);
  });
  app.onError((error, c) => {
    if (error instanceof HTTPException) return error.getResponse();
    // The caller learns that it failed and the log why: the text of an unforeseen error may hold anything.
    console.error(`${c.req.method} ${c.req.path} failed`, error);
    return c.json(
      { error: 'internal_error', message: 'The server failed to answer; its log says why.' },
      500,
    );
  });
  return app as unknown as Hono;
}
