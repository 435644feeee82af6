/**
 * `npm run call -- <url> [tool] [json]`: an MCP client for smoke tests of a URL. Lists the tools, or calls one and prints progress
 * as it arrives.
 *
 * `--era auto|modern|legacy` chooses the protocol era (auto: 2026-07-28 if the server supports it). The token is read from
 * MCP_TOKEN and not from an argument, which other users of the machine could read.
 */
import { parseArgs } from 'node:util';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';

const USAGE = `Usage: npm run call -- <url> [tool] [json arguments] [--era auto|modern|legacy] [--timeout seconds]

  npm run call -- http://localhost:8080/mcp
  npm run call -- http://localhost:8080/mcp current_time '{"timeZone":"Europe/Berlin"}'

A bearer token is read from the environment variable MCP_TOKEN.
`;

const ERAS = { auto: 'auto', modern: { pin: '2026-07-28' }, legacy: 'legacy' } as const;

interface Call {
  url: URL;
  tool: string | undefined;
  args: Record<string, unknown>;
  era: keyof typeof ERAS;
  timeoutMs: number;
}

function parseCall(argv: string[]): Call {
  const { values, positionals } = parseArgs({
    args: argv,
    allowPositionals: true,
    options: { era: { type: 'string', default: 'auto' }, timeout: { type: 'string', default: '60' } },
  });
  const [url, tool, json = '{}'] = positionals;
  if (!url) throw new Error('No URL was given.');
  if (!(values.era in ERAS)) throw new Error(`--era must be auto, modern or legacy, not "${values.era}".`);
  const timeoutMs = Number(values.timeout) * 1000;
  if (!(timeoutMs > 0)) throw new Error(`--timeout must be a number of seconds, not "${values.timeout}".`);
  return { url: new URL(url), tool, args: JSON.parse(json), era: values.era as Call['era'], timeoutMs };
}

async function run(call: Call): Promise<number> {
  const token = process.env.MCP_TOKEN;
  const client = new Client(
    { name: 'mcp-on-lambda-call', version: '0.1.0' },
    { versionNegotiation: { mode: ERAS[call.era] } },
  );
  const transport = new StreamableHTTPClientTransport(call.url, {
    ...(token && { requestInit: { headers: { authorization: `Bearer ${token}` } } }),
  });
  const started = performance.now();
  const since = (): string => `${(performance.now() - started).toFixed(0)} ms`;
  await client.connect(transport);
  try {
    process.stderr.write(`${client.getProtocolEra()} era, connected after ${since()}\n`);
    return call.tool ? await callTool(client, call, since) : await listTools(client);
  } finally {
    process.stderr.write(`done after ${since()}\n`);
    await client.close();
  }
}

async function listTools(client: Client): Promise<number> {
  const { tools } = await client.listTools();
  if (tools.length === 0) process.stdout.write('The server has no tools.\n');
  for (const { name, description = '' } of tools)
    process.stdout.write(`${name}\n    ${description.split('\n')[0]}\n`);
  return 0;
}

async function callTool(
  client: Client,
  { tool = '', args, timeoutMs }: Call,
  since: () => string,
): Promise<number> {
  const { tools } = await client.listTools();
  if (!tools.some(({ name }) => name === tool)) {
    process.stderr.write(`The server has no tool "${tool}". It has:\n`);
    await listTools(client);
    return 2;
  }
  const result = await client.callTool(
    { name: tool, arguments: args },
    {
      timeout: timeoutMs,
      onprogress: ({ progress, total, message = '' }) =>
        process.stderr.write(`${since()}  ${progress}${total ? `/${total}` : ''} ${message}\n`),
    },
  );
  for (const part of result.content)
    process.stdout.write(`${part.type === 'text' ? part.text : JSON.stringify(part)}\n`);
  return result.isError ? 1 : 0;
}

try {
  process.exitCode = await run(parseCall(process.argv.slice(2)));
} catch (error) {
  const { message, cause } = error as Error;
  process.stderr.write(`${message}${cause instanceof Error ? ` (${cause.message})` : ''}\n`);
  if (process.argv.length < 3 || /^--|^No URL|JSON|Invalid URL/.test(message))
    process.stderr.write(`\n${USAGE}`);
  process.exitCode = 2;
}
