/**
 * Starts the server that the suites test: the everything-server in the local Lambda with the real Runtime Interface Client, or
 * any other handler in this process behind the same host and origin checks.
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
  /** The URL of the MCP server. */
  url: string;
  close(): Promise<void>;
}

/** By endpoint that streams, the path of the MCP server. */
export const PATHS = { 'function-url': '/mcp', 'rest-api': '/live/mcp' } as const;
export type StreamingEndpoint = keyof typeof PATHS;

/** Starts the everything-server in the local Lambda, behind an endpoint. */
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
      // An open stream of a client would prevent the server from closing.
      if ('closeAllConnections' in server) server.closeAllConnections();
      return closed;
    },
  };
}
