/**
 * Serves a request of each era during init, so that the code has run before the first real request: schemas are built,
 * functions compiled. Init gets a full vCPU at any memory size, the first request at 128 MB a fourteenth of one. The server is
 * a small one, declared here; the user's is not called.
 */
import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { McpServer } from '@modelcontextprotocol/server';
import { Hono } from 'hono';
import * as z from 'zod';
import { MODERN_REVISION } from '../json-rpc.ts';
import { mcp } from '../mcp/mcp.ts';
import type { Fetch } from './response-guard.ts';
import type { ResponseStream } from './response-stream.ts';
import { MB_PER_VCPU } from './v8-efficiency-mode.ts';

/** From this memory size on, in MB, streaming over HTTP takes longer during init than it saves. */
const MB_FOR_STREAMING = 512;

/** What is warmed up. */
export interface WarmUpPlan {
  /** A call of each era. */
  calls: boolean;
  /** A response over HTTP: the Runtime Interface Client streams by Node's HTTP client, whose first use takes as long as a call. */
  stream: boolean;
}

/**
 * Returns what saves more than it costs. With a full vCPU a request takes as long as it does during init, so that a warm-up only makes
 * a cold start longer, unless no caller waits for init (provisioned concurrency, SnapStart). Measured in scripts/bench/README.md.
 */
export function warmUpPlan(
  {
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: memoryMb,
    AWS_LAMBDA_INITIALIZATION_TYPE: initialization = 'on-demand',
    _HANDLER: handler = '',
  }: NodeJS.ProcessEnv = process.env,
): WarmUpPlan {
  const below = (mb: number): boolean => initialization !== 'on-demand' || Number(memoryMb) < mb;
  return { calls: below(MB_PER_VCPU), stream: below(MB_FOR_STREAMING) && handler.endsWith('.stream') };
}

const TOOL = { inputSchema: z.object({ text: z.string() }), outputSchema: z.object({ text: z.string() }) };
/** With a memory size at which V8's mode is not switched. */
const CONTEXT = { getRemainingTimeInMillis: () => 60_000, memoryLimitInMB: MB_PER_VCPU };

type HandlersOf = (fetch: Fetch) => Handlers;
/** The handlers of a function (create-handlers.ts). */
interface Handlers {
  stream(event: object, to: ResponseStream, context: object): Promise<unknown>;
  buffered(event: object, context: object): Promise<unknown>;
}

/**
 * Makes a call of each era: one whose response is complete, and one whose response is a stream. Rejects if a response is not the
 * expected one: then other code than that of requests has run.
 */
export async function warmUp(handlersOf: HandlersOf, { calls, stream }: WarmUpPlan): Promise<void> {
  if (!calls) return;
  const handlers = handlersOf(probeApp().fetch);
  for (const event of [modernCall(), legacyCall()]) expectResult(await bodyOf(handlers, event));
  if (!stream) return;
  expectResult(await overHttp(to => handlers.stream(modernCall(), to, CONTEXT)));
  void process.stdout.writable; // Creates the stream to which the log is written.
}

/** Makes the calls whose code the code cache contains. Rejects like {@link warmUp}. */
export async function warmUpForCache(handlersOf: HandlersOf): Promise<void> {
  const handlers = handlersOf(probeApp().fetch);
  for (const event of [modernCall(), legacyCall(), modernCall({ progressToken: 1 })])
    expectResult(await bodyOf(handlers, event));
}

async function bodyOf({ buffered }: Handlers, event: object): Promise<string> {
  return ((await buffered(event, CONTEXT)) as { body: string }).body;
}

function expectResult(body: string): void {
  if (!body.includes('structuredContent'))
    throw new Error(`The warm-up got no result: ${body.slice(0, 500)}`);
}

/** Streams a response over HTTP, as the Runtime Interface Client does. Returns what a server in this process has received. */
async function overHttp(respond: (to: ResponseStream) => Promise<unknown>): Promise<string> {
  const received = Promise.withResolvers<string>();
  const server = createServer((incoming, response) => {
    received.resolve(text(incoming));
    incoming.once('end', () => response.end());
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const outgoing = request({ host: '127.0.0.1', port, method: 'POST', agent: false });
  const accepted = once(outgoing, 'response').then(([response]) => once(response.resume(), 'end'));
  try {
    // All three at once: a rejection that nothing awaits would end the process.
    const responded = respond(Object.assign(outgoing, { setContentType: () => undefined }));
    const [body] = await Promise.all([received.promise, accepted, responded]);
    return body;
  } finally {
    outgoing.destroy();
    server.close();
  }
}

function probeApp(): Hono {
  return new Hono().route('/mcp', mcp(probe, { auth: 'none', prewarm: false }));
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
