/**
 * The target of the fuzzer: test/fixtures/isolation-app.ts with the real Runtime Interface Client in the local Lambda, with an issuer
 * of real tokens; and a plain call that must succeed after every case.
 */
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { modernHeaders, modernRequest } from '../../../helpers/json-rpc.ts';
import { type RunningLambda, startFunction } from '../../../helpers/local-lambda.ts';
import { type SigningIssuer, startSigningIssuer } from '../../../helpers/signing-issuer.ts';
import { type OAuthTarget, startOAuthTarget } from './oauth-target.ts';

export interface Target {
  /** The app behind a Function URL that streams. */
  stream: RunningLambda;
  /** The app with the buffered handler, called only by the Invoke API. */
  buffered: RunningLambda;
  issuer: SigningIssuer;
  /** A token of `alice` that is valid for the longest run. */
  token: string;
  /** Returns the OAuth proxy, which is started on first use. */
  oauth(): Promise<OAuthTarget>;
  /** Returns a function with tasks and its own table, which is started on first use. */
  tasks(): Promise<RunningLambda>;
  close(): Promise<void>;
}

export interface Reply {
  status: number;
  headers: NodeJS.Dict<string | string[]>;
  text: string;
}

/** Longer than a response takes on the slowest machine, including a restart of the function. */
const PATIENCE_MS = 60_000;
const AUDIENCE = 'https://mcp.example/mcp';
const TASK_ARGS = ['--self-invoke', 'on', '--tables', 'tasks:key', '--timeout', '20', '--environments', '3'];
const agent = new Agent({ keepAlive: true });

export const JSON_HEADERS = {
  'content-type': 'application/json',
  accept: 'application/json, text/event-stream',
};

/** Starts the target. `timeout` is the timeout of the function in seconds, which is the duration of a case without a response. */
export async function startTarget(timeout = 3): Promise<Target> {
  const issuer = await startSigningIssuer(AUDIENCE);
  const env = { MCP_AUTH: 'oauth', MCP_OAUTH_ISSUER: issuer.url, MCP_OAUTH_AUDIENCE: AUDIENCE };
  const args = [
    '--timeout',
    String(timeout),
    '--init-timeout',
    '20',
    '--environments',
    '2',
    '--invoke-port',
    '0',
  ];
  const start = (handler: string) => startFunction(handler, { env, args }, 'isolation-app');
  const [stream, buffered] = await Promise.all([start('stream'), start('buffered')]);
  const token = await issuer.token({}, { expiresIn: 86_400 });
  let oauth: Promise<OAuthTarget> | undefined;
  let tasks: Promise<RunningLambda> | undefined;
  return {
    tasks() {
      tasks ??= startFunction(
        'stream',
        { args: TASK_ARGS, env: { MCP_AUTH: 'none', MCP_TABLE: 'tasks' } },
        'tasks-app',
      );
      return tasks;
    },
    stream,
    buffered,
    issuer,
    token,
    oauth() {
      oauth ??= startOAuthTarget();
      return oauth;
    },
    async close() {
      await Promise.all([
        stream.close(),
        buffered.close(),
        oauth?.then(target => target.close()),
        tasks?.then(lambda => lambda.close()),
      ]);
      await issuer.close();
    },
  };
}

/** Sends a POST request. Rejects without a complete response in time. */
export function post(
  url: string,
  headers: Record<string, string | string[]>,
  body: string | Buffer,
): Promise<Reply> {
  return send('POST', url, headers, body);
}

/** Sends a request. Rejects without a complete response in time. */
export async function send(
  method: string,
  url: string,
  headers: Record<string, string | string[]>,
  body: string | Buffer,
): Promise<Reply> {
  const outgoing = request(url, { method, agent, headers, signal: AbortSignal.timeout(PATIENCE_MS) });
  outgoing.end(body);
  const [response] = await once(outgoing, 'response');
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    text: Buffer.concat(chunks).toString(),
  };
}

let calls = 0;

/** Throws if the target does not respond to a plain call with its mark. */
export async function expectPlain(target: Target, route = 'v2', name = 'mark'): Promise<void> {
  calls += 1;
  const mark = `plain-${calls}`;
  const params = { name, arguments: { mark } };
  const headers = {
    ...JSON_HEADERS,
    ...modernHeaders('tools/call', params),
    authorization: `Bearer ${target.token}`,
  };
  const body = JSON.stringify(modernRequest('tools/call', params, undefined, mark));
  const { status, text } = await post(`${target.stream.url}/${route}/mcp`, headers, body);
  const served =
    status === 200 && text.includes(`"id":"${mark}"`) && text.includes(`{\\"mark\\":\\"${mark}\\"`);
  if (!served) throw new Error(`The plain call afterwards got ${status}: ${text.slice(0, 500)}`);
  if (target.stream.process.exitCode !== null) throw new Error('The local Lambda has ended.');
}

/** Throws if a response contains positions in the code or paths of the machine. */
export function expectNothingLeaked(text: string): void {
  const leaked = /\bat .{1,200}:\d+:\d+\)?|node_modules|node:internal|isolation-app/.exec(text);
  if (leaked) throw new Error(`The response contains an internal detail: ${leaked[0]}`);
}
