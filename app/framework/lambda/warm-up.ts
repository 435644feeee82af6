/**
 * Serves a request of each era during init, so that the code has run before the first real request: schemas are built,
 * functions compiled. Init gets a full vCPU at any memory size, the first request at 128 MB a fourteenth of one. The server is
 * a small one, declared here; the user's is not called.
 */
import { McpServer } from '@modelcontextprotocol/server';
import { Hono } from 'hono';
import * as z from 'zod';
import { MODERN_REVISION } from '../json-rpc.ts';
import { mcp } from '../mcp/mcp.ts';
import type { Fetch } from './response-guard.ts';
import { MB_PER_VCPU } from './v8-efficiency-mode.ts';

/**
 * Whether the warm-up saves more than it costs. With a full vCPU a request takes as long as it does during init, so that warming up
 * for both eras only makes a cold start longer, unless no caller waits for init (provisioned concurrency, SnapStart). Measured in
 * scripts/bench/README.md.
 */
export function warmUpPays(
  {
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: memoryMb,
    AWS_LAMBDA_INITIALIZATION_TYPE: initialization = 'on-demand',
  }: NodeJS.ProcessEnv = process.env,
): boolean {
  return Number(memoryMb) < MB_PER_VCPU || initialization !== 'on-demand';
}

const TOOL = { inputSchema: z.object({ text: z.string() }), outputSchema: z.object({ text: z.string() }) };
/** With a memory size at which V8's mode is not switched. */
const CONTEXT = { getRemainingTimeInMillis: () => 60_000, memoryLimitInMB: MB_PER_VCPU };

/**
 * Makes a call of each era: one whose response is complete, and one whose response is a stream. With `everything`, also a call
 * that only the code cache needs. Rejects if a response is not the expected one: then other code than that of requests has run.
 */
export async function warmUp(
  bufferedHandler: (fetch: Fetch) => (event: unknown, context: unknown) => Promise<unknown>,
  everything = false,
): Promise<void> {
  const app = new Hono().route('/mcp', mcp(probe, { auth: 'none', prewarm: false }));
  const buffered = bufferedHandler(app.fetch);
  const streamed = everything ? [modernCall({ progressToken: 1 })] : [];
  for (const event of [modernCall(), legacyCall(), ...streamed]) {
    const { body } = (await buffered(event, CONTEXT)) as { body: string };
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
    'io.modelcontextprotocol/protocolVersion': MODERN_REVISION,
    'io.modelcontextprotocol/clientInfo': { name: 'warm-up', version: '0' },
    'io.modelcontextprotocol/clientCapabilities': {},
    ...more,
  };
  const headers = { 'mcp-protocol-version': MODERN_REVISION, 'mcp-method': 'tools/call', 'mcp-name': 'echo' };
  return toolCall({ _meta }, headers);
}

/** Returns a call whose response is a stream, like all responses in that era. */
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
