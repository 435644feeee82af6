/**
 * `mcpV1(factory)`: a server written with `@modelcontextprotocol/sdk` (SDK v1), unchanged, as a Hono app to mount at a path.
 * Clients of the revisions up to 2025-11-25, which it speaks, are connected to it directly; clients of 2026-07-28 through a proxy
 * in the same process.
 *
 * The factory creates a server for every request, as v1 requires without sessions. Nothing of v1 is imported: the version that
 * the server was written with runs.
 */
import { type AuthInfo, Client, InMemoryTransport, type Transport } from '@modelcontextprotocol/client';
import type { McpRequestContext, McpServer } from '@modelcontextprotocol/server';
import type { Hono } from 'hono';
import { instrumentServer, type RouteState } from './instrument-server.ts';
import { mcp } from './mcp.ts';
import type { McpOptions, McpRouteEnv } from './options.ts';
import { createProxyServer, Upstream } from './proxy.ts';

/** An `McpServer` or `Server` of `@modelcontextprotocol/sdk`. */
export interface V1Server {
  // biome-ignore lint/suspicious/noExplicitAny: the transport type of every version of v1, by parameter bivariance.
  connect(transport: any): Promise<void>;
  close(): Promise<void>;
}

/** Creates a server; the caller decides which tools it has. */
export type V1ServerFactory = (context: { authInfo?: AuthInfo }) => V1Server | Promise<V1Server>;

/** Mount it: `app.route('/everything', mcpV1(() => createServer()))`. */
export function mcpV1(factory: V1ServerFactory, options: McpOptions = {}): Hono<McpRouteEnv> {
  const state = routeState();
  return mcp(
    async context => {
      const { authInfo, era } = context;
      const server = await factory(authInfo ? { authInfo } : {});
      if (era === 'legacy') return direct(server, extraOf(context));
      const upstream = await linked(server, context, state);
      const face = createProxyServer(upstream.face());
      face.onclose = () => void upstream.close();
      return face;
    },
    { prewarm: false, ...options },
  );
}

/** What v1 passes to its tools besides the arguments. */
interface V1Extra {
  authInfo?: AuthInfo;
  requestInfo?: { headers: Record<string, string> };
}

function extraOf({ authInfo, requestInfo }: McpRequestContext): V1Extra {
  return {
    ...(authInfo && { authInfo }),
    ...(requestInfo && { requestInfo: { headers: Object.fromEntries(requestInfo.headers) } }),
  };
}

/**
 * SDK v2 uses only `connect` and `close` of a server, and v1 accepts its transport. `server` is for the framework, which changes the
 * handlers of a server.
 */
function direct(server: V1Server, extra: V1Extra): McpServer {
  const product = {
    server: (server as { server?: object }).server ?? server,
    v1: server,
    connect: (transport: Transport) => join(server, transport, extra),
    close: () => server.close(),
  };
  return product as unknown as McpServer;
}

/** What is remembered about a server that is linked, `name` of a gateway. It is not the clients' server, so it keeps its capabilities. */
export function routeState(name?: string): RouteState {
  return { tools: new Set(), unlistable: new Set(), subscriptions: true, ...(name && { path: name }) };
}

/**
 * Connects the server to a client in this process; closing the client closes the server. It is instrumented as the server of a
 * route is: a message that it never sends would be awaited until the deadline.
 */
export async function linked(
  server: V1Server,
  context: McpRequestContext,
  state: RouteState,
): Promise<Upstream> {
  instrumentServer(server, state, undefined);
  const [here, there] = InMemoryTransport.createLinkedPair();
  const upstream = new Upstream(new Client({ name: 'mcp-on-lambda', version: '0.1.0' }));
  await join(server, there, extraOf(context));
  try {
    await upstream.client.connect(here);
  } catch (error) {
    await upstream.close();
    throw error;
  }
  return upstream;
}

/** Connects `server` and passes `extra` along with every message. */
async function join(server: V1Server, transport: Transport, extra: V1Extra): Promise<void> {
  await server.connect(transport);
  const deliver = transport.onmessage;
  transport.onmessage = (message, more) => deliver?.(message, { ...more, ...extra } as typeof more);
}
