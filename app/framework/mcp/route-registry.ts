/**
 * Finds the MCP servers in an app: Hono does not wrap the handlers of a mounted app, so the handlers that mcp() has created can
 * be recognized.
 */
import type { Hono } from 'hono';
import type { RouteLimits } from '../types.ts';
import type { BackgroundJobHandler } from './task-types.ts';

/** The functions of an MCP endpoint besides its handler. */
export interface McpEndpoint {
  runJob?: BackgroundJobHandler | undefined;
  /** Lists the tools of its server once, before the first request. Rejects if they cannot be listed. */
  prewarm?: ((path: string) => Promise<void>) | undefined;
  limits?: RouteLimits | undefined;
}

const MCP_HANDLERS = new WeakMap<object, McpEndpoint>();

/** Registers a handler as an MCP endpoint; for mcp(). */
export function registerMcpHandler<Handler extends object>(handler: Handler, endpoint: McpEndpoint): Handler {
  MCP_HANDLERS.set(handler, endpoint);
  return handler;
}

/** Returns the paths of MCP endpoints, in the order in which they were mounted. */
export function mcpPaths(routes: Hono): string[] {
  const paths = routes.routes.filter(({ handler }) => MCP_HANDLERS.has(handler)).map(({ path }) => path);
  return [...new Set(paths)];
}

/** Returns the background job handlers, by the path of their route. */
export function backgroundJobHandlers(routes: Hono): Map<string, BackgroundJobHandler> {
  const handlers = new Map<string, BackgroundJobHandler>();
  for (const { handler, path } of routes.routes) {
    const { runJob } = MCP_HANDLERS.get(handler) ?? {};
    if (runJob) handlers.set(path, runJob);
  }
  return handlers;
}

/** Returns the limits of the routes that have some. */
export function limitedRoutes(routes: Hono): RouteLimits[] {
  return routes.routes.flatMap(({ handler }) => MCP_HANDLERS.get(handler)?.limits ?? []);
}

/** Lists the tools of every MCP server, and calls `onError` for each route where that fails. Never rejects. */
export async function prewarmRoutes(
  routes: Hono,
  onError: (path: string, error: unknown) => void,
): Promise<void> {
  await Promise.all(
    routes.routes.map(async ({ handler, path }) => {
      await MCP_HANDLERS.get(handler)
        ?.prewarm?.(path)
        .catch(error => onError(path, error));
    }),
  );
}
