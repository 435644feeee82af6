/**
 * `mcp(factory)`: an MCP server, written with SDK v2, as a Hono app to be mounted at a path.
 *
 * Serves both eras at that path: revision 2026-07-28 natively and the revisions up to 2025-11-25 statelessly, each
 * request by a fresh server from the factory. What would hold an execution environment open without working is refused:
 * GET streams always (405, they need a session), `subscriptions/listen` unless {@link McpOptions.subscriptions} allows it.
 *
 * Not here: how it is found out who calls, Origin and Host (app/framework/auth), the invocation's deadline (app/framework/lambda). They reach
 * this file as a gate and as the request's own `signal`.
 */
import { type AuthInfo, createMcpHandler, type McpServerFactory } from '@modelcontextprotocol/server';
import { type Context, Hono } from 'hono';
import { onInit } from './init-hooks.ts';
import { prewarm } from './prewarm.ts';
import { readBody } from './request-body.ts';
import { mcpHandler } from './route-registry.ts';
import { boundedSubscriptions, refuseSubscriptions, type SubscriptionBounds } from './subscriptions.ts';
import type { TaskSupport } from './task-types.ts';

/** What Hono's context carries into an MCP route. */
export interface McpRouteEnv {
  Bindings: { event?: unknown; context?: FunctionContext; lambdaContext?: FunctionContext };
  Variables: {
    /** The gate of the app, for routes that bring none. */
    gate?: Gate;
    /** Set here, for the request log. */
    authInfo?: AuthInfo;
    /** Set here, for the request log: the message, and the names of the tools that this route is known to have. */
    mcpCall?: { message: unknown; tools: ReadonlySet<string> };
  };
}

/** Of Lambda's context, what is needed here. */
interface FunctionContext {
  invokedFunctionArn?: string;
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
  /** Tools whose work outlives the call: `dynamoTasks({ tools })` of app/framework/tasks. @default none, and nothing of it is loaded */
  tasks?: TaskSupport;
  /**
   * Whether the server is made once during the init, nobody asking, and told to list its tools: what that costs the first
   * caller does not wait for. `false` for a factory that must not run without a caller.
   * @default true; false for `mcpV1`, `mcpStdio` and `mcpGateway`, which have others to talk to
   */
  prewarm?: boolean;
  /** Told of what went wrong out of band (rejected requests, handler faults). Never alters a response. */
  onError?: (error: Error) => void;
}

const LAMBDA_REQUEST_BYTES = 6 * 1024 * 1024;

/** Mount it: `app.route('/mcp', mcp(weather))`. Throws a TypeError when an option is out of range. */
export function mcp(factory: McpServerFactory, options: McpOptions = {}): Hono<McpRouteEnv> {
  const {
    auth,
    subscriptions = 'refuse',
    tasks: support,
    onError: onerror = reportOutOfBand,
    prewarm: rehearses = true,
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
  if (rehearses)
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
    const gate = auth ?? c.get('gate');
    if (!gate)
      throw new Error(
        'An MCP route was mounted without a gate: pass `auth`, or compose the app by createApp().',
      );
    const authInfo = await gate(request, c.env?.event);
    if (authInfo && 'status' in authInfo) return authInfo;
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
    const { invokedFunctionArn: functionArn } = c.env?.context ?? c.env?.lambdaContext ?? {};
    return tasks.serve(request, options, { message, path: c.req.path, functionArn });
  };
  return new Hono<McpRouteEnv>().all('/', mcpHandler(serveMcp, tasks?.work));
}

/** Given the JSON, the SDK neither copies the request nor parses it once more. Undefined for what is no JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // The SDK has the answer to it.
  }
}

/** Of an `McpServer`, of either SDK; what else there may be does not tell. */
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

/** As the SDK answers it. */
function tooLarge(limit: number): Response {
  const message = `Payload too large: the request body is over the limit of ${limit} bytes.`;
  return Response.json({ jsonrpc: '2.0', error: { code: -32000, message }, id: null }, { status: 413 });
}

/** What the SDK says of a rejected request quotes the caller, who may have put a secret there: of that only the kind is told. */
const REJECTED = /^Rejected inbound request \([\w-]+\)/;

function reportOutOfBand({ message }: Error): void {
  console.warn(`mcp: ${REJECTED.exec(message)?.[0] ?? message}`);
}
