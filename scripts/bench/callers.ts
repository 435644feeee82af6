/**
 * `npm run bench -- --callers`: the first call of a new caller and the later calls of the same caller, with an execution environment
 * per caller (`--isolation per-caller`) behind the local Lambda's REST API and authorizer. Callers have static tokens.
 *
 * Times are those that a client on this machine sees. AWS's own time to create an environment is not in them.
 */
import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { modernHeaders, modernRequest } from '../../test/helpers/json-rpc.ts';
import { DIST, type RunningLambda, startDist, TEST_PACKAGES } from '../../test/helpers/local-lambda.ts';
import { buildStdio } from './subjects.ts';

const LATER_CALLS = 10;

export interface CallerSubject {
  name: string;
  /** Folder of the build. */
  dist: string;
  tool: { name: string; arguments: object };
  /** Part of every response. */
  expected: string;
}

/** In ms: init and first call of each new caller, and all later calls. */
export interface CallerTimes {
  inits: number[];
  firsts: number[];
  laters: number[];
}

/** The fixture app, whose server runs in the process of the function. */
export const NODE_SUBJECT: CallerSubject = {
  name: 'a server in Node',
  dist: DIST,
  tool: { name: 'lookup', arguments: { term: '' } },
  expected: 'nput validation error',
};

/** Builds the official memory server behind `mcpStdio`, as a separate process next to the function. */
export function memorySubject(folder: string): CallerSubject {
  const program = join(TEST_PACKAGES, '@modelcontextprotocol/server-memory/dist/index.js');
  return {
    name: 'the memory server, stdio',
    dist: buildStdio(program, join(folder, 'memory'), "{ MEMORY_FILE_PATH: tmpdir() + '/memory.jsonl' }"),
    tool: { name: 'read_graph', arguments: {} },
    expected: 'entities',
  };
}

/** Measures `callers` new callers. Throws if a first call finds an environment, or a later call does not. */
export async function measureCallers(subject: CallerSubject, callers: number): Promise<CallerTimes> {
  const tokens = Array.from({ length: callers + 1 }, () => randomBytes(32).toString('hex'));
  const digests = tokens.map(token => createHash('sha256').update(token).digest('hex'));
  await using lambda = await startDist(subject.dist, {
    args: ['--isolation', 'per-caller', '--endpoint', 'rest-api', '--authorizer', 'authorizer.request'],
    env: { MCP_AUTH: 'token', MCP_TOKEN_SHA256: digests.join() },
  });
  const times: CallerTimes = { inits: [], firsts: [], laters: [] };
  // The first caller starts the authorizer and gets the environment that the local Lambda has created before.
  for (const [at, token] of tokens.entries()) {
    const first = await call(lambda, subject, token);
    const laters = [];
    for (let i = 0; i < LATER_CALLS; i += 1) laters.push(await call(lambda, subject, token));
    if (at === 0) continue;
    if (first.init === undefined || laters.some(({ init }) => init !== undefined))
      throw new Error(`${subject.name}: a caller does not have exactly one environment.\n${lambda.output()}`);
    times.inits.push(first.init);
    times.firsts.push(first.ms);
    times.laters.push(...laters.map(({ ms }) => ms));
  }
  return times;
}

/** Calls the tool. `init` is the Init Duration of the line REPORT, undefined if the environment existed. */
async function call(
  lambda: RunningLambda,
  { tool, expected }: CallerSubject,
  token: string,
): Promise<{ ms: number; init: number | undefined }> {
  const started = performance.now();
  const response = await fetch(`${lambda.url}/live/mcp`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      authorization: `Bearer ${token}`,
      ...modernHeaders('tools/call', tool),
    },
    body: JSON.stringify(modernRequest('tools/call', tool)),
  });
  const text = await response.text();
  const ms = performance.now() - started;
  if (response.status !== 200 || !text.includes(expected)) throw new Error(`${response.status} ${text}`);
  const id = response.headers.get('x-amzn-requestid');
  const [line] = await lambda.printed(new RegExp(`^REPORT RequestId: ${id}.*$`, 'm'));
  const [, init] = /Init Duration: ([\d.]+)/.exec(line) ?? [];
  return { ms, init: init === undefined ? undefined : Number(init) };
}
