/**
 * `mcpV1(factory)`: a server written with `@modelcontextprotocol/sdk` (SDK v1), unchanged, as a Hono app to mount at a path.
 * Clients of the revisions up to 2025-11-25 are connected directly, clients of 2026-07-28 through a proxy in the same process.
 *
 * The factory creates a server for every request, as v1 requires without sessions. This file does not import v1: the server uses its
 * own version.
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

/** Creates a server, whose tools can depend on the caller. */
export type V1ServerFactory = (context: { authInfo?: AuthInfo }) => V1Server | Promise<V1Server>;

/** Creates an app to mount: `app.route('/everything', mcpV1(() => createServer()))`. */
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

/** The second argument of tools of v1. */
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
 * Returns a v1 server as a server of SDK v2, which uses only `connect` and `close`; v1 accepts its transport. The framework uses
 * `server` to change handlers.
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

/** Creates the state of a linked server, `name` in a gateway. It keeps its capabilities, because clients do not connect to it. */
export function routeState(name?: string): RouteState {
  return { tools: new Set(), unlistable: new Set(), subscriptions: true, ...(name && { path: name }) };
}

/**
 * Connects the server to a client in this process; closing the client closes the server. It is instrumented like the server of a
 * route: the client would wait until the deadline for a message that cannot be sent.
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
