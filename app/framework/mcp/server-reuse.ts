/**
 * The option `reuse` of `mcp()`: serves a request by a server that has served others before, one server per concurrent request.
 * A server is closed after each request and connected again by the SDK's own methods, so that creating it is paid once.
 *
 * Loaded by routes that have the option. What one caller could leave behind for the next is removed here: what the client said
 * about itself, its log level, and notifications of a tool that goes on after its response. Not removed: what the factory's own
 * code keeps; app/framework/mcp/README.md says what an author must not do.
 */
import type {
  McpRequestContext,
  McpServer,
  McpServerFactory,
  Server,
  Transport,
} from '@modelcontextprotocol/server';

/** What a `Server` of the SDK keeps about its client, and how it makes a tool's `ctx`. */
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

/** The class of the SDK is passed: this file is a bundle of its own, which must not contain another copy of the SDK. */
type McpServerClass = typeof McpServer;

/**
 * Returns a factory that hands out servers of `create`. They are kept per era, because a server belongs to one. `create` gets
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
 * The server, for one request: `close` closes the connection of that request only, however late the SDK calls it, and `release` is
 * called once, after it.
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

function forgetClient(server: Server): void {
  const internals = server as unknown as ServerInternals;
  internals._clientCapabilities = undefined;
  internals._clientVersion = undefined;
  internals._negotiatedProtocolVersion = undefined;
  internals._loggingLevels.clear();
}

/**
 * A tool can go on after its response, for example because an `await` is missing. The SDK sends what it sends then by the current
 * connection, which is another caller's by now; here it is rejected, as by a server that is closed.
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

/** Like the error of the SDK for a server that is closed. */
function notConnected(): Error {
  return Object.assign(new Error('Not connected'), { name: 'SdkError', code: 'NOT_CONNECTED' });
}
