/**
 * `mcp(factory)`: an MCP server, written with SDK v2, as a Hono app to be mounted at a path.
 *
 * Serves both eras at that path: revision 2026-07-28 natively and the revisions up to 2025-11-25 statelessly, each
 * request by a fresh server from the factory. Requests that would keep an execution environment busy without work are refused:
 * GET streams always (405, they need a session), `subscriptions/listen` unless {@link McpOptions.subscriptions} allows it.
 *
 * Not here: authentication, Origin and Host (app/framework/auth), the invocation's deadline (app/framework/lambda). They reach
 * this file as a guard and as the request's own `signal`.
 */
import type { McpServerFactory } from '@modelcontextprotocol/server';
import { Hono } from 'hono';
import { McpRoute } from './mcp-route.ts';
import type { McpRouteEnv, McpServerOptions } from './options.ts';
import { registerMcpHandler } from './route-registry.ts';
import { logSdkWarningsOnce } from './sdk-warnings.ts';

/** Creates an app to mount: `app.route('/mcp', mcp(weather))`. Throws a TypeError if an option is invalid. */
export function mcp(factory: McpServerFactory, options: McpServerOptions = {}): Hono<McpRouteEnv> {
  logSdkWarningsOnce();
  const { prewarm = true, reuse = false, tasks } = options;
  if (reuse && tasks)
    throw new TypeError(
      'mcp(server, { reuse: true }) cannot have tasks, whose handlers belong to one caller: leave out reuse or tasks.',
    );
  const route = new McpRoute(factory, options);
  const handler = registerMcpHandler(route.handle, {
    runJob: route.runJob,
    prewarm: prewarm ? path => route.prewarm(path) : undefined,
    limits: options.limits,
  });
  return new Hono<McpRouteEnv>().all('/', handler);
}
