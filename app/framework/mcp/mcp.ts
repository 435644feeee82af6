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
import { type AuthInfo, createMcpHandler, type McpServerFactory } from '@modelcontextprotocol/server';
import { type Context, Hono } from 'hono';
import { type EndpointContext, endpointContext } from '../endpoint-context.ts';
import { errorResponse, SERVER_ERROR } from '../json-rpc.ts';
import type { Guard, GuardResult, LambdaContext } from '../types.ts';
import { onInit } from './init-hooks.ts';
import { prewarm } from './prewarm.ts';
import { readBody } from './request-body.ts';
import { registerMcpHandler } from './route-registry.ts';
import { boundedSubscriptions, refuseSubscriptions, type SubscriptionBounds } from './subscriptions.ts';
import type { TaskSupport } from './task-types.ts';

/** What Hono's context carries into an MCP route. */
export interface McpRouteEnv {
  Bindings: { context?: Pick<LambdaContext, 'invokedFunctionArn'> };
  Variables: {
    endpoint?: EndpointContext;
    /** The guard of the app, for routes without one of their own. */
    guard?: Guard;
    /** Set here, for the request log. */
    authInfo?: AuthInfo;
    /** Set here, for the request log: the message, and the names of the tools that this route is known to have. */
    mcpCall?: { message: unknown; tools: ReadonlySet<string> };
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
  const tools = new Set<string>();
  const noting: McpServerFactory = async context => {
    const server = await factory(context);
    noteTools(server, tools);
    return server;
  };
  const handlerFor = (made: McpServerFactory) =>
    createMcpHandler(made, { ...handlerOptions, maxSubscriptions: 0 });
  const handler = handlerFor(noting);
  if (prewarms)
    onInit(() => prewarm(createMcpHandler(noting, { ...handlerOptions, onerror: () => undefined })));
  const tasks = support?.({ factory: noting, handler, handlerFor });
  const listen =
    subscriptions === 'refuse'
      ? refuseSubscriptions(handler.fetch)
      : boundedSubscriptions(
          subscriptions,
          () => createMcpHandler(noting, { ...handlerOptions, bus: handler.bus }),
          handler.fetch,
        );

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
    const known = authInfo ? { authInfo } : {};
    if (request.method !== 'POST') return handler.fetch(request, known);
    const text = await readBody(request, handlerOptions.maxRequestBodySize);
    if (text === undefined) return tooLarge(handlerOptions.maxRequestBodySize);
    const message = parsed(text);
    c.set('mcpCall', { message, tools });
    if (message === undefined) return handler.fetch(withBody(request, text), known);
    // The message decides, not the Mcp-Method header: that is the caller's claim, and older revisions know none.
    const options = { ...known, parsedBody: message };
    if (methodOf(message) === 'subscriptions/listen') return listen(request, options);
    if (!tasks) return handler.fetch(request, options);
    const functionArn = c.env?.context?.invokedFunctionArn;
    return tasks.serve(request, options, { message, path: c.req.path, functionArn });
  };
  return new Hono<McpRouteEnv>().all('/', registerMcpHandler(serveMcp, tasks?.runJob));
}

/** With the parsed JSON, the SDK neither copies the request nor parses it again. Returns undefined for text that is not JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // The SDK responds to it.
  }
}

/** For an `McpServer` of either SDK; other servers do not expose their tools. */
function noteTools(server: object, names: Set<string>): void {
  const { _registeredTools: registered } = server as { _registeredTools?: object };
  for (const name in registered) names.add(name);
}

function methodOf(message: unknown): unknown {
  return (message as { method?: unknown } | null)?.method;
}

function withBody({ url, method, headers, signal }: Request, body: string): Request {
  return new Request(url, { method, headers, body, signal });
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
