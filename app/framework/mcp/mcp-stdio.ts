/**
 * `mcpStdio({ command, args })`: an MCP server that is a program speaking over stdin and stdout, as a Hono app to be
 * mounted at a path. It is served in both eras, whichever it speaks itself.
 *
 * One process per execution environment: started during init, kept from request to request (frozen with the environment
 * in between), shared by requests at the same time, started anew by the next request when it has ended. It gets the
 * variables that are named for it and nothing else of the environment, so none of the function's credentials.
 */
import type { ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import type { Hono } from 'hono';
import { onInit } from './init-hooks.ts';
import { type McpOptions, type McpRouteEnv, mcp } from './mcp.ts';
import { createProxyServer, createUnavailableServer, Upstream } from './proxy.ts';

export interface StdioServer {
  /** The program: a path, or a name that is looked for in PATH. */
  command: string;
  args?: readonly string[];
  /** Its environment, besides HOME, PATH, SHELL, TERM, USER and LOGNAME. A name without a value is left out. */
  env?: Readonly<Record<string, string | undefined>>;
  /** @default the function's own, /var/task */
  cwd?: string;
  /**
   * The revisions that it speaks. `auto` asks it; a program that ends at the question is started once more.
   * @default 'auto'
   */
  era?: 'auto' | 'legacy' | 'modern';
}

const ERAS = { auto: 'auto', legacy: 'legacy', modern: { pin: '2026-07-28' } } as const;
/** How long a program may take until it is connected, all attempts together. Lambda's init ends after 10 s. */
const START_MS = 8_000;
/** How long it may take to say which revisions it speaks; a silent one is of the older revisions. */
const ASK_MS = 2_000;
/** After a start that failed, until the next attempt. */
const PAUSE_MS = 5_000;

/** Mount it: `app.route('/files', mcpStdio({ command: 'node', args: ['server.js'] }))`. */
export function mcpStdio(program: StdioServer, options: McpOptions = {}): Hono<McpRouteEnv> {
  const connect = stdioConnection(program);
  return mcp(
    async () => {
      const upstream = await connect();
      return upstream ? createProxyServer(upstream.face()) : createUnavailableServer(NOT_STARTED);
    },
    { prewarm: false, ...options },
  );
}

export const NOT_STARTED =
  'The server behind this route could not be started; the log of the function says why. It is tried again after some seconds.';

/** Gives the one connection, made anew when it has ended; undefined when the program cannot be started. */
export function stdioConnection(program: StdioServer): () => Promise<Upstream | undefined> {
  let connection: Promise<Upstream | undefined> | undefined;
  const connect = (): Promise<Upstream | undefined> => {
    if (connection) return connection;
    const made = start(program, () => {
      if (connection === made) connection = undefined;
    });
    connection = made;
    return made;
  };
  onInit(async () => void (await connect()));
  return connect;
}

/** Undefined, and a line in the log, when it cannot be started. `ended` is called a while after that, or when it ends. */
async function start(program: StdioServer, ended: () => void): Promise<Upstream | undefined> {
  const { command, args = [], era = 'auto' } = program;
  // Some programs end at a question that they do not know; those are of the older revisions.
  const modes = era === 'auto' ? (['auto', 'legacy'] as const) : [era];
  const deadline = performance.now() + START_MS;
  let failure: unknown;
  for (const mode of modes) {
    // The question comes on top of the handshake.
    const limit = deadline - performance.now() - (mode === 'legacy' ? 0 : ASK_MS);
    if (limit < ASK_MS) break; // The first attempt has taken its time; a second would fare no better.
    try {
      return await connected(program, mode, limit, ended);
    } catch (error) {
      failure = error;
    }
  }
  console.error(`mcp: could not start ${JSON.stringify([command, ...args])}`, failure);
  // Not at once again: where it takes its time to fail, every request would wait for it.
  setTimeout(ended, PAUSE_MS).unref();
  return undefined;
}

/**
 * A subclass is asked in the connection itself which revisions it speaks; the SDK's own transport would start a second
 * process to ask, which takes as long as the first. And it forgets its process before that has ended.
 */
class OwnProcess extends StdioClientTransport {
  #child: ChildProcess | undefined;
  /** Called when nothing more can come of it, before it has ended. */
  onlost?: () => void;

  override async start(): Promise<void> {
    await super.start();
    this.#child = (this as unknown as { _process?: ChildProcess })._process;
    // Alive, but it can answer nobody any more. The SDK does not tell, and every request would wait for its deadline.
    this.#child?.stdout?.once('end', () => this.#lost());
  }

  /** Also called by the SDK when more has come without a line end than it keeps. It would give the program four seconds. */
  override async close(): Promise<void> {
    this.#lost();
    await super.close();
  }

  #lost(): void {
    this.onlost?.();
    this.kill('SIGKILL');
  }

  /** Does nothing when it has ended. */
  kill(signal: NodeJS.Signals = 'SIGTERM'): void {
    this.#child?.kill(signal);
  }
}

/** Ended with this process. */
const RUNNING = new Set<OwnProcess>();
process.once('exit', () => {
  for (const program of RUNNING) program.kill();
});

async function connected(
  { command, args = [], env = {}, cwd }: StdioServer,
  mode: keyof typeof ERAS,
  limitMs: number,
  ended: () => void,
): Promise<Upstream> {
  const transport = new OwnProcess({
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
    { versionNegotiation: { mode: ERAS[mode], probe: { timeoutMs: ASK_MS } } },
  );
  const upstream = new Upstream(client);
  RUNNING.add(transport);
  try {
    await client.connect(transport, { timeout: limitMs });
  } catch (error) {
    transport.kill();
    RUNNING.delete(transport);
    await client.close();
    throw error;
  }
  client.onerror = error => console.warn(`mcp: ${command}: ${error.message}`);
  transport.onlost = ended;
  client.onclose = () => {
    RUNNING.delete(transport);
    ended();
  };
  return upstream;
}

/** Characters of a line that are kept: what a program writes without an end must fill neither memory nor the log. */
const MAX_LOG_LINE = 16 * 1024;

/** What a server writes to stderr is its log. */
function logLines(stderr: Readable, command: string): void {
  let line = '';
  let dropped = 0;
  const add = (text: string): void => {
    const kept = text.slice(0, MAX_LOG_LINE - line.length);
    line += kept;
    dropped += text.length - kept.length;
  };
  const tell = (): void => {
    console.info(`${command}: ${line}${dropped > 0 ? ` (and ${dropped} more characters)` : ''}`);
    line = '';
    dropped = 0;
  };
  stderr.setEncoding('utf8').on('data', (chunk: string) => {
    const [first = '', ...others] = chunk.split(/\r?\n/);
    add(first);
    for (const text of others) {
      tell();
      add(text);
    }
  });
  stderr.once('end', () => line && tell());
}
