/**
 * The everything-server to run the suites against: through the local Lambda and the real Runtime Interface Client, or any
 * other handler in this process behind the same host and origin checks.
 */
import type { AddressInfo } from 'node:net';
import { serve } from '@hono/node-server';
import {
  hostHeaderValidationResponse,
  localhostAllowedHostnames,
  localhostAllowedOrigins,
  originValidationResponse,
} from '@modelcontextprotocol/server';
import { startFunction } from '../../helpers/local-lambda.ts';

export interface Target {
  /** Where the MCP server is. */
  url: string;
  close(): Promise<void>;
}

/** Endpoints that stream; the path of the MCP endpoint behind each. */
export const PATHS = { 'function-url': '/mcp', 'rest-api': '/live/mcp' } as const;
export type StreamingEndpoint = keyof typeof PATHS;

/** A route of our app, behind our handler, run by the Runtime Interface Client in the local Lambda behind an endpoint. */
export async function startTarget(endpoint: StreamingEndpoint = 'function-url'): Promise<Target> {
  const hosts = 'localhost,127.0.0.1';
  const env = { MCP_AUTH: 'none', MCP_ALLOWED_HOSTS: hosts, MCP_ALLOWED_ORIGINS: hosts };
  const lambda = await startFunction(
    'stream',
    { env, args: ['--endpoint', endpoint, '--concurrency', '100', '--timeout', '20'] },
    'conformance-app',
  );
  return { url: lambda.url + PATHS[endpoint], close: lambda.close };
}

export async function listen(handle: (request: Request) => Promise<Response>): Promise<Target> {
  const fetch = (request: Request) =>
    hostHeaderValidationResponse(request, localhostAllowedHostnames()) ??
    originValidationResponse(request, localhostAllowedOrigins()) ??
    handle(request);
  const { promise: ready, resolve } = Promise.withResolvers<AddressInfo>();
  const server = serve({ fetch, port: 0, hostname: '127.0.0.1' }, resolve);
  const { port } = await ready;
  return {
    url: `http://127.0.0.1:${port}/mcp`,
    close() {
      const closed = new Promise<void>((done, fail) => server.close(error => (error ? fail(error) : done())));
      // A stream that a client left open would hold the server for as long as it is kept alive.
      if ('closeAllConnections' in server) server.closeAllConnections();
      return closed;
    },
  };
}
