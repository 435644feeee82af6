/**
 * Answers a request of each era during init, so that the code which answers requests has run before the first one comes:
 * schemas built, functions compiled. On Lambda the init has a whole CPU at any memory size, the first request at 128 MB
 * has a fourteenth of one. The server is one of its own; the user's is not called.
 */
import { McpServer } from '@modelcontextprotocol/server';
import { Hono } from 'hono';
import * as z from 'zod';
import { mcp } from '../mcp/mcp.ts';
import { bufferedHandler } from './adapter.ts';

const REVISION = '2026-07-28';
const TOOL = { inputSchema: z.object({ text: z.string() }), outputSchema: z.object({ text: z.string() }) };
const CONTEXT = { getRemainingTimeInMillis: () => 60_000 };

/**
 * By both eras: what was one piece, as most answers are, and what was a stream. With `everything` also what the init can do
 * without, for the code cache. Rejects when the answer is not what it must be: then what was warmed is not what will run.
 */
export async function warmUp(everything = false): Promise<void> {
  const app = new Hono().route('/mcp', mcp(probe, { auth: async () => undefined, prewarm: false }));
  const buffered = bufferedHandler(app.fetch);
  const streamed = everything ? [modernCall({ progressToken: 1 })] : [];
  for (const event of [modernCall(), legacyCall(), ...streamed]) {
    const { body } = (await buffered(event, CONTEXT as never)) as { body: string };
    if (!body.includes('structuredContent'))
      throw new Error(`The warm-up got no result: ${body.slice(0, 500)}`);
  }
}

function probe(): McpServer {
  const server = new McpServer({ name: 'probe', version: '0' });
  server.registerTool('echo', TOOL, async ({ text }, ctx) => {
    const progressToken = ctx.mcpReq._meta?.progressToken;
    if (progressToken !== undefined) {
      await ctx.mcpReq.notify({ method: 'notifications/progress', params: { progressToken, progress: 1 } });
    }
    return { content: [{ type: 'text', text }], structuredContent: { text } };
  });
  return server;
}

function modernCall(more: object = {}): object {
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': REVISION,
    'io.modelcontextprotocol/clientInfo': { name: 'warm-up', version: '0' },
    'io.modelcontextprotocol/clientCapabilities': {},
    ...more,
  };
  const headers = { 'mcp-protocol-version': REVISION, 'mcp-method': 'tools/call', 'mcp-name': 'echo' };
  return toolCall({ _meta }, headers);
}

/** Its answer is a stream, as all are in that era. */
function legacyCall(): object {
  return toolCall({ _meta: { progressToken: 1 } }, {});
}

function toolCall(more: object, headers: object): object {
  const params = { name: 'echo', arguments: { text: 'x' }, ...more };
  return {
    version: '2.0',
    rawPath: '/mcp',
    rawQueryString: '',
    headers: {
      host: 'warm-up.invalid',
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...headers,
    },
    requestContext: { domainName: 'warm-up.invalid', http: { method: 'POST', path: '/mcp' } },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params }),
    isBase64Encoded: false,
  };
}
