/** Checks MCP in both protocol eras, streaming, and the headers of MCP. */
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { type Check, type Facts, type Finding, failed, ok, skipped, warning } from './check.ts';
import { type EndpointType, NAMES } from './endpoint.ts';
import { type Exchange, messages, rpcError } from './exchange.ts';
import { LEGACY, MODERN } from './target.ts';

const STREAMED_GAP_MS = 50;
const BUFFERED_GAP_MS = 15;

export const headerNames: Check = {
  id: 'headers',
  title: 'headers arrive unchanged',
  needs: ['who-may-call'],
  async run(target, { endpoint = 'unknown' }) {
    const lies = {
      'MCP-Protocol-Version': { 'mcp-protocol-version': LEGACY },
      'Mcp-Method': { 'mcp-method': 'prompts/list' },
      'Mcp-Name': { 'mcp-name': 'another' },
    };
    const unnoticed: string[] = [];
    for (const [name, headers] of Object.entries(lies)) {
      const exchange = await target.modern('tools/call', { name: 'doctor', arguments: {} }, { headers });
      if (rpcError(exchange)?.code !== -32020)
        unnoticed.push(`${name} (${exchange.status}, ${rpcError(exchange)?.code})`);
    }
    if (unnoticed.length > 0) {
      return failed(
        `A header that contradicts the body is not rejected with -32020: ${unnoticed.join(', ')}.`,
        'A proxy removes or replaces the header (CloudFront and API Gateway pass on the headers in their configuration), or the server does not compare it with the body.',
      );
    }
    const challenge = await target.modern('tools/list', {}, { credentials: { kind: 'none' } });
    const renamed = challenge.headers.has('x-amzn-remapped-www-authenticate');
    const back = renamed
      ? ` WWW-Authenticate is renamed to x-amzn-remapped-www-authenticate, as for every function behind ${NAMES[endpoint]}.`
      : challenge.headers.has('www-authenticate')
        ? ' WWW-Authenticate is not renamed.'
        : '';
    const { kind } = target.credentials;
    return ok(
      `${kind === 'none' ? '' : 'Authorization, '}${Object.keys(lies).join(', ')} reach the server.${back}`,
    );
  },
};

export const modernEra = era('modern', `revision ${MODERN}`, { pin: MODERN }, async (client, facts) => {
  const { tools } = await client.listTools();
  facts.tools = tools.map(({ name }) => name);
  return ok(`${serverOf(client)}: ${facts.tools.join(', ') || 'no tools'}.`);
});

export const legacyEra = era('legacy', `revisions up to ${LEGACY}`, 'legacy', async client => {
  const { tools } = await client.listTools();
  return ok(`${serverOf(client)}, ${client.getNegotiatedProtocolVersion()}, ${tools.length} tools.`);
});

export const notification: Check = {
  id: 'notification',
  title: 'a response without a body ends',
  needs: ['who-may-call'],
  async run(target) {
    const exchange = await target.send({
      headers: { 'content-type': 'application/json', 'mcp-protocol-version': LEGACY },
      body: JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' }),
    });
    if (!exchange.ended) {
      return failed(
        'The response to a notification does not end.',
        'A Function URL keeps a streamed response without a body open: the handler must send a body (this project’s does), or use invoke mode BUFFERED.',
      );
    }
    const seen = `${exchange.status} after ${exchange.totalMs.toFixed(0)} ms.`;
    return exchange.status === 202
      ? ok(seen)
      : failed(seen, 'The status must be 202; see the function’s log.');
  },
};

function era(
  id: string,
  title: string,
  mode: 'legacy' | { pin: string },
  look: (client: Client, facts: Facts) => Promise<Finding>,
): Check {
  return {
    id,
    title: `a client of ${title}`,
    needs: ['who-may-call', 'notification'],
    async run(target, facts) {
      const client = new Client(
        { name: 'mcp-on-lambda-doctor', version: '0.1.0' },
        { versionNegotiation: { mode } },
      );
      const transport = new StreamableHTTPClientTransport(target.url, { fetch: target.fetch });
      await client.connect(transport, { timeout: target.timeoutMs });
      try {
        return await look(client, facts);
      } finally {
        await client.close();
      }
    },
  };
}

function serverOf(client: Client): string {
  const { name = 'a server', version = '' } = client.getServerVersion() ?? {};
  return `${name} ${version}`.trim();
}

export const streaming: Check = {
  id: 'streaming',
  title: 'progress arrives before the result',
  needs: ['modern'],
  async run(target, { tools, endpoint = 'unknown' }, { tool: name, toolArguments: args }) {
    if (!name)
      return skipped(
        'MCP does not declare which tools report progress, and --tool is not set.',
        `Name a tool that takes some seconds: --tool NAME --arguments '{"…":"…"}'. There are: ${tools.join(', ') || 'no tools'}.`,
      );
    const exchange = await target.modern('tools/call', {
      name,
      arguments: args,
      _meta: { progressToken: 'doctor' },
    });
    const error = rpcError(exchange);
    if (error)
      return failed(
        `${name} returns ${error.code}: ${error.message}`,
        'Use other arguments: --tool NAME --arguments JSON',
      );
    return judgeStreaming(name, exchange, endpoint);
  },
};

function judgeStreaming(name: string, exchange: Exchange, endpoint: EndpointType): Finding {
  const progress = messages(exchange).filter(({ method }) => method === 'notifications/progress').length;
  const [first = 0] = exchange.partsMs;
  const gap = exchange.totalMs - first;
  const seen = `${name}: ${progress} times progress, the first byte after ${first.toFixed(0)} ms, the last after ${exchange.totalMs.toFixed(0)} ms`;
  if (!exchange.ended)
    return failed(
      `${seen}, and no end.`,
      'The log shows how the call ended; --timeout sets a longer timeout.',
    );
  if (progress === 0)
    return warning(
      `${seen}.`,
      'Streaming cannot be checked with it: name a tool that reports progress (--tool, --arguments).',
    );
  if (gap >= STREAMED_GAP_MS) return ok(`${seen}.`);
  if (endpoint === 'http-api' || endpoint === 'load-balancer')
    return warning(
      `${seen}: all at once, as always behind ${NAMES[endpoint]}.`,
      'To see progress during a call, set endpoint = "function-url" or "rest-api".',
    );
  if (gap <= BUFFERED_GAP_MS && exchange.totalMs >= 2 * STREAMED_GAP_MS) {
    return failed(
      `${seen}: all at once.`,
      'A proxy or the endpoint buffers the response. Streaming needs the handler handler.stream, a Function URL with invoke mode RESPONSE_STREAM (`aws lambda get-function-url-config`) or a REST API with response transfer mode STREAM, a function outside a VPC for a Function URL, and no proxy that buffers.',
    );
  }
  return warning(`${seen}: too fast to decide.`, 'Name a slower tool: --tool NAME --arguments JSON');
}
