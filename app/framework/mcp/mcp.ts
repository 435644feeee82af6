/**
 * `mcp(factory)`: an MCP server, written with SDK v2, as a Hono app to be mounted at a path.
 *
 * Serves both eras at that path: revision 2026-07-28 natively and the revisions up to 2025-11-25 statelessly, each
 * request by a fresh server from the factory. What would hold an execution environment open without working is refused:
 * GET streams always (405, they need a session), `subscriptions/listen` unless {@link McpOptions.subscriptions} allows it.
 *
 * Not here: authentication, Origin and Host (app/framework/auth), the invocation's deadline (app/framework/lambda). They reach
 * this file as a guard and as the request's own `signal`.
 */
import {
  type AuthInfo,
  createMcpHandler,
  type McpHandlerRequestOptions,
  type McpServerFactory,
} from '@modelcontextprotocol/server';
import { type Context, Hono } from 'hono';
import { type EndpointContext, endpointContext } from '../endpoint-context.ts';
import { errorResponse, INVALID_REQUEST, SERVER_ERROR } from '../json-rpc.ts';
import type { Guard, GuardResult, LambdaBindings } from '../types.ts';
import { jsonResponse, negotiate } from './content-negotiation.ts';
import { envelopeProblem, exchangeOf, McpExchange, setExchange } from './exchange.ts';
import { instrumentServer, type RouteState } from './instrument-server.ts';
import { prewarm } from './prewarm.ts';
import { readBody } from './request-body.ts';
import { registerMcpHandler } from './route-registry.ts';
import { boundedSubscriptions, refuseSubscriptions, type SubscriptionBounds } from './subscriptions.ts';
import type { RouteMessage, TaskSupport } from './task-types.ts';

/** What Hono's context carries into an MCP route. */
export interface McpRouteEnv {
  Bindings: Partial<Pick<LambdaBindings, 'context' | 'invocation'>>;
  Variables: {
    endpoint?: EndpointContext;
    /** The guard of the app, for routes without one of their own. */
    guard?: Guard;
    /** Set here, for the request log. */
    authInfo?: AuthInfo;
    /** Set here, for the request log. */
    exchange?: McpExchange;
  };
}

export interface McpOptions {
  /**
   * Who may call this route: a guard, such as `auth({ scopes })`, or `'none'` for everyone, for example in a test.
   * @default the guard of the app, which MCP_AUTH configures
   */
  auth?: Guard | 'none';
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
  /** Tools whose work outlives the call: `dynamoTasks({ tools })` of app/framework/tasks. @default none, and nothing of it is loaded */
  tasks?: TaskSupport;
  /**
   * Creates the server once during init and lists its tools, so that the first caller does not pay for it. `false` for a
   * factory that must not run without a caller.
   * @default true; false for `mcpV1`, `mcpStdio` and `mcpGateway`, whose servers may be expensive to call
   */
  prewarm?: boolean;
  /** Receives errors that no response reports (rejected requests, handler faults). Never alters a response. */
  onError?: (error: Error) => void;
}

const PUBLIC: GuardResult = { allowed: true };
const LAMBDA_REQUEST_BYTES = 6 * 1024 * 1024;

/** Mount it: `app.route('/mcp', mcp(weather))`. Throws a TypeError when an option is out of range. */
export function mcp(factory: McpServerFactory, options: McpOptions = {}): Hono<McpRouteEnv> {
  const {
    auth,
    subscriptions = 'refuse',
    tasks: support,
    onError: onerror = reportOutOfBand,
    prewarm: prewarms = true,
    ...limits
  } = options;
  const handlerOptions = {
    onerror,
    maxRequestBodySize: limits.maxRequestBodyBytes ?? LAMBDA_REQUEST_BYTES,
    ...(limits.keepAliveMs !== undefined && { keepAliveMs: limits.keepAliveMs }),
  };
  const route: RouteState = {
    tools: new Set(),
    unlistable: new Map(),
    subscriptions: subscriptions !== 'refuse',
  };
  const instrumented: McpServerFactory = async context => {
    const server = await factory(context);
    instrumentServer(server, route, exchangeOf(context.requestInfo));
    return server;
  };
  const handlerFor = (serverFactory: McpServerFactory) =>
    createMcpHandler(serverFactory, { ...handlerOptions, maxSubscriptions: 0 });
  const handler = handlerFor(instrumented);
  const tasks = support?.({ factory: instrumented, handler, handlerFor });
  const listen =
    subscriptions === 'refuse'
      ? refuseSubscriptions(handler.fetch)
      : boundedSubscriptions(
          subscriptions,
          () => createMcpHandler(instrumented, { ...handlerOptions, bus: handler.bus }),
          handler.fetch,
        );

  // The message decides, not the Mcp-Method header: that is the caller's claim, and older revisions have none.
  const serve = async (
    request: Request,
    options: McpHandlerRequestOptions,
    message: RouteMessage,
  ): Promise<Response> => {
    if (methodOf(message.message) === 'subscriptions/listen') return listen(request, options);
    return tasks ? tasks.serve(request, options, message) : handler.fetch(request, options);
  };

  const serveMcp = async function mcpRoute(c: Context<McpRouteEnv>): Promise<Response> {
    const request = c.req.raw;
    const guard = auth ?? c.get('guard');
    if (!guard)
      throw new Error(
        'An MCP route was mounted without a guard: pass the option `auth`, or create the app by createApp().',
      );
    const endpoint = c.get('endpoint') ?? endpointContext(request);
    const result = guard === 'none' ? PUBLIC : await guard(request, endpoint);
    if (!result.allowed) return result.response;
    const { caller: authInfo } = result;
    if (authInfo) c.set('authInfo', authInfo);
    const options = authInfo ? { authInfo } : {};
    if (request.method !== 'POST') return handler.fetch(request, options);
    const encoding = request.headers.get('content-encoding');
    if (encoding !== null && encoding !== 'identity') return unsupportedEncoding(encoding);
    const text = await readBody(request, handlerOptions.maxRequestBodySize);
    if (text === undefined) return tooLarge(handlerOptions.maxRequestBodySize);
    const message = parsed(text);
    if (message === undefined) return handler.fetch(withBody(request, text), options);
    const exchange = new McpExchange(message, route.tools);
    const problem = envelopeProblem(exchange);
    if (problem) return errorResponse({ code: INVALID_REQUEST, message: problem }, { status: 400 });
    setExchange(request, exchange);
    c.set('exchange', exchange);
    if (c.env?.invocation) c.env.invocation.pendingIds = () => exchange.pending();
    const accepted = negotiate(request);
    const functionArn = c.env?.context?.invokedFunctionArn;
    const response = await serve(
      request,
      { ...options, parsedBody: message },
      { message, path: c.req.path, functionArn },
    );
    return accepted === 'json' ? jsonResponse(response) : response;
  };
  return new Hono<McpRouteEnv>().all(
    '/',
    registerMcpHandler(serveMcp, {
      runJob: tasks?.runJob,
      prewarm: prewarms
        ? () => prewarm(onerror => createMcpHandler(instrumented, { ...handlerOptions, onerror }))
        : undefined,
    }),
  );
}

/** With the parsed JSON, the SDK neither copies the request nor parses it again. Returns undefined for text that is not JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // The SDK responds to it.
  }
}

function methodOf(message: unknown): unknown {
  return (message as { method?: unknown } | null)?.method;
}

function withBody({ url, method, headers, signal }: Request, body: string): Request {
  return new Request(url, { method, headers, body, signal });
}

/** Neither the endpoint nor the SDK decodes a body; RFC 9110 section 12.5.3 says how a server names what it accepts. */
function unsupportedEncoding(encoding: string): Response {
  const message = `Unsupported content encoding: send the request body without ${encoding}.`;
  return errorResponse(
    { code: SERVER_ERROR, message },
    { status: 415, headers: { 'accept-encoding': 'identity' } },
  );
}

/** The SDK's own response. */
function tooLarge(limit: number): Response {
  const message = `Payload too large: the request body is over the limit of ${limit} bytes.`;
  return errorResponse({ code: SERVER_ERROR, message }, { status: 413 });
}

/** The SDK's message about a rejected request quotes the caller, who may have put a secret there: only its kind is logged. */
const REJECTED = /^Rejected inbound request \([\w-]+\)/;

function reportOutOfBand({ message }: Error): void {
  console.warn(`mcp: ${REJECTED.exec(message)?.[0] ?? message}`);
}
