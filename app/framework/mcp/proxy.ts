/**
 * An MCP server that is somewhere else, as a server of SDK v2: every request is passed on to a connected client of it,
 * with progress, cancellation and log messages, and comes back as it is. What SDK v2 adds to a server is the other era.
 *
 * Stateless as everything here: the server behind may ask its client nothing (sampling, elicitation, roots), since
 * between two requests there is no client. It is told so.
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

/** Passed on, each where the server behind offers it. */
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

/** Results are the server's own; nothing of them is judged or lost here. */
const ANY_RESULT = z.looseObject({});
/** The invocation's deadline comes first, as the request's signal. setTimeout() knows no longer time. */
const NO_TIMEOUT_MS = 2 ** 31 - 1;
/** What belongs to the request that came in, and not to the one that is passed on. */
const OWN_META = /^(progressToken$|io\.modelcontextprotocol\/)/;

/** Sends one request on. Rejects with {@link ProtocolError} for the caller. */
export type Forward = (
  method: Method,
  params: Record<string, unknown>,
  ctx: ServerContext,
) => Promise<Result>;

export interface ServerDescription {
  info: Implementation;
  /** Of the server behind: what it offers. */
  offers: ServerCapabilities;
  instructions?: string | undefined;
  forward: Forward;
}

/** A server of SDK v2, for one request, with the face of another. */
export function createProxyServer({ info, offers, instructions, forward }: ServerDescription): Server {
  const { tools, resources, prompts, completions, logging } = offers;
  const capabilities: ServerCapabilities = {
    // No notification of a change would reach anybody.
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
    // One handler for all methods has the type of none.
    server.setRequestHandler(method, handler as never);
  }
  return server;
}

/** A server that answers every request with why there is none. It claims to have everything, so that clients do ask. */
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

/** A client that other requests are passed on by. Make it, then connect `client`. */
export class Upstream {
  readonly client: Client;
  /** Requests under way, by the token that their progress comes with. */
  readonly #underWay = new Map<number, ServerContext>();
  /** Who has asked it anything so far, as long as that is one caller. */
  #callers: 'none yet' | { only: string } | 'several' = 'none yet';
  #lastToken = 0;

  constructor(client: Client) {
    this.client = client;
    // The client's own way with progress forgets a request when its result is there, and with it what came just before.
    client.setNotificationHandler('notifications/progress', ({ params }) => this.#passProgress(params));
    client.setNotificationHandler('notifications/message', ({ params }) => this.#passMessage(params));
    client.fallbackRequestHandler = async ({ method }) => {
      throw new ProtocolError(
        ProtocolErrorCode.MethodNotFound,
        `${method} needs a session with a client, and here is none: this server is served statelessly.`,
      );
    };
  }

  /** The server's, once connected. */
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
      return await this.client.request(request, ANY_RESULT, options);
    } catch (error) {
      throw toProtocolError(error as Error, signal);
    } finally {
      // What came before the result is on its way through promises; the result must not overtake it.
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
    // Where nobody is asked who they are, any two requests may be of two people.
    const caller = authInfo
      ? JSON.stringify([authInfo.clientId, authInfo.extra?.subject])
      : `request ${this.#lastToken}`;
    if (this.#callers === 'none yet') this.#callers = { only: caller };
    else if (this.#callers !== 'several' && this.#callers.only !== caller) this.#callers = 'several';
  }

  /**
   * A log message names no request, and may come late: of one that is over, and of somebody else's. So it is passed on
   * where one request is under way and nobody but its caller has ever asked this server anything; else it goes to the log.
   */
  async #passMessage({ level, data, logger }: LoggingMessageNotificationParams): Promise<void> {
    const [ctx, ...others] = this.#underWay.values();
    if (ctx && others.length === 0 && this.#callers !== 'several') {
      await ctx.mcpReq.log(level, data, logger).catch(unsent);
    } else console.info(`mcp: ${logger ?? 'server'}: ${JSON.stringify(data)}`);
  }
}

function unsent(error: Error): void {
  console.warn(`mcp: a notification of a server could not be passed on: ${error.message}`);
}

function toProtocolError(error: Error, signal: AbortSignal): Error {
  if (error instanceof ProtocolError || signal.aborted) return error;
  console.error(`mcp: a request to a server was lost: ${error.message}`);
  return new ProtocolError(
    ProtocolErrorCode.InternalError,
    'The server behind this route ended while it was at this request. It is started anew for the next one; the log says more.',
  );
}
