/**
 * Asks a route's own server for its tools during the init, when nobody waits and the processor is whole: it is made once, its
 * schemas are put into JSON, and its tools' names are known. Nobody is told of the answer.
 */
import type { McpHttpHandler } from '@modelcontextprotocol/server';

const REVISION = '2026-07-28';
const MESSAGE = {
  jsonrpc: '2.0',
  id: 0,
  method: 'tools/list',
  params: {
    _meta: {
      'io.modelcontextprotocol/protocolVersion': REVISION,
      'io.modelcontextprotocol/clientInfo': { name: 'prewarm', version: '0' },
      'io.modelcontextprotocol/clientCapabilities': {},
    },
  },
};
const HEADERS = {
  'content-type': 'application/json',
  accept: 'application/json, text/event-stream',
  'mcp-protocol-version': REVISION,
  'mcp-method': MESSAGE.method,
};

/** A server that has not answered by then will not keep the init waiting, in milliseconds. Lambda gives an init ten seconds. */
const PATIENCE = 1_000;

/** Never rejects: what goes wrong here does so again when somebody asks, and is told then. Nobody should hear `handler` complain. */
export async function prewarm(handler: Pick<McpHttpHandler, 'fetch'>): Promise<void> {
  const request = new Request('https://prewarm.invalid/', { method: 'POST', headers: HEADERS });
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>(resolve => {
    timer = setTimeout(resolve, PATIENCE);
  });
  const listed = handler.fetch(request, { parsedBody: MESSAGE }).catch(() => undefined);
  await Promise.race([listed, late]);
  clearTimeout(timer);
}
