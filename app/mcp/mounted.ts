/**
 * Where in an app MCP servers are mounted: Hono keeps the handlers of an app that is mounted as they are, so the ones that
 * mcp() has made can be told from all others.
 */
import type { Hono } from 'hono';

const MCP_HANDLERS = new WeakSet<object>();

/** Marks a handler as an MCP endpoint; for mcp(). */
export function mcpHandler<Handler extends object>(handler: Handler): Handler {
  MCP_HANDLERS.add(handler);
  return handler;
}

/** The paths of MCP endpoints, in the order in which they were mounted. */
export function mcpPaths(routes: Hono): string[] {
  const paths = routes.routes.filter(({ handler }) => MCP_HANDLERS.has(handler)).map(({ path }) => path);
  return [...new Set(paths)];
}
