/**
 * `mcpStdio({ command, args })`: an MCP server that is a program with the stdio transport, as a Hono app to mount at a path. Clients
 * of both eras can use it, whichever era the program supports.
 *
 * One process per execution environment: started during init, kept between requests (frozen with the environment), shared by
 * parallel requests, and restarted by the next request after it has ended. Its environment has only the variables in `env`,
 * so none of the function's credentials.
 */
import type { ChildProcess } from 'node:child_process';
import { tmpdir } from 'node:os';
import type { Readable } from 'node:stream';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import type { Hono } from 'hono';
import { MODERN_REVISION } from '../json-rpc.ts';
import { onRestore, onSnapshot } from '../snap-start.ts';
import { onInit } from './init-hooks.ts';
import { mcp } from './mcp.ts';
import type { McpOptions, McpRouteEnv } from './options.ts';
import { createProxyServer, createUnavailableServer, Upstream } from './proxy.ts';

export interface StdioServer {
  /** Path of the program, or its name in PATH. */
  command: string;
  args?: readonly string[];
  /** Its environment, in addition to HOME, PATH, SHELL, TERM, TMPDIR, USER and LOGNAME. A name without a value is omitted. */
  env?: Readonly<Record<string, string | undefined>>;
  /** @default that of the function, /var/task */
  cwd?: string;
  /**
   * The revisions that it supports. `auto` probes it; a program that exits on the probe is started a second time.
   * @default 'auto'
   */
  era?: 'auto' | 'legacy' | 'modern';
  /**
   * With SnapStart: `restart` ends the program before the snapshot and starts it again in each restored environment. `keep` leaves
   * it in the snapshot, which saves its start. Its random numbers, ids and connections are then the same in all environments, so
   * use it only if the program does not depend on them or reads random numbers from the kernel (Python's secrets and uuid).
   * @default 'restart'
   */
  afterRestore?: 'restart' | 'keep';
}

const ERAS = { auto: 'auto', legacy: 'legacy', modern: { pin: MODERN_REVISION } } as const;
/** Time limit until a program is connected, all attempts together. Lambda limits init to 10 s. */
const START_MS = 8_000;
/** Time limit of the probe; a program that does not respond supports only the older revisions. */
const PROBE_MS = 2_000;
/** Pause between a failed start and the next attempt. */
const PAUSE_MS = 5_000;

/** Creates an app to mount: `app.route('/files', mcpStdio({ command: 'node', args: ['server.js'] }))`. */
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
  'The server behind this route could not be started; the log of the function has the reason. Try again in a few seconds.';

/** Returns the one connection, created again after it has ended; undefined if the program cannot be started. */
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
  if (program.afterRestore !== 'keep') {
    onSnapshot(async () => (await connection)?.close());
    onRestore(async () => void (await connect()));
  }
  return connect;
}

/**
 * Starts the program. If that fails, logs it, returns undefined, and calls `ended` after PAUSE_MS; else calls `ended` when it ends.
 */
async function start(program: StdioServer, ended: () => void): Promise<Upstream | undefined> {
  const { command, args = [], era = 'auto' } = program;
  // Some programs exit on an unknown request; those support the older revisions.
  const modes = era === 'auto' ? (['auto', 'legacy'] as const) : [era];
  const deadline = performance.now() + START_MS;
  let failure: unknown;
  for (const mode of modes) {
    // The probe precedes the handshake.
    const limit = deadline - performance.now() - (mode === 'legacy' ? 0 : PROBE_MS);
    if (limit < PROBE_MS) break; // The first attempt used up the time; a second one would too.
    try {
      return await connected(program, mode, limit, ended);
    } catch (error) {
      failure = error;
    }
  }
  console.error(`mcp: could not start ${JSON.stringify([command, ...args])}`, failure);
  // Pause before the next start: if it fails slowly, every request would wait for it.
  setTimeout(ended, PAUSE_MS).unref();
  return undefined;
}

/**
 * A transport for one process. The SDK probes a subclass in the same process; for its own transport it would start a second process,
 * which takes as long as the first. The SDK's transport also drops the reference to its process before that has ended.
 */
class OwnProcess extends StdioClientTransport {
  #child: ChildProcess | undefined;
  /** Called when the program can no longer respond, even if it has not ended. */
  onlost?: () => void;

  override async start(): Promise<void> {
    await super.start();
    this.#child = (this as unknown as { _process?: ChildProcess })._process;
    // The program has closed stdout and cannot respond. The SDK does not report that, and requests would wait for the deadline.
    this.#child?.stdout?.once('end', () => this.#lost());
  }

  /** Kills the program first: the SDK would wait 4 s for its end. The SDK also calls this for a line that exceeds its buffer. */
  override async close(): Promise<void> {
    this.#lost();
    await super.close();
  }

  #lost(): void {
    this.onlost?.();
    this.kill('SIGKILL');
  }

  /** Sends a signal to the program, unless it has ended. */
  kill(signal: NodeJS.Signals = 'SIGTERM'): void {
    this.#child?.kill(signal);
  }
}

/** Running programs, which end with this process. */
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
    env: {
      TMPDIR: tmpdir(), // Under the local Lambda each execution environment has its own.
      ...Object.fromEntries(
        Object.entries(env).filter((pair): pair is [string, string] => pair[1] !== undefined),
      ),
    },
    ...(cwd && { cwd }),
    stderr: 'pipe',
  });
  logLines(transport.stderr as Readable, command);
  const client = new Client(
    { name: 'mcp-on-lambda', version: '0.1.0' },
    { versionNegotiation: { mode: ERAS[mode], probe: { timeoutMs: PROBE_MS } } },
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

/** Maximum length of a logged line, in characters: a program that writes no line feeds must not fill memory or log. */
const MAX_LOG_LINE = 16 * 1024;

/** Logs what a server writes to stderr. */
function logLines(stderr: Readable, command: string): void {
  let line = '';
  let dropped = 0;
  const add = (text: string): void => {
    const kept = text.slice(0, MAX_LOG_LINE - line.length);
    line += kept;
    dropped += text.length - kept.length;
  };
  const flush = (): void => {
    console.info(`${command}: ${line}${dropped > 0 ? ` (and ${dropped} more characters)` : ''}`);
    line = '';
    dropped = 0;
  };
  stderr.setEncoding('utf8').on('data', (chunk: string) => {
    const [first = '', ...others] = chunk.split(/\r?\n/);
    add(first);
    for (const text of others) {
      flush();
      add(text);
    }
  });
  stderr.once('end', () => line && flush());
}
