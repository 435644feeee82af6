/**
 * `npm run bench`: what a cold start and a warm call cost, beside the floor: Node itself, and the Runtime Interface Client
 * with a handler that writes `{}`. Medians of interleaved repetitions in one run; `--json FILE` writes the rows.
 *
 * Each repetition starts a fresh process under the local Lambda's Runtime API. The call is a tool call whose arguments
 * fail the schema, so no upstream is asked.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Environment } from '../app/local/environment.ts';
import { v2Event } from '../test/helpers/events.ts';
import { modernHeaders, modernRequest } from '../test/helpers/json-rpc.ts';

/** Milliseconds; `rss` in MiB. */
interface Figures {
  /** From spawn to the first request for an invocation. */
  init: number;
  /** From spawn to the end of the first answer. */
  first: number;
  /** Median of the calls after it. */
  warm: number;
  rss: number;
}

const FLOOR = `export const stream = awslambda.streamifyResponse(async (event, stream) => {
  stream.write('{}');
  stream.end();
});
`;

/** What Lambda sets and the client insists on. */
const LAMBDA = {
  AWS_REGION: 'us-east-1',
  AWS_LAMBDA_FUNCTION_NAME: 'bench',
  AWS_LAMBDA_FUNCTION_VERSION: '1',
  AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '512',
  AWS_LAMBDA_LOG_GROUP_NAME: 'bench',
  AWS_LAMBDA_LOG_STREAM_NAME: 'bench',
};

const { values } = parseArgs({
  options: {
    repetitions: { type: 'string', default: '9' },
    calls: { type: 'string', default: '100' },
    json: { type: 'string' },
  },
});
const dist = join(fileURLToPath(import.meta.url), '../../dist');
const folder = mkdtempSync(join(tmpdir(), 'bench-'));
writeFileSync(join(folder, 'floor.mjs'), FLOOR);

const params = { name: 'get_weather', arguments: { location: '' } };
const ours = [process.execPath, join(dist, 'entry.mjs')] as const;
const rows: Record<string, () => Promise<Partial<Figures>>> = {
  'node -e 0': async () => ({ init: nodeAlone() }),
  'floor: the client and {}': () =>
    measure([process.execPath, join(dist, 'ric/index.mjs')], folder, 'floor.stream', '{}', '{}'),
  'ours, 2026-07-28': () =>
    measure(
      ours,
      dist,
      'handler.stream',
      event(modernRequest('tools/call', params), modernHeaders('tools/call', params)),
    ),
  'ours, 2025-11-25': () =>
    measure(ours, dist, 'handler.stream', event({ jsonrpc: '2.0', id: 1, method: 'tools/call', params }, {})),
};

const seen = new Map<string, Partial<Figures>[]>();
for (let i = 0; i < Number(values.repetitions); i += 1) {
  for (const [name, run] of Object.entries(rows)) seen.set(name, [...(seen.get(name) ?? []), await run()]);
}
rmSync(folder, { recursive: true });
const medians = [...seen].map(([name, runs]) => ({ name, ...medianOf(runs) }));
const floor = medians.find(({ name }) => name.startsWith('floor'));
console.table(
  medians.map(({ name, init, first, warm, rss }) => ({
    '': name,
    'init ms': shown(init),
    '÷ floor': ratio(init, floor?.init),
    'first ms': shown(first),
    '÷ floor ': ratio(first, floor?.first),
    'warm ms': shown(warm, 2),
    '÷ floor  ': ratio(warm, floor?.warm),
    'RSS MB': shown(rss),
  })),
);
if (values.json) {
  const json = medians.map(({ name, init, first, warm, rss }) => ({
    name,
    init_ms: init,
    first_ms: first,
    warm_ms: warm,
    rss_mb: rss,
  }));
  writeFileSync(values.json, `${JSON.stringify(json, null, 2)}\n`);
}

async function measure(
  command: readonly [string, ...string[]],
  taskRoot: string,
  handler: string,
  payload: string,
  expected = 'Input validation error',
): Promise<Figures> {
  const env = {
    PATH: process.env.PATH,
    MCP_AUTH: 'none',
    _HANDLER: handler,
    LAMBDA_TASK_ROOT: taskRoot,
    ...LAMBDA,
  };
  const output = (): void => undefined;
  const environment = new Environment({
    command,
    env,
    timeout: 30,
    initTimeout: 10,
    memory: 4096,
    freeze: false,
    output,
  });
  const started = performance.now();
  await environment.init();
  const init = performance.now() - started;
  try {
    await call(environment, payload, expected);
    const first = performance.now() - started;
    const warm: number[] = [];
    let rss = 0;
    for (let i = 0; i < Number(values.calls); i += 1) {
      const before = performance.now();
      rss = await call(environment, payload, expected);
      warm.push(performance.now() - before);
    }
    return { init, first, warm: median(warm), rss };
  } finally {
    environment.kill();
    await environment.exited;
  }
}

/** Makes one call, checks its answer, and gives the highest resident set. */
async function call(environment: Environment, payload: string, expected: string): Promise<number> {
  const invocation = {
    id: crypto.randomUUID(),
    payload,
    functionArn: 'arn:aws:lambda:x:1:function:f',
    traceId: 'Root=1',
  };
  const { answer, report } = await environment.invoke(invocation);
  let text = answer.kind === 'buffered' ? answer.body.toString() : '';
  if (answer.kind === 'streamed') for await (const chunk of answer.body) text += chunk;
  if (!text.includes(expected)) throw new Error(`The answer is not what it must be: ${text.slice(0, 300)}`);
  return (await report).maxMemory ?? 0;
}

function event(message: object, headers: Record<string, string>): string {
  const made = v2Event({ method: 'POST', path: '/mcp', body: JSON.stringify(message) }) as {
    headers: object;
  };
  return JSON.stringify({
    ...made,
    headers: { ...made.headers, accept: 'application/json, text/event-stream', ...headers },
  });
}

function nodeAlone(): number {
  const started = performance.now();
  spawnSync(process.execPath, ['-e', '0']);
  return performance.now() - started;
}

function medianOf(runs: Partial<Figures>[]): Partial<Figures> {
  const of = (key: keyof Figures): number | undefined => {
    const all = runs.map(run => run[key]).filter(value => value !== undefined);
    return all.length > 0 ? median(all) : undefined;
  };
  const all = { init: of('init'), first: of('first'), warm: of('warm'), rss: of('rss') };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

function median(numbers: number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;
}

function shown(value: number | undefined, digits = 1): string {
  return value?.toFixed(digits) ?? '';
}

function ratio(value: number | undefined, to: number | undefined): string {
  return value === undefined || to === undefined ? '' : (value / to).toFixed(2);
}
