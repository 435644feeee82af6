/**
 * Finds the MCP servers in an app: Hono keeps the handlers of a mounted app as they are, so the handlers that mcp() has created
 * can be told apart from all others.
 */
import type { Hono } from 'hono';
import type { BackgroundJobHandler } from './task-types.ts';

const MCP_HANDLERS = new WeakMap<object, BackgroundJobHandler | undefined>();

/** Registers a handler as an MCP endpoint, with the handler of its background jobs; for mcp(). */
export function registerMcpHandler<Handler extends object>(
  handler: Handler,
  runJob?: BackgroundJobHandler,
): Handler {
  MCP_HANDLERS.set(handler, runJob);
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
    const runJob = MCP_HANDLERS.get(handler);
    if (runJob) handlers.set(path, runJob);
  }
  return handlers;
}
