/**
 * A proxy: another MCP server (the upstream) as a server of SDK v2. Every request is forwarded to the upstream, with progress,
 * cancellation and log messages, and the result is returned unchanged. SDK v2 adds the other era.
 *
 * Stateless: the upstream cannot send requests to its client (sampling, elicitation, roots), because there is no session. It gets an
 * error that names this reason.
 */
import { setImmediate } from 'node:timers/promises';
import type { Client } from '@modelcontextprotocol/client';
import {
  type Implementation,
  type LoggingMessageNotificationParams,
  type ProgressNotificationParams,
  ProtocolError,
  ProtocolErrorCode,
  type Result,
  Server,
  type ServerCapabilities,
  type ServerContext,
} from '@modelcontextprotocol/server';
import * as z from 'zod';
import { noSessionError } from '../json-rpc.ts';

/** Methods that are forwarded if the upstream has the capability. */
const METHODS = {
  'tools/list': 'tools',
  'tools/call': 'tools',
  'resources/list': 'resources',
  'resources/templates/list': 'resources',
  'resources/read': 'resources',
  'prompts/list': 'prompts',
  'prompts/get': 'prompts',
  'completion/complete': 'completions',
} as const satisfies Record<string, keyof ServerCapabilities>;

export type Method = keyof typeof METHODS;

/** Results are neither validated nor changed here. */
const ANY_RESULT = z.looseObject({});
/** The maximum of setTimeout(): the request's signal aborts earlier, at the deadline of the invocation. */
const NO_TIMEOUT_MS = 2 ** 31 - 1;
/** Metadata of the incoming request that is not forwarded. */
const OWN_META = /^(progressToken$|io\.modelcontextprotocol\/)/;

/** Forwards one request. Rejects with {@link ProtocolError} for the caller. */
export type Forward = (
  method: Method,
  params: Record<string, unknown>,
  ctx: ServerContext,
) => Promise<Result>;

export interface ServerDescription {
  info: Implementation;
  /** The capabilities of the upstream. */
  offers: ServerCapabilities;
  instructions?: string | undefined;
  forward: Forward;
}

/** Creates a server of SDK v2, for one request, that forwards to another. */
export function createProxyServer({ info, offers, instructions, forward }: ServerDescription): Server {
  const { tools, resources, prompts, completions, logging } = offers;
  const capabilities: ServerCapabilities = {
    // No notification of a change would reach a client.
    ...(tools && { tools: { listChanged: false } }),
    ...(resources && { resources: { listChanged: false } }),
    ...(prompts && { prompts: { listChanged: false } }),
    ...(completions && { completions }),
    ...(logging && { logging }),
  };
  const server = new Server(info, { capabilities, ...(instructions && { instructions }) });
  for (const [method, capability] of Object.entries(METHODS) as [Method, keyof ServerCapabilities][]) {
    if (!capabilities[capability]) continue;
    const handler = (request: { params?: object }, ctx: ServerContext): Promise<Result> =>
      forward(method, { ...request.params }, ctx);
    // The type of a handler depends on its method; this one serves all.
    server.setRequestHandler(method, handler as never);
  }
  return server;
}

/** Creates a server that responds to every request with an error. It declares all capabilities, so that clients send requests. */
export function createUnavailableServer(message: string): Server {
  const server = new Server(
    { name: 'unavailable', version: '0' },
    { capabilities: { tools: {}, resources: {}, prompts: {} } },
  );
  server.fallbackRequestHandler = async () => {
    throw new ProtocolError(ProtocolErrorCode.InternalError, message);
  };
  return server;
}

/** The client through which requests are forwarded. Create it, then connect `client`. */
export class Upstream {
  readonly client: Client;
  /** Running requests, by the progress token of the forwarded one. */
  readonly #underWay = new Map<number, ServerContext>();
  /** The callers of this server so far. */
  #callers: 'none yet' | { only: string } | 'several' = 'none yet';
  #lastToken = 0;

  constructor(client: Client) {
    this.client = client;
    // The SDK's own progress handling drops a request with its result, and with it progress that came just before.
    client.setNotificationHandler('notifications/progress', ({ params }) => this.#passProgress(params));
    client.setNotificationHandler('notifications/message', ({ params }) => this.#passMessage(params));
    client.fallbackRequestHandler = async ({ method }) => {
      const { code, message } = noSessionError(method);
      throw new ProtocolError(code, message);
    };
  }

  /** Closes the client and with it the server. Never rejects: an error of the server's own cleanup is logged. */
  async close(): Promise<void> {
    await this.client.close().catch(error => console.error('mcp: a server failed to close', error));
  }

  /** Describes the server, once connected. */
  face(): ServerDescription {
    const { client } = this;
    return {
      info: client.getServerVersion() ?? { name: 'unnamed', version: '0' },
      offers: client.getServerCapabilities() ?? {},
      instructions: client.getInstructions(),
      forward: (method, params, ctx) => this.#forward(method, params, ctx),
    };
  }

  async #forward(
    method: Method,
    { _meta, ...params }: Record<string, unknown>,
    ctx: ServerContext,
  ): Promise<Result> {
    const { signal, _meta: { progressToken } = {} } = ctx.mcpReq;
    this.#lastToken += 1;
    const token = this.#lastToken;
    this.#underWay.set(token, ctx);
    this.#noteCaller(ctx);
    const meta = {
      ...Object.fromEntries(Object.entries(_meta ?? {}).filter(([name]) => !OWN_META.test(name))),
      ...(progressToken !== undefined && { progressToken: token }),
    };
    const request = { method, params: Object.keys(meta).length > 0 ? { ...params, _meta: meta } : params };
    const options = { signal, timeout: NO_TIMEOUT_MS, allowInputRequired: true };
    try {
      return withCursor(await this.client.request(request, ANY_RESULT, options));
    } catch (error) {
      throw toProtocolError(error as Error, signal);
    } finally {
      // Notifications before the result are still being handled; the result must not overtake them.
      await setImmediate();
      this.#underWay.delete(token);
    }
  }

  async #passProgress({ progressToken: token, ...progress }: ProgressNotificationParams): Promise<void> {
    const { notify, _meta: { progressToken } = {} } = this.#underWay.get(Number(token))?.mcpReq ?? {};
    if (!notify || progressToken === undefined) return;
    await notify({ method: 'notifications/progress', params: { ...progress, progressToken } }).catch(unsent);
  }

  #noteCaller({ http }: ServerContext): void {
    const { authInfo } = http ?? {};
    // Without authentication, two requests may be from different callers.
    const caller = authInfo
      ? JSON.stringify([authInfo.clientId, authInfo.extra?.subject])
      : `request ${this.#lastToken}`;
    if (this.#callers === 'none yet') this.#callers = { only: caller };
    else if (this.#callers !== 'several' && this.#callers.only !== caller) this.#callers = 'several';
  }

  /**
   * Passes on a log message. It names no request and may be late, for a request of another caller that has ended. So it is forwarded
   * only while one request is running and all requests so far were from the same caller; else it is logged.
   */
  async #passMessage({ level, data, logger }: LoggingMessageNotificationParams): Promise<void> {
    const [ctx, ...others] = this.#underWay.values();
    if (ctx && others.length === 0 && this.#callers !== 'several') {
      await ctx.mcpReq.log(level, data, logger).catch(unsent);
    } else console.info(`mcp: ${logger ?? 'server'}: ${JSON.stringify(data)}`);
  }
}

/** Removes an invalid cursor: some servers end a list with null or an empty string, with which clients fail or continue forever. */
function withCursor({ nextCursor, ...result }: Result & { nextCursor?: unknown }): Result {
  return typeof nextCursor === 'string' && nextCursor !== '' ? { ...result, nextCursor } : result;
}

function unsent(error: Error): void {
  console.warn(`mcp: a notification of a server could not be forwarded: ${error.message}`);
}

function toProtocolError(error: Error, signal: AbortSignal): Error {
  if (error instanceof ProtocolError || signal.aborted) return error;
  console.error(`mcp: a request to a server failed: ${error.message}`);
  return new ProtocolError(
    ProtocolErrorCode.InternalError,
    'The server behind this route ended during this request. The next request starts it again; the log has the reason.',
  );
}
