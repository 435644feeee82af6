/**
 * The option `reuse` of `mcp()`: serves a request by a server that has served others before, one server per concurrent request.
 * A server is closed after each request and connected again by the SDK's own methods, so that creating it is paid once.
 *
 * Loaded by routes that have the option. Between two requests it removes the client's capabilities, name and log level, and rejects
 * notifications of tools that continue after their response. It cannot remove state that the factory's own code keeps:
 * app/framework/mcp/README.md lists the rules for authors.
 */
import type {
  McpRequestContext,
  McpServer,
  McpServerFactory,
  Server,
  Transport,
} from '@modelcontextprotocol/server';

/** Private members of the SDK's `Server`: the state of its client, and the method that creates a tool's `ctx`. */
interface ServerInternals {
  _clientCapabilities?: unknown;
  _clientVersion?: unknown;
  _negotiatedProtocolVersion?: unknown;
  _loggingLevels: Map<unknown, unknown>;
  buildContext(ctx: BaseContext, transportInfo: unknown): BaseContext;
}

type Send = (...args: never[]) => unknown;

interface BaseContext {
  mcpReq: Record<'send' | 'notify' | 'elicitInput' | 'requestSampling', Send>;
}

/** Passed as a parameter: this file is a separate bundle, which must not contain a second copy of the SDK. */
type McpServerClass = typeof McpServer;

/**
 * Returns a factory that reuses the servers of `create`, separately per era, because the SDK binds a server to one. `create` gets
 * neither the request nor the caller. Rejects with a TypeError if `create` returns anything but an `McpServer` of SDK v2.
 */
export function reusing(create: McpServerFactory, mcpServer: McpServerClass): McpServerFactory {
  const idle: Record<McpRequestContext['era'], McpServer[]> = { modern: [], legacy: [] };

  return async function takeServer({ era }) {
    const server = idle[era].pop() ?? (await createReusable(create, era, mcpServer));
    return lease(server, () => {
      forgetClient(server.server);
      idle[era].push(server);
    });
  };
}

async function createReusable(
  create: McpServerFactory,
  era: McpRequestContext['era'],
  mcpServer: McpServerClass,
): Promise<McpServer> {
  const server: unknown = await create({ era });
  if (!(server instanceof mcpServer))
    throw new TypeError('mcp(server, { reuse: true }) needs a factory that returns an McpServer of SDK v2.');
  bindContexts(server.server);
  return server;
}

/**
 * Returns the server for one request. Its `close` closes only the connection of that request, even if the SDK calls it later, and
 * calls `release` once.
 */
function lease(server: McpServer, release: () => void): McpServer {
  let transport: Transport | undefined;
  let released = false;
  const releaseOnce = (): void => {
    if (released) return;
    released = true;
    release();
  };
  const methods: Pick<McpServer, 'connect' | 'close'> = {
    async connect(to) {
      transport = to;
      const { onclose } = server.server;
      server.server.onclose = () => {
        if (onclose) server.server.onclose = onclose;
        else delete server.server.onclose;
        onclose?.();
        releaseOnce();
      };
      await server.connect(to);
    },
    async close() {
      if (transport === undefined) releaseOnce();
      else if (server.server.transport === transport) await server.close();
    },
  };
  return Object.assign(Object.create(server), methods) as McpServer;
}

/** Removes the state of the last client. */
function forgetClient(server: Server): void {
  const internals = server as unknown as ServerInternals;
  internals._clientCapabilities = undefined;
  internals._clientVersion = undefined;
  internals._negotiatedProtocolVersion = undefined;
  internals._loggingLevels.clear();
}

/**
 * Makes each `ctx` send only while its own request is connected, and reject afterwards, like that of a closed server. A tool can
 * continue after its response, for example if an `await` is missing; the SDK would send its messages to the next caller.
 */
function bindContexts(server: Server): void {
  const internals = server as unknown as ServerInternals;
  const { buildContext } = internals;
  internals.buildContext = (ctx, transportInfo) => {
    const { transport } = server;
    const bound = <F extends Send>(send: F): F =>
      (async (...args: never[]) => {
        if (server.transport !== transport) throw notConnected();
        return send(...args);
      }) as unknown as F;
    const { send, notify } = ctx.mcpReq;
    Object.assign(ctx.mcpReq, { send: bound(send), notify: bound(notify) });
    const built = buildContext.call(server, ctx, transportInfo);
    const { elicitInput, requestSampling } = built.mcpReq;
    Object.assign(built.mcpReq, {
      elicitInput: bound(elicitInput),
      requestSampling: bound(requestSampling),
    });
    return built;
  };
}

/** Returns the SDK's error for a closed server. */
function notConnected(): Error {
  return Object.assign(new Error('Not connected'), { name: 'SdkError', code: 'NOT_CONNECTED' });
}
