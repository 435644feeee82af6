/** Whether MCP is spoken in both eras, streamed, and refused where it must be. */
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { type Check, type Facts, type Finding, failed, ok, skipped, warning } from './check.ts';
import { type EndpointType, NAMES } from './endpoint.ts';
import { type Exchange, messages, rpcError } from './exchange.ts';
import { LEGACY, MODERN } from './target.ts';

const CAME_APART_MS = 50;
const CAME_TOGETHER_MS = 15;

export const headerNames: Check = {
  id: 'headers',
  title: 'headers arrive under their names',
  needs: ['who-may-call'],
  async run(target, { endpoint = 'unknown' }) {
    const lies = {
      'MCP-Protocol-Version': { 'mcp-protocol-version': LEGACY },
      'Mcp-Method': { 'mcp-method': 'prompts/list' },
      'Mcp-Name': { 'mcp-name': 'another' },
    };
    const unnoticed: string[] = [];
    for (const [name, headers] of Object.entries(lies)) {
      const answer = await target.modern('tools/call', { name: 'doctor', arguments: {} }, { headers });
      if (rpcError(answer)?.code !== -32020)
        unnoticed.push(`${name} (${answer.status}, ${rpcError(answer)?.code})`);
    }
    if (unnoticed.length > 0) {
      return failed(
        `A header that belies the body is not refused with -32020: ${unnoticed.join(', ')}.`,
        'A proxy removes or replaces the header (CloudFront and API Gateway pass on the headers in their configuration), or the server does not compare it.',
      );
    }
    const challenge = await target.modern('tools/list', {}, { credentials: { kind: 'none' } });
    const renamed = challenge.headers.has('x-amzn-remapped-www-authenticate');
    const back = renamed
      ? ` WWW-Authenticate comes back as x-amzn-remapped-www-authenticate, as of any function behind ${NAMES[endpoint]}.`
      : challenge.headers.has('www-authenticate')
        ? ' WWW-Authenticate comes back as it is.'
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
  title: 'an answer without a body comes to its end',
  needs: ['who-may-call'],
  async run(target) {
    const answer = await target.send({
      headers: { 'content-type': 'application/json', 'mcp-protocol-version': LEGACY },
      body: JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' }),
    });
    if (!answer.ended) {
      return failed(
        'The answer to a notification does not end.',
        'A Function URL holds streamed answers without a body open: the handler must send one (this project’s does), or use invoke mode BUFFERED.',
      );
    }
    const seen = `${answer.status} after ${answer.totalMs.toFixed(0)} ms.`;
    return answer.status === 202 ? ok(seen) : failed(seen, 'It must be 202; see the function’s log.');
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
        'MCP does not say which tool reports progress, and --tool names none.',
        `Name one that takes a while: --tool NAME --arguments '{"…":"…"}'. There are: ${tools.join(', ') || 'no tools'}.`,
      );
    const answer = await target.modern('tools/call', {
      name,
      arguments: args,
      _meta: { progressToken: 'doctor' },
    });
    const error = rpcError(answer);
    if (error)
      return failed(
        `${name} answers ${error.code}: ${error.message}`,
        'Give it other arguments: --tool NAME --arguments JSON',
      );
    return judgeStreaming(name, answer, endpoint);
  },
};

function judgeStreaming(name: string, answer: Exchange, endpoint: EndpointType): Finding {
  const progress = messages(answer).filter(({ method }) => method === 'notifications/progress').length;
  const [first = 0] = answer.partsMs;
  const gap = answer.totalMs - first;
  const seen = `${name}: ${progress} times progress, the first byte after ${first.toFixed(0)} ms, the last after ${answer.totalMs.toFixed(0)} ms`;
  if (!answer.ended)
    return failed(
      `${seen}, and no end.`,
      'The log tells what became of the call; --timeout gives it more seconds.',
    );
  if (progress === 0)
    return warning(
      `${seen}.`,
      'Nothing to tell streaming by: name a tool that reports progress (--tool, --arguments).',
    );
  if (gap >= CAME_APART_MS) return ok(`${seen}.`);
  if (endpoint === 'http-api' || endpoint === 'load-balancer')
    return warning(
      `${seen}: all at once, as ever behind ${NAMES[endpoint]}.`,
      'For progress while it lasts: endpoint = "function-url" or "rest-api".',
    );
  if (gap <= CAME_TOGETHER_MS && answer.totalMs >= 2 * CAME_APART_MS) {
    return failed(
      `${seen}: all at once.`,
      'Something holds the answer back until it is whole. Streaming needs the handler handler.stream, a Function URL with invoke mode RESPONSE_STREAM (`aws lambda get-function-url-config`) or a REST API with response transfer mode STREAM, no VPC, and no proxy in between that buffers.',
    );
  }
  return warning(`${seen}: too fast to tell.`, 'Name a slower tool: --tool NAME --arguments JSON');
}
