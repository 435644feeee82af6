/**
 * `mcpStdio({ command, args })`: an MCP server that is a program speaking over stdin and stdout, as a Hono app to be
 * mounted at a path. It is served in both eras, whichever it speaks itself.
 *
 * One process per execution environment: started during init, kept from request to request (frozen with the environment
 * in between), shared by requests at the same time, started anew by the next request when it has ended. It gets the
 * variables that are named for it and nothing else of the environment, so none of the function's credentials.
 */
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import type { Hono } from 'hono';
import { atInit } from './at-init.ts';
import { type McpOptions, type McpRouteEnv, mcp } from './mcp.ts';
import { serverFor, Upstream, unavailable } from './upstream.ts';

export interface StdioServer {
  /** The program: a path, or a name that is looked for in PATH. */
  command: string;
  args?: readonly string[];
  /** Its environment, besides HOME, PATH, SHELL, TERM, USER and LOGNAME. A name without a value is left out. */
  env?: Readonly<Record<string, string | undefined>>;
  /** @default the function's own, /var/task */
  cwd?: string;
  /**
   * The revisions that it speaks, to spare the question: `auto` starts a second process for a moment to find out.
   * @default 'auto'
   */
  era?: 'auto' | 'legacy' | 'modern';
}

const ERAS = { auto: 'auto', legacy: 'legacy', modern: { pin: '2026-07-28' } } as const;
/** How long a program may take to say its first word. Lambda's init ends after 10 s. */
const START_MS = 8_000;

/** Mount it: `app.route('/files', mcpStdio({ command: 'node', args: ['server.js'] }))`. */
export function mcpStdio(program: StdioServer, options: McpOptions = {}): Hono<McpRouteEnv> {
  const connect = stdioConnection(program);
  return mcp(async () => {
    const upstream = await connect();
    return upstream ? serverFor(upstream.face()) : unavailable(NOT_STARTED);
  }, options);
}

export const NOT_STARTED =
  'The server behind this route could not be started; the log of the function says why. The next request tries again.';

/** Gives the one connection, made anew when it has ended; undefined when the program cannot be started. */
export function stdioConnection(program: StdioServer): () => Promise<Upstream | undefined> {
  let connection: Promise<Upstream | undefined> | undefined;
  const connect = (): Promise<Upstream | undefined> => {
    connection ??= start(program, () => {
      connection = undefined;
    });
    return connection;
  };
  atInit(async () => void (await connect()));
  return connect;
}

/** Undefined, and a line in the log, when it cannot be started. `ended` is called once, in that case as well. */
async function start(program: StdioServer, ended: () => void): Promise<Upstream | undefined> {
  const { command, args = [], env = {}, cwd, era = 'auto' } = program;
  const transport = new StdioClientTransport({
    command,
    args: [...args],
    env: Object.fromEntries(
      Object.entries(env).filter((pair): pair is [string, string] => pair[1] !== undefined),
    ),
    ...(cwd && { cwd }),
    stderr: 'pipe',
  });
  logLines(transport.stderr as Readable, command);
  const client = new Client(
    { name: 'mcp-on-lambda', version: '0.1.0' },
    { versionNegotiation: { mode: ERAS[era], probe: { timeoutMs: START_MS / 2 } } },
  );
  const upstream = new Upstream(client);
  const kill = (): void => {
    if (transport.pid !== null) process.kill(transport.pid);
  };
  client.onclose = () => {
    process.off('exit', kill);
    ended();
  };
  try {
    await client.connect(transport, { timeout: START_MS });
    process.once('exit', kill);
    client.onerror = error => console.warn(`mcp: ${command}: ${error.message}`);
    return upstream;
  } catch (error) {
    console.error(`mcp: could not start ${JSON.stringify([command, ...args])}`, error);
    await client.close();
    ended();
    return undefined;
  }
}

/** What a server writes to stderr is its log. */
function logLines(stderr: Readable, command: string): void {
  createInterface({ input: stderr }).on('line', line => console.info(`${command}: ${line}`));
}
