/**
 * Where in an app MCP servers are mounted: Hono keeps the handlers of an app that is mounted as they are, so the ones that
 * mcp() has made can be told from all others.
 */
import type { Hono } from 'hono';
import type { BackgroundWork } from './task-types.ts';

const MCP_HANDLERS = new WeakMap<object, BackgroundWork | undefined>();

/** Marks a handler as an MCP endpoint, with the work that it does in invocations of its own; for mcp(). */
export function mcpHandler<Handler extends object>(handler: Handler, work?: BackgroundWork): Handler {
  MCP_HANDLERS.set(handler, work);
  return handler;
}

/** The paths of MCP endpoints, in the order in which they were mounted. */
export function mcpPaths(routes: Hono): string[] {
  const paths = routes.routes.filter(({ handler }) => MCP_HANDLERS.has(handler)).map(({ path }) => path);
  return [...new Set(paths)];
}

/** The work of routes that have such, by their path. */
export function backgroundWorks(routes: Hono): Map<string, BackgroundWork> {
  const works = new Map<string, BackgroundWork>();
  for (const { handler, path } of routes.routes) {
    const work = MCP_HANDLERS.get(handler);
    if (work) works.set(path, work);
  }
  return works;
}
