/**
 * Lists the tools of a route's own server during init, which gets a full vCPU at any memory size: the server is created once, its
 * schemas are converted to JSON Schema, and the names of its tools are known.
 */
import type { McpHttpHandler } from '@modelcontextprotocol/server';
import { METHOD_NOT_FOUND, MODERN_REVISION } from '../json-rpc.ts';

const MESSAGE = {
  jsonrpc: '2.0',
  id: 0,
  method: 'tools/list',
  params: {
    _meta: {
      'io.modelcontextprotocol/protocolVersion': MODERN_REVISION,
      'io.modelcontextprotocol/clientInfo': { name: 'prewarm', version: '0' },
      'io.modelcontextprotocol/clientCapabilities': {},
    },
  },
};
const HEADERS = {
  'content-type': 'application/json',
  accept: 'application/json, text/event-stream',
  'mcp-protocol-version': MODERN_REVISION,
  'mcp-method': MESSAGE.method,
};

/** Init waits at most this long for a server, in milliseconds. Lambda limits init to ten seconds. */
const TIMEOUT_MS = 1_000;

/**
 * Lists the tools by a handler that `createHandler` makes with this error listener. Rejects if they cannot be listed; a slow
 * server is not waited for.
 */
export async function prewarm(
  createHandler: (onerror: (error: Error) => void) => Pick<McpHttpHandler, 'fetch'>,
): Promise<void> {
  let failure: Error | undefined;
  const handler = createHandler(error => {
    failure ??= error;
  });
  const request = new Request('https://prewarm.invalid/', { method: 'POST', headers: HEADERS });
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<void>(resolve => {
    timer = setTimeout(resolve, TIMEOUT_MS);
  });
  try {
    const response = await Promise.race([handler.fetch(request, { parsedBody: MESSAGE }), timeout]);
    const { error } = ((await response?.json()) ?? {}) as { error?: { code: number; message: string } };
    // A server without tools has no such method.
    if (error && error.code !== METHOD_NOT_FOUND) throw failure ?? new Error(error.message);
  } finally {
    clearTimeout(timer);
  }
}
