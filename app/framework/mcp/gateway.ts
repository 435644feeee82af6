/**
 * `mcpGateway({ weather, files })`: several servers at one path, as if they were one. The names of tools and prompts are prefixed
 * with the name of their server and an underscore; resources keep their URIs and are read from the first server that has them.
 */
import {
  type McpRequestContext,
  type McpServer,
  ProtocolError,
  ProtocolErrorCode,
  type Result,
  type Server,
  type ServerCapabilities,
  type ServerContext,
} from '@modelcontextprotocol/server';
import type { Hono } from 'hono';
import { mcp } from './mcp.ts';
import { NOT_STARTED, type StdioServer, stdioConnection } from './mcp-stdio.ts';
import { linked, routeState, type V1Server } from './mcp-v1.ts';
import type { McpOptions, McpRouteEnv } from './options.ts';
import {
  createProxyServer,
  type Forward,
  type Method,
  type ServerDescription,
  type Upstream,
} from './proxy.ts';

/** A factory of a server of either SDK, or a program. */
export type GatewayServer =
  | ((context: McpRequestContext) => McpServer | Server | V1Server | Promise<McpServer | Server | V1Server>)
  | StdioServer;

interface Named {
  name: string;
  face: ServerDescription;
}

/** Creates an app to mount: `app.route('/all', mcpGateway({ weather, files: { command: 'node', args: ['files.js'] } }))`. */
export function mcpGateway(
  servers: Readonly<Record<string, GatewayServer>>,
  options: McpOptions = {},
): Hono<McpRouteEnv> {
  const connections = Object.entries(servers).map(([name, server]) => ({
    name,
    connect: connectionTo(name, server),
  }));
  return mcp(
    async context => {
      const found = await Promise.all(
        connections.map(async ({ name, connect }) => ({ name, connection: await connect(context) })),
      );
      const named: Named[] = [];
      for (const { name, connection } of found) {
        if (connection) named.push({ name, face: connection.upstream.face() });
        else console.error(`mcp: ${name} is omitted: ${NOT_STARTED}`);
      }
      const server = createProxyServer(together(named));
      server.onclose = () => {
        for (const { connection } of found) connection?.release();
      };
      return server;
    },
    { prewarm: false, ...options },
  );
}

interface Connection {
  upstream: Upstream;
  release(): void;
}

function connectionTo(
  name: string,
  server: GatewayServer,
): (context: McpRequestContext) => Promise<Connection | undefined> {
  if (typeof server !== 'function') {
    const connect = stdioConnection(server);
    return async () => {
      const upstream = await connect();
      return upstream && { upstream, release: () => undefined };
    };
  }
  const state = routeState(name);
  return async context => {
    try {
      const upstream = await linked(await server({ ...context, era: 'legacy' }), context, state);
      return { upstream, release: () => void upstream.close() };
    } catch (error) {
      console.error('mcp: a server of a gateway could not be created', error);
      return undefined;
    }
  };
}

function together(named: readonly Named[]): ServerDescription {
  const offers: ServerCapabilities = Object.assign({}, ...named.map(({ face }) => face.offers));
  const instructions = named.flatMap(({ name, face }) =>
    face.instructions ? [`${name}: ${face.instructions}`] : [],
  );
  return {
    info: { name: 'gateway', version: '1.0.0' },
    offers,
    instructions: instructions.join('\n\n') || undefined,
    forward: (method, params, ctx) => FORWARD[method](named, method, params, ctx),
  };
}

type ForwardOneOf = (named: readonly Named[], ...request: Parameters<Forward>) => Promise<Result>;

const FORWARD: Record<Method, ForwardOneOf> = {
  'tools/list': listOf('tools', true),
  'prompts/list': listOf('prompts', true),
  'resources/list': listOf('resources', false),
  'resources/templates/list': listOf('resourceTemplates', false),
  'tools/call': byName,
  'prompts/get': byName,
  'resources/read': firstThatHas,
  'completion/complete': (named, method, params, ctx) => {
    const { ref } = params as { ref: { type: string; name?: string } };
    if (ref.name === undefined) return firstThatHas(named, method, params, ctx);
    const { face, own } = find(named, ref.name);
    return face.forward(method, { ...params, ref: { ...ref, name: own } }, ctx);
  },
};

/** Limits of a list: a server that repeats a cursor, or is slow, must not make the entries of the others unavailable. */
const MAX_PAGES = 100;
const LIST_MS = 5_000;

/**
 * Returns a function that lists all pages of all servers in one: a cursor would need a position in each. Failed servers are omitted
 * and logged.
 */
function listOf(key: string, prefixed: boolean): ForwardOneOf {
  return async function list(named, method, _params, ctx) {
    const capability = method.startsWith('resources') ? 'resources' : key;
    const offering = named.filter(({ face }) => face.offers[capability as keyof ServerCapabilities]);
    const lists = await Promise.allSettled(
      offering.map(({ name, face }) => within(LIST_MS, pagesOf(name, face, method, ctx))),
    );
    const failures = lists.flatMap(({ status }, at) => (status === 'rejected' ? [at] : []));
    for (const at of failures) {
      const { reason } = lists[at] as PromiseRejectedResult;
      console.error(`mcp: ${method} omits ${offering[at]?.name}: ${(reason as Error).message}`);
    }
    if (failures.length > 0 && failures.length === offering.length)
      throw (lists[0] as PromiseRejectedResult).reason;
    return { [key]: lists.flatMap(result => (result.status === 'fulfilled' ? result.value : [])) };
  };

  async function pagesOf(
    name: string,
    face: ServerDescription,
    method: Method,
    ctx: ServerContext,
  ): Promise<object[]> {
    const entries: { name: string }[] = [];
    const seen = new Set<string>();
    let cursor: string | undefined;
    do {
      const page: Record<string, unknown> = await face.forward(
        method,
        cursor === undefined ? {} : { cursor },
        ctx,
      );
      if (!Array.isArray(page[key])) throw new Error(`it returned no list of ${key}`);
      entries.push(...(page[key] as { name: string }[]));
      cursor = page.nextCursor as string | undefined;
      if (cursor !== undefined && (seen.has(cursor) || seen.size === MAX_PAGES)) {
        console.warn(
          `mcp: ${method} of ${name} ends after ${seen.size + 1} pages: it repeats a cursor or has too many.`,
        );
        cursor = undefined;
      } else if (cursor !== undefined) seen.add(cursor);
    } while (cursor !== undefined);
    return prefixed ? entries.map(entry => ({ ...entry, name: `${name}_${entry.name}` })) : entries;
  }
}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`it did not respond within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

async function byName(
  named: readonly Named[],
  ...[method, params, ctx]: Parameters<Forward>
): Promise<Result> {
  const { face, own } = find(named, String(params.name));
  return face.forward(method, { ...params, name: own }, ctx);
}

function find(named: readonly Named[], full: string): { face: ServerDescription; own: string } {
  // The longest name first: one may be the prefix of another.
  const [match] = named
    .filter(({ name }) => full.startsWith(`${name}_`))
    .toSorted((a, b) => b.name.length - a.name.length);
  if (!match) throw new ProtocolError(ProtocolErrorCode.InvalidParams, `No server has ${full}.`);
  return { face: match.face, own: full.slice(match.name.length + 1) };
}

/** Tries the servers in the order of the options. If all fail, the first error is returned. */
async function firstThatHas(named: readonly Named[], ...request: Parameters<Forward>): Promise<Result> {
  let first: unknown;
  for (const { face } of named) {
    if (!face.offers.resources) continue;
    try {
      return await face.forward(...request);
    } catch (error) {
      first ??= error;
    }
  }
  throw first ?? new ProtocolError(ProtocolErrorCode.InvalidParams, 'No server here has resources.');
}
