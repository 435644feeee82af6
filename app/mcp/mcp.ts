/**
 * `mcp(factory)`: an MCP server, written with SDK v2, as a Hono app to be mounted at a path.
 *
 * Serves both eras at that path: revision 2026-07-28 natively and the revisions up to 2025-11-25 statelessly, each
 * request by a fresh server from the factory. What would hold an execution environment open without working is refused:
 * GET streams always (405, they need a session), `subscriptions/listen` unless {@link McpOptions.subscriptions} allows it.
 *
 * Not here: who may call (app/auth), Origin and Host (app/app.ts), the invocation's deadline (app/lambda). They reach
 * this file as `authInfo` in Hono's variables and as the request's own `signal`.
 */
import { type AuthInfo, createMcpHandler, type McpServerFactory } from '@modelcontextprotocol/server';
import { Hono } from 'hono';
import { boundedSubscriptions, type SubscriptionBounds } from './subscriptions.ts';

/** What Hono's context carries into an MCP route. */
export interface McpRouteEnv {
  Variables: { authInfo?: AuthInfo };
}

export interface McpOptions {
  /**
   * Whether `subscriptions/listen` may keep a response open: `'refuse'` answers it with the protocol's own
   * "Subscription limit reached" (-32603); bounds allow it. On Lambda an open stream is billed for as long as it is
   * open and its environment serves nobody else.
   * @default 'refuse'
   */
  subscriptions?: 'refuse' | SubscriptionBounds;
  /** Largest request body, in bytes; above it 413. Lambda itself takes 6 MiB with the event around it. @default 6291456 */
  maxRequestBodyBytes?: number;
  /** Interval of SSE comment frames on an open stream, in milliseconds; 0 for none. @default 15000 */
  keepAliveMs?: number;
  /** Told of what went wrong out of band (rejected requests, handler faults). Never alters a response. */
  onError?: (error: Error) => void;
}

const LAMBDA_REQUEST_BYTES = 6 * 1024 * 1024;

/** Mount it: `app.route('/mcp', mcp(weather))`. Throws a TypeError when an option is out of range. */
export function mcp(factory: McpServerFactory, options: McpOptions = {}): Hono<McpRouteEnv> {
  const { subscriptions = 'refuse', onError: onerror = reportOutOfBand, ...limits } = options;
  const handlerOptions = {
    onerror,
    maxRequestBodySize: limits.maxRequestBodyBytes ?? LAMBDA_REQUEST_BYTES,
    ...(limits.keepAliveMs !== undefined && { keepAliveMs: limits.keepAliveMs }),
  };
  const handler = createMcpHandler(factory, { ...handlerOptions, maxSubscriptions: 0 });
  const listen =
    subscriptions === 'refuse'
      ? undefined
      : boundedSubscriptions(
          subscriptions,
          () => createMcpHandler(factory, { ...handlerOptions, bus: handler.bus }),
          handler.fetch,
        );

  const route = new Hono<McpRouteEnv>();
  route.all('/', function mcpRoute(c) {
    const authInfo = c.get('authInfo');
    const request = c.req.raw;
    const serve =
      listen && request.headers.get('mcp-method') === 'subscriptions/listen' ? listen : handler.fetch;
    return serve(request, authInfo && { authInfo });
  });
  return route;
}

function reportOutOfBand(error: Error): void {
  console.warn(`mcp: ${error.message}`);
}
