/** Replaces `@modelcontextprotocol/server` in the SDK's tests: the same exports, with `mcp()` instead of `createMcpHandler`. */
import type { CreateMcpHandlerOptions, McpServerFactory } from '@modelcontextprotocol/server';
import { Hono } from 'hono';
import { mcp } from '../../../../app/framework/mcp/mcp.ts';

export * from '@modelcontextprotocol/server';

/** Mounts the factory as a project does, at the path that the tests call. */
export function createMcpHandler(factory: McpServerFactory, options: CreateMcpHandlerOptions = {}) {
  const { onerror, keepAliveMs } = options;
  const route = mcp(factory, {
    auth: 'none',
    prewarm: false,
    ...(onerror && { onError: onerror }),
    ...(keepAliveMs !== undefined && { keepAliveMs }),
  });
  const app = new Hono().route('/mcp', route);
  return {
    fetch: async (request: Request): Promise<Response> => app.fetch(request),
    close: (): Promise<void> => Promise.resolve(),
  };
}
