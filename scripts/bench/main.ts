/**
 * `npm run bench`: what a cold start and a warm call cost, beside the floor (Node itself, and the Runtime Interface Client
 * with a handler that writes `{}`) and beside peers with the same tool. One run, interleaved repetitions, medians.
 *
 * Each repetition starts a fresh process under the local Lambda's Runtime API. The call is a tool call whose arguments
 * fail the schema, so no upstream is asked. Compare ratios: the milliseconds are of the machine and of the moment.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type CallerTimes, measureCallers, memorySubject, NODE_SUBJECT } from './callers.ts';
import { chart } from './chart.ts';
import { CpuLimit } from './cpu-limit.ts';
import { invocationsPerCall } from './invocations.ts';
import { measure, nodeAlone, type Run } from './measure.ts';
import { dollarsPerMillion, MB_PER_CPU, MEMORY_SIZES } from './prices.ts';
import { profiled, STAGE_NAMES } from './profile.ts';
import { bundleKb, floor, inGo, ours, oursWithStdio, peers, type Row } from './subjects.ts';
import { compareLookups, throughput } from './throughput.ts';

const USAGE = `Usage: npm run bench -- [options]

  --repetitions N   processes started for each row, 9 by default
  --calls N         warm calls to each process, 100 by default
  --settled N       calls until a process is taken for settled, 1000 by default; 0: it is not waited for
  --no-peers        only the floor and this project
  --against DIR     also another build: a dist/ that was kept
  --no-limit        without the second table, whose calls have a part of a processor only (needs root)
  --no-many         without the third table: calls per second, and 100 lookups in one call
  --callers         first and later calls of new callers with an environment each; nothing else
  --profile         where a warm call's time goes, by part of the program; nothing else
  --json FILE       the rows as JSON
  --svg FILE        a chart of the cold starts
`;

/** Medians over the repetitions. Times in ms. */
interface Result {
  name: string;
  init_ms: number;
  first_ms?: number;
  first_cpu_ms?: number;
  /** Median call. */
  warm_ms?: number;
  warm_mean_ms?: number;
  warm_p99_ms?: number;
  cpu_ms?: number;
  /** When it has answered for long. */
  settled_ms?: number;
  settled_cpu_ms?: number;
  rss_mb?: number;
  bundle_kb?: number;
  invocations?: number;
  /** By memory size in MB: dollars for a million tool calls. */
  dollars_per_million?: Record<string, number>;
  /** With 128 MB's part of a processor after the init. */
  limited_first_ms?: number;
  limited_warm_ms?: number;
  limited_cpu_ms?: number;
  /** Calls per second of one environment, and of 10 together. */
  calls_per_second_1?: number;
  calls_per_second_10?: number;
}

/** New callers in each repetition of `--callers`. */
const CALLERS = 4;
const LIMITED = { repetitions: 3, calls: 20, share: MEMORY_SIZES[0] / MB_PER_CPU };

const { values } = parseArgs({
  options: {
    repetitions: { type: 'string', default: '9' },
    calls: { type: 'string', default: '100' },
    settled: { type: 'string', default: '1000' },
    peers: { type: 'boolean', default: true },
    limit: { type: 'boolean', default: true },
    against: { type: 'string' },
    many: { type: 'boolean', default: true },
    callers: { type: 'boolean', default: false },
    profile: { type: 'boolean', default: false },
    json: { type: 'string' },
    svg: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
  allowNegative: true,
});
if (values.help) process.stdout.write(USAGE);
else if (values.profile) await profile();
else if (values.callers) await callers();
else await bench();

async function profile(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  try {
    for (const row of ours()) {
      const stages = await profiled(row, folder);
      const parts = [...new Set(stages.flatMap(Object.keys))].filter(part => part !== 'waiting').sort();
      process.stdout.write(`\n${row.name}: ms of a call, by part\n`);
      const line = (name: string, of: (stage: Record<string, number>) => number | undefined) => ({
        '': name,
        ...Object.fromEntries(stages.map((stage, at) => [STAGE_NAMES[at], shown(of(stage), 3)])),
      });
      console.table([
        ...parts.map(part => line(part, stage => stage[part] ?? 0)),
        line('together', stage => parts.reduce((sum, part) => sum + (stage[part] ?? 0), 0)),
      ]);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function callers(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  try {
    const rows = [NODE_SUBJECT, memorySubject(folder)].map(subject => {
      const times: CallerTimes = { inits: [], firsts: [], laters: [] };
      return { subject, times };
    });
    for (let i = 0; i < number('repetitions'); i += 1) {
      progress(`Repetition ${i + 1} of ${values.repetitions}`);
      for (const { subject, times } of rotated(rows, i)) {
        const measured = await measureCallers(subject, CALLERS);
        for (const key of ['inits', 'firsts', 'laters'] as const) times[key].push(...measured[key]);
      }
    }
    process.stdout.write('\nCallers with an execution environment each: medians\n');
    console.table(
      rows.map(({ subject, times }) => ({
        '': subject.name,
        callers: times.firsts.length,
        'init ms': shown(median(times.inits)),
        'first call ms': shown(median(times.firsts)),
        'later call ms': shown(median(times.laters)),
        'first ÷ later': ratio(median(times.firsts), median(times.laters)),
      })),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function bench(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  try {
    const rows = [
      floor(folder),
      ...ours(),
      ...(values.against ? ours(resolve(values.against), values.against) : []),
      ...(values.peers ? [...(await peers(folder)), ...(await oursWithStdio(folder)), ...inGo(folder)] : []),
    ];
    const nodes: number[] = [];
    const plan = { calls: number('calls'), settled: values.settled === '0' ? 0 : number('settled') };
    const runs = new Map<Row, Run[]>(rows.map(row => [row, []]));
    for (let i = 0; i < number('repetitions'); i += 1) {
      progress(`Repetition ${i + 1} of ${values.repetitions}`);
      nodes.push(nodeAlone());
      for (const row of rotated(rows, i)) runs.get(row)?.push(await measure(row.subject, plan));
    }
    const results: Result[] = [{ name: 'node -e 0', init_ms: median(nodes) }];
    for (const row of rows) results.push(await resultOf(row, runs.get(row) ?? []));
    show(results);
    if (values.limit) await limited(rows, results);
    if (values.many) await many(rows, results);
    if (values.json) writeFileSync(values.json, `${JSON.stringify(results, null, 2)}\n`);
    if (values.svg)
      writeFileSync(
        values.svg,
        chart(
          results.map(toBar),
          'From the start of the process to ready, and to the end of the first answer, ms',
        ),
      );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function resultOf(row: Row, runs: readonly Run[]): Promise<Result> {
  progress(`Invocations of ${row.name}`);
  const of = (value: (run: Run) => number): number => median(runs.map(value));
  const invocations = await invocationsPerCall(row);
  const warm_ms = of(({ calls }) => quantile(calls, 0.5));
  const cpu_ms = of(({ cpu }) => cpu);
  return {
    name: row.name,
    init_ms: of(({ init }) => init),
    first_ms: of(({ first }) => first),
    first_cpu_ms: of(({ firstCpu }) => firstCpu),
    warm_ms,
    warm_mean_ms: of(({ calls }) => calls.reduce((sum, ms) => sum + ms, 0) / calls.length),
    warm_p99_ms: of(({ calls }) => quantile(calls, 0.99)),
    cpu_ms,
    ...(runs.every(({ settled }) => settled) && {
      settled_ms: of(({ settled }) => quantile(settled?.calls ?? [], 0.5)),
      settled_cpu_ms: of(({ settled }) => settled?.cpu ?? Number.NaN),
    }),
    rss_mb: of(({ rssMb }) => rssMb),
    bundle_kb: bundleKb(row),
    ...(invocations !== undefined && {
      invocations,
      dollars_per_million: dollars(warm_ms, cpu_ms, invocations),
    }),
  };
}

function dollars(wallMs: number, cpuMs: number, invocations: number): Record<string, number> {
  return Object.fromEntries(
    MEMORY_SIZES.map(size => [size, dollarsPerMillion({ cpuMs, wallMs, invocations }, size)]),
  );
}

/** The second table, into `results` as well. */
async function limited(rows: readonly Row[], results: readonly Result[]): Promise<void> {
  const obstacle = CpuLimit.obstacle();
  if (obstacle) {
    process.stderr.write(`No second table: the processor cannot be limited here (${obstacle}).\n`);
    return;
  }
  const runs = new Map<Row, Run[]>(rows.map(row => [row, []]));
  for (let i = 0; i < LIMITED.repetitions; i += 1) {
    progress(`With a part of a processor, repetition ${i + 1} of ${LIMITED.repetitions}`);
    for (const row of rotated(rows, i)) runs.get(row)?.push(await measure(row.subject, LIMITED));
  }
  for (const row of rows) {
    const result = results.find(({ name }) => name === row.name);
    const all = runs.get(row) ?? [];
    if (result) {
      result.limited_first_ms = median(all.map(({ first }) => first));
      result.limited_warm_ms = median(all.map(({ calls }) => quantile(calls, 0.5)));
      result.limited_cpu_ms = median(all.map(({ cpu }) => cpu));
    }
  }
  const base = results.find(isFloor);
  process.stdout.write(
    `\nWith 1/${(1 / LIMITED.share).toFixed(0)} of a processor after the init, as at ${MEMORY_SIZES[0]} MB\n`,
  );
  console.table(
    results.slice(1).map(({ name, limited_first_ms: first, limited_warm_ms: warm, limited_cpu_ms: cpu }) => ({
      '': name,
      'first ms': shown(first),
      '÷ floor': ratio(first, base?.limited_first_ms),
      'warm ms': shown(warm),
      '÷ floor ': ratio(warm, base?.limited_warm_ms),
      'CPU ms': shown(cpu, 2),
      '÷ floor  ': ratio(cpu, base?.limited_cpu_ms),
    })),
  );
}

/** The third table, of rows that serve one process each; into `results` as well. */
async function many(rows: readonly Row[], results: readonly Result[]): Promise<void> {
  for (const row of rows.filter(({ name }) => !name.includes('stdio'))) {
    progress(`Calls per second of ${row.name}`);
    const result = results.find(({ name }) => name === row.name);
    if (!result) continue;
    result.calls_per_second_1 = await throughput(row, 1);
    result.calls_per_second_10 = await throughput(row, 10);
  }
  const base = results.find(isFloor);
  process.stdout.write('\nCalls per second, without a pause between them\n');
  console.table(
    results
      .filter(({ calls_per_second_1: one }) => one)
      .map(({ name, calls_per_second_1: one, calls_per_second_10: ten }) => ({
        '': name,
        'one environment': shown(one, 0),
        '÷ floor': ratio(one, base?.calls_per_second_1),
        '10 environments': shown(ten, 0),
        '÷ floor ': ratio(ten, base?.calls_per_second_10),
      })),
  );
  const [row] = ours();
  if (!row) return;
  const { ms, upstreamMs } = await compareLookups(row);
  process.stdout.write(
    `\n100 lookups in one lookup_many: ${shown(ms)} ms; the same requests alone: ${shown(upstreamMs)} ms; ratio ${ratio(ms, upstreamMs)}\n`,
  );
}

function show(results: readonly Result[]): void {
  const base = results.find(isFloor);
  console.table(
    results.map(result => ({
      '': result.name,
      'init ms': shown(result.init_ms),
      '÷ floor': ratio(result.init_ms, base?.init_ms),
      'first ms': shown(result.first_ms),
      '÷ floor ': ratio(result.first_ms, base?.first_ms),
      'warm ms': shown(result.warm_ms, 2),
      '÷ floor  ': ratio(result.warm_ms, base?.warm_ms),
      mean: shown(result.warm_mean_ms, 2),
      p99: shown(result.warm_p99_ms, 2),
      'CPU ms': shown(result.cpu_ms, 2),
      'settled ms': shown(result.settled_ms, 2),
      '÷ floor   ': ratio(result.settled_ms, base?.settled_ms),
      'its CPU ms': shown(result.settled_cpu_ms, 2),
      '÷ floor    ': ratio(result.settled_cpu_ms, base?.settled_cpu_ms),
      'RSS MB': shown(result.rss_mb, 0),
      'bundle kB': shown(result.bundle_kb, 0),
    })),
  );
  process.stdout.write('\nA million tool calls of fresh clients, warm, in dollars\n');
  console.table(
    results
      .filter(({ invocations }) => invocations)
      .map(({ name, invocations, dollars_per_million: cost = {} }) => ({
        '': name,
        'invocations each': invocations,
        ...Object.fromEntries(MEMORY_SIZES.map(size => [`${size} MB`, shown(cost[size], 2)])),
      })),
  );
}

/** Begins elsewhere each time: what runs first finds other caches than what runs after its like. */
function rotated<T>(all: readonly T[], by: number): T[] {
  const at = (by * 3) % all.length;
  return [...all.slice(at), ...all.slice(0, at)];
}

function isFloor({ name }: Result): boolean {
  return name.startsWith('floor');
}

function toBar({ name, init_ms: init, first_ms: first }: Result) {
  return { name, init, first };
}

function number(option: 'repetitions' | 'calls' | 'settled'): number {
  const value = Number(values[option]);
  if (!Number.isInteger(value) || value < 1)
    throw new TypeError(`--${option} must be a whole number of at least 1.`);
  return value;
}

function median(numbers: readonly number[]): number {
  return quantile(numbers, 0.5);
}

/** The smallest value that at least `share` of them do not exceed. */
function quantile(numbers: readonly number[], share: number): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

function shown(value: number | undefined, digits = 1): string {
  return value?.toFixed(digits) ?? '';
}

function ratio(value: number | undefined, to: number | undefined): string {
  return value === undefined || to === undefined ? '' : (value / to).toFixed(2);
}

function progress(text: string): void {
  process.stderr.write(`${text}\n`);
}
