/**
 * `mcp(factory)`: an MCP server, written with SDK v2, as a Hono app to be mounted at a path.
 *
 * Serves both eras at that path: revision 2026-07-28 natively and the revisions up to 2025-11-25 statelessly, each
 * request by a fresh server from the factory. What would hold an execution environment open without working is refused:
 * GET streams always (405, they need a session), `subscriptions/listen` unless {@link McpOptions.subscriptions} allows it.
 *
 * Not here: how it is found out who calls, Origin and Host (app/auth), the invocation's deadline (app/lambda). They reach
 * this file as a gate and as the request's own `signal`.
 */
import {
  type AuthInfo,
  createMcpHandler,
  type McpHandlerRequestOptions,
  type McpServerFactory,
} from '@modelcontextprotocol/server';
import { Hono } from 'hono';
import { boundedSubscriptions, refuseSubscriptions, type SubscriptionBounds } from './subscriptions.ts';

/** What Hono's context carries into an MCP route. */
export interface McpRouteEnv {
  Bindings: { event?: unknown };
  Variables: {
    /** The gate of the app, for routes that bring none. */
    gate?: Gate;
    /** Set here, for the request log. */
    authInfo?: AuthInfo;
  };
}

/** Lets a request in (the caller, or undefined where nobody is asked) or answers it. `event` is the Lambda event. */
export type Gate = (request: Request, event?: unknown) => Promise<AuthInfo | undefined | Response>;

export interface McpOptions {
  /** Who may call this route. @default the gate of the app, which MCP_AUTH describes */
  auth?: Gate;
  /**
   * Whether `subscriptions/listen` may keep a response open: `'refuse'` answers it with "Method not found" (404, -32601),
   * as a server does that has nothing to subscribe to; bounds allow it. On Lambda an open stream is billed for as long
   * as it is open and its environment serves nobody else.
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
  const { auth, subscriptions = 'refuse', onError: onerror = reportOutOfBand, ...limits } = options;
  const handlerOptions = {
    onerror,
    maxRequestBodySize: limits.maxRequestBodyBytes ?? LAMBDA_REQUEST_BYTES,
    ...(limits.keepAliveMs !== undefined && { keepAliveMs: limits.keepAliveMs }),
  };
  const handler = createMcpHandler(factory, { ...handlerOptions, maxSubscriptions: 0 });
  const listen =
    subscriptions === 'refuse'
      ? refuseSubscriptions(handler.fetch)
      : boundedSubscriptions(
          subscriptions,
          () => createMcpHandler(factory, { ...handlerOptions, bus: handler.bus }),
          handler.fetch,
        );

  const route = new Hono<McpRouteEnv>();
  route.all('/', async function mcpRoute(c) {
    const request = c.req.raw;
    const gate = auth ?? c.get('gate');
    if (!gate)
      throw new Error(
        'An MCP route was mounted without a gate: pass `auth`, or compose the app by createApp().',
      );
    const authInfo = await gate(request, c.env?.event);
    if (authInfo && 'status' in authInfo) return authInfo;
    if (authInfo) c.set('authInfo', authInfo);
    const serve = request.headers.get('mcp-method') === 'subscriptions/listen' ? listen : handler.fetch;
    return serve(...(await parsed(request, authInfo, handlerOptions.maxRequestBodySize)));
  });
  return route;
}

/**
 * The request and what is known of it, its JSON among that: given the JSON, the SDK neither copies the request nor parses
 * it once more. What is too large or no JSON is left to the SDK, which has the answers to it.
 */
async function parsed(
  request: Request,
  authInfo: AuthInfo | undefined,
  limit: number,
): Promise<[Request, McpHandlerRequestOptions]> {
  const known = authInfo ? { authInfo } : {};
  const length = Number(request.headers.get('content-length'));
  if (request.method !== 'POST' || !(length > 0 && length <= limit)) return [request, known];
  const body = await request.text();
  try {
    return [request, { ...known, parsedBody: JSON.parse(body) }];
  } catch {
    const { url, method, headers } = request;
    return [new Request(url, { method, headers, body }), known];
  }
}

function reportOutOfBand(error: Error): void {
  console.warn(`mcp: ${error.message}`);
}
