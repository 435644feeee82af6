/**
 * One MCP server at its path: authenticates a request, reads its messages, and lets the SDK serve them, each by a fresh server
 * from the factory. A batch on a route with tasks is several requests, because each message is decided on its own.
 */
import {
  createMcpHandler,
  type McpHandlerRequestOptions,
  type McpHttpHandler,
  type McpRequestContext,
  McpServer,
  type McpServerFactory,
  PROTOCOL_VERSION_META_KEY,
} from '@modelcontextprotocol/server';
import type { Context } from 'hono';
import { routePath } from 'hono/route';
import { endpointContext } from '../endpoint-context.ts';
import { errorResponse, INVALID_REQUEST, isId, SERVER_ERROR } from '../json-rpc.ts';
import type { Guard, GuardResult, IncomingMessage, RouteLimits } from '../types.ts';
import { jsonResponse, negotiate } from './content-negotiation.ts';
import {
  envelopeProblem,
  exchangeOf,
  isMessage,
  McpExchange,
  messageProblem,
  setExchange,
} from './exchange.ts';
import { instrumentConnection, prepareServer, type RouteState } from './instrument-server.ts';
import { messagesOf } from './message-stream.ts';
import type { McpRouteEnv, McpServerOptions } from './options.ts';
import { prewarm } from './prewarm.ts';
import { readBody } from './request-body.ts';
import { boundedSubscriptions, refuseSubscriptions } from './subscriptions.ts';
import type { BackgroundJobHandler, MountedTasks, RouteMessage } from './task-types.ts';
import type { OnToolCall } from './tool-call-hook.ts';

const PUBLIC: GuardResult = { allowed: true };
const LAMBDA_REQUEST_BYTES = 6 * 1024 * 1024;

export class McpRoute {
  readonly #factory: McpServerFactory;
  readonly #reuse: boolean;
  #reusing: McpServerFactory | undefined;
  readonly #auth: Guard | 'none' | undefined;
  readonly #sdkOptions: NonNullable<Parameters<typeof createMcpHandler>[1]> & { maxRequestBodySize: number };
  readonly #handler: McpHttpHandler;
  readonly #listen: McpHttpHandler['fetch'];
  readonly #tasks: MountedTasks | undefined;
  readonly #state: RouteState;
  readonly #limits: RouteLimits | undefined;
  readonly #onToolCall: OnToolCall | undefined;

  constructor(factory: McpServerFactory, options: McpServerOptions) {
    const {
      auth,
      subscriptions = 'refuse',
      onError = logOutOfBand,
      maxRequestBodyBytes,
      keepAliveMs,
    } = options;
    this.#factory = factory;
    this.#reuse = options.reuse ?? false;
    this.#auth = auth;
    this.#limits = options.limits;
    this.#onToolCall = options.onToolCall;
    this.#state = { tools: new Set(), unlistable: new Set(), subscriptions: subscriptions !== 'refuse' };
    this.#sdkOptions = {
      onerror: onError,
      maxRequestBodySize: maxRequestBodyBytes ?? LAMBDA_REQUEST_BYTES,
      ...(keepAliveMs !== undefined && { keepAliveMs }),
    };
    const handlerFor = (serverFactory: McpServerFactory) =>
      createMcpHandler(serverFactory, { ...this.#sdkOptions, maxSubscriptions: 0 });
    this.#handler = handlerFor(this.#createServer);
    this.#tasks = options.tasks?.({ factory: this.#createServer, handler: this.#handler, handlerFor });
    const { fetch, bus } = this.#handler;
    this.#listen =
      subscriptions === 'refuse'
        ? refuseSubscriptions(fetch)
        : boundedSubscriptions(
            subscriptions,
            () => createMcpHandler(this.#createServer, { ...this.#sdkOptions, bus }),
            fetch,
          );
  }

  get runJob(): BackgroundJobHandler | undefined {
    return this.#tasks?.runJob;
  }

  /** Lists the tools once. Rejects if they cannot be listed. */
  prewarm(path: string): Promise<void> {
    this.#state.path = path;
    return prewarm(onerror => createMcpHandler(this.#createServer, { ...this.#sdkOptions, onerror }));
  }

  /** The Hono handler. */
  readonly handle = async (c: Context<McpRouteEnv>): Promise<Response> => {
    const request = c.req.raw;
    const guarded = await this.#guard(c);
    if (!guarded.allowed) return guarded.response;
    const { caller } = guarded;
    if (caller) c.set('authInfo', caller);
    const options = caller ? { authInfo: caller } : {};
    if (request.method !== 'POST') return this.#handler.fetch(request, options);
    const body = await this.#readBody(request);
    if (typeof body !== 'string') return body;
    const message = parsed(body);
    if (message === undefined) return this.#handler.fetch(withBody(request, body), options);
    const exchange = new McpExchange(message, this.#state.tools);
    c.set('exchange', exchange);
    const problem = messageProblem(message) ?? envelopeProblem(exchange);
    if (problem) {
      const { id } = (message ?? {}) as { id?: unknown };
      const error = { code: INVALID_REQUEST, message: problem };
      return errorResponse(error, { status: 400, id: isId(id) ? id : null });
    }
    if (c.env?.invocation) c.env.invocation.pendingIds = () => exchange.pending();
    const denied = this.#limits && (await this.#limitCalls(c, this.#limits, message));
    if (denied) return denied;
    const accepted = negotiate(request);
    const response = await this.#serve(c, request, options, exchange, message);
    return accepted === 'json' ? jsonResponse(response) : response;
  };

  readonly #createServer = async (context: McpRequestContext) => {
    const server = await (this.#reuse ? this.#takeServer(context) : this.#newServer(context));
    instrumentConnection(server, exchangeOf(context.requestInfo));
    return server;
  };

  readonly #newServer = async (context: McpRequestContext) => {
    const server = await this.#factory(context);
    prepareServer(server, this.#state);
    if (this.#onToolCall) {
      const { hookToolCalls } = await import('./tool-call-hook.ts');
      hookToolCalls(server, this.#onToolCall, context.requestInfo);
    }
    return server;
  };

  async #takeServer(context: McpRequestContext) {
    if (!this.#reusing) {
      const { reusing } = await import('./server-reuse.ts');
      this.#reusing ??= reusing(this.#newServer, McpServer);
    }
    return this.#reusing(context);
  }

  async #guard(c: Context<McpRouteEnv>): Promise<GuardResult> {
    const guard = this.#auth ?? c.get('guard');
    if (guard === 'none') return PUBLIC;
    if (guard) return guard(c.req.raw, c.get('endpoint') ?? endpointContext(c.req.raw));
    throw new Error(
      'An MCP route was mounted without a guard: pass the option `auth`, or create the app by createApp().',
    );
  }

  async #limitCalls(
    c: Context<McpRouteEnv>,
    limits: RouteLimits,
    body: unknown,
  ): Promise<Response | undefined> {
    const limitCalls = c.get('limitCalls');
    if (!limitCalls)
      throw new Error('An MCP route has limits, but the app counts no calls: create the app by createApp().');
    return limitCalls({
      limits,
      route: routePath(c),
      body,
      caller: c.get('authInfo'),
      endpoint: c.get('endpoint') ?? endpointContext(c.req.raw),
      invocation: c.env?.invocation,
      context: c.env?.context,
    });
  }

  async #readBody(request: Request): Promise<string | Response> {
    const encoding = request.headers.get('content-encoding');
    if (encoding !== null && !PLAIN.test(encoding)) return unsupportedEncoding(encoding);
    const { maxRequestBodySize } = this.#sdkOptions;
    return (await readBody(request, maxRequestBodySize)) ?? tooLarge(maxRequestBodySize);
  }

  /**
   * Serves by the method in the message, not by the Mcp-Method header, which a caller can forge and older revisions do not have.
   */
  async #serve(
    c: Context<McpRouteEnv>,
    request: Request,
    options: McpHandlerRequestOptions,
    exchange: McpExchange,
    message: unknown,
  ): Promise<Response> {
    if (this.#tasks && isSplit(message))
      return combined(
        await Promise.all(message.map(each => this.#serve(c, withoutBody(request), options, exchange, each))),
      );
    setExchange(request, exchange);
    const served = { ...options, parsedBody: message };
    if ((message as { method?: unknown } | null)?.method === 'subscriptions/listen')
      return this.#listen(request, served);
    return this.#tasks
      ? this.#tasks.serve(request, served, routeMessage(c, message))
      : this.#handler.fetch(request, served);
  }
}

function routeMessage(c: Context<McpRouteEnv>, message: unknown): RouteMessage {
  const { invokedFunctionArn, tenantId } = c.env?.context ?? {};
  return { message, path: c.req.path, route: routePath(c), functionArn: invokedFunctionArn, tenantId };
}

/** Returns the responses to the messages of a batch, in one JSON list; 202 if all were notifications. */
async function combined(responses: readonly Response[]): Promise<Response> {
  const messages: object[] = [];
  for (const response of responses) {
    if (response.status === 202) continue;
    for await (const message of messagesOf(response))
      if (message.method === undefined) messages.push(message);
  }
  return messages.length > 0 ? Response.json(messages) : new Response(null, { status: 202 });
}

/** Parses JSON, so that the SDK neither copies the request nor parses it again. Returns undefined for text that is not JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // The SDK responds to it.
  }
}

/** Returns a request without its body, but with the call context and other properties attached to it. */
function withoutBody(request: Request): Request {
  const { url, method, headers, signal } = request;
  return Object.assign(new Request(url, { method, headers, signal }), request);
}

/** The SDK's limit. */
const MAX_BATCH = 100;

/**
 * Whether a batch is split into its messages, so that each can start a task. The SDK rejects every other one: an empty one, a longer
 * one, one with a list or with a message of 2026-07-28 in it.
 */
function isSplit(body: unknown): body is IncomingMessage[] {
  return (
    Array.isArray(body) &&
    body.length > 0 &&
    body.length <= MAX_BATCH &&
    body.every(message => isMessage(message) && !isModern(message))
  );
}

function isModern({ params }: IncomingMessage): boolean {
  const meta: unknown = params?._meta;
  return typeof meta === 'object' && meta !== null && PROTOCOL_VERSION_META_KEY in meta;
}

function withBody({ url, method, headers, signal }: Request, body: string): Request {
  return new Request(url, { method, headers, body, signal });
}

/** Content codings (RFC 9110 section 8.4.1) that change nothing. */
const PLAIN = /^[\s,]*(?:identity[\s,]*)*$/i;

/**
 * Returns 415: neither the endpoint nor the SDK decodes a body. RFC 9110 section 12.5.3 defines the header with the accepted
 * encodings.
 */
function unsupportedEncoding(encoding: string): Response {
  const message = `Unsupported content encoding: send the request body without ${encoding}.`;
  return errorResponse(
    { code: SERVER_ERROR, message },
    { status: 415, headers: { 'accept-encoding': 'identity' } },
  );
}

/** Returns 413 with the message of the SDK. */
function tooLarge(limit: number): Response {
  const message = `Payload too large: the request body is over the limit of ${limit} bytes.`;
  return errorResponse({ code: SERVER_ERROR, message }, { status: 413 });
}

/** The SDK's message about a rejected request quotes the caller, who may have put a secret there: only its kind is logged. */
const REJECTED = /^Rejected inbound request \([\w-]+\)/;

function logOutOfBand({ message }: Error): void {
  console.warn(`mcp: ${REJECTED.exec(message)?.[0] ?? message}`);
}
