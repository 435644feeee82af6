/**
 * What is fuzzed: test/fixtures/isolation-app.ts under the real Runtime Interface Client in the local Lambda, with an issuer
 * of real tokens; and the plain call that must succeed after whatever was done to it.
 */
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { modernHeaders, modernRequest } from '../../../helpers/json-rpc.ts';
import { type RunningLambda, startFunction } from '../../../helpers/local-lambda.ts';
import { type SigningIssuer, startSigningIssuer } from '../../../helpers/signing-issuer.ts';
import { type OAuthTarget, startOAuthTarget } from './oauth-target.ts';

export interface Target {
  /** Behind a Function URL that streams. */
  stream: RunningLambda;
  /** The buffered handler, of which only the Invoke API is used. */
  buffered: RunningLambda;
  issuer: SigningIssuer;
  /** Of `alice`, good for as long as a run may take. */
  token: string;
  /** The OAuth proxy, which is started when it is first asked for. */
  oauth(): Promise<OAuthTarget>;
  /** A function with tasks, and a table of its own. Started when it is used for the first time. */
  tasks(): Promise<RunningLambda>;
  close(): Promise<void>;
}

export interface Reply {
  status: number;
  headers: NodeJS.Dict<string | string[]>;
  text: string;
}

/** Nothing takes longer on the slowest machine, including a restart of the function. */
const PATIENCE_MS = 60_000;
const AUDIENCE = 'https://mcp.example/mcp';
const TASK_ARGS = ['--self-invoke', 'on', '--tables', 'tasks:key', '--timeout', '20', '--environments', '3'];
const agent = new Agent({ keepAlive: true });

export const JSON_HEADERS = {
  'content-type': 'application/json',
  accept: 'application/json, text/event-stream',
};

/** `timeout`: seconds that the function has. What waits for an answer that never comes lasts so long. */
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

/** Sends a POST request. Rejects if there is no whole response in time. */
export function post(
  url: string,
  headers: Record<string, string | string[]>,
  body: string | Buffer,
): Promise<Reply> {
  return send('POST', url, headers, body);
}

/** Sends a request. Rejects if there is no whole response in time. */
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

/** Throws when the target does not answer this plain call with its own mark. */
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
  const answered =
    status === 200 && text.includes(`"id":"${mark}"`) && text.includes(`{\\"mark\\":\\"${mark}\\"`);
  if (!answered) throw new Error(`The plain call afterwards got ${status}: ${text.slice(0, 500)}`);
  if (target.stream.process.exitCode !== null) throw new Error('The local Lambda has ended.');
}

/** What must be in no answer: places in the code, the machine's paths. */
export function expectNothingLeaked(text: string): void {
  const leaked = /\bat .{1,200}:\d+:\d+\)?|node_modules|node:internal|isolation-app/.exec(text);
  if (leaked) throw new Error(`The answer tells of the code: ${leaked[0]}`);
}
