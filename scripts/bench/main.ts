/**
 * `npm run bench`: measures a cold start and warm calls by memory size, next to the floor (the Runtime Interface Client with a
 * handler that writes `{}`) and next to peers with the same tool. One run, interleaved repetitions, medians.
 *
 * Each repetition starts a fresh process under the local Lambda's Runtime API: init with a full vCPU, as on Lambda, then the share
 * of a vCPU that the memory size has. The call is a tool call whose arguments fail the schema, so no upstream is called. Compare
 * ratios: the milliseconds depend on the machine and the moment.
 */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { DIST } from '../../test/helpers/local-lambda.ts';
import { ADDON } from '../build/snap-start.ts';
import { type CallerTimes, measureCallers, memorySubject, NODE_SUBJECT } from './callers.ts';
import { chart } from './chart.ts';
import { CpuLimit } from './cpu-limit.ts';
import { invocationsPerCall } from './invocations.ts';
import { endAll, measure, measureRestore, nodeAlone, type Plan, type Run, shareOf } from './measure.ts';
import { dollarsPerMillion, MB_PER_VCPU, MEMORY_SIZES } from './prices.ts';
import { profiled, STAGE_NAMES } from './profile.ts';
import { bundleKb, floor, inGo, ours, oursReusing, oursWithStdio, peers, type Row } from './subjects.ts';
import { type Cells, table } from './table.ts';
import { compareLookups, throughput } from './throughput.ts';

const USAGE = `Usage: npm run bench -- [options]

  --memory LIST     memory sizes in MB, ${MEMORY_SIZES} by default; below ${MB_PER_VCPU} needs root and control groups
  --repetitions N   processes started for each row and size, 5 by default
  --calls N         warm calls to each process, 100 by default, or as many as 3 seconds allow
  --settled N       calls after which a process counts as settled, 1000 by default; 0: not measured. At ${MB_PER_VCPU} MB
  --no-peers        only the floor and this project
  --no-restore      without the restores of a function with SnapStart
  --no-many         without calls per second, and 100 lookups in one call
  --against DIR     also another build: a dist/ that was kept
  --callers         first and later calls of new callers with an environment each; nothing else
  --profile         the time of a warm call by part of the program; nothing else
  --json FILE       the results as JSON
  --svg FILE        a chart of the cold starts
`;

/** Of one row at one memory size: medians over the repetitions. Times in ms. */
interface Result {
  name: string;
  memory_mb: number;
  init_ms: number;
  /** Until the end of the first response, init included. */
  first_ms: number;
  first_cpu_ms: number;
  /** Median call after the first. */
  warm_ms: number;
  warm_mean_ms: number;
  warm_p99_ms: number;
  cpu_ms: number;
  settled_ms?: number;
  settled_cpu_ms?: number;
  rss_mb: number;
}

/** Of one row. */
interface RowSummary {
  name: string;
  bundle_kb: number;
  /** For one tool call of a fresh client. */
  invocations?: number | undefined;
  /** By memory size in MB: dollars for a million tool calls. */
  dollars_per_million?: Record<string, number> | undefined;
  calls_per_second_1?: number;
  calls_per_second_10?: number;
}

/** Of one row with SnapStart at one memory size, from the response to restore/next on. */
interface Restored {
  name: string;
  memory_mb: number;
  /** Until it asks for an invocation. */
  hooks_ms: number;
  /** Until the end of the first response. */
  first_ms: number;
  /** Init, which runs once, when the version is published. */
  init_ms: number;
}

/** New callers in each repetition of `--callers`. */
const CALLERS = 4;

const { values } = parseArgs({
  options: {
    memory: { type: 'string', default: MEMORY_SIZES.join() },
    repetitions: { type: 'string', default: '5' },
    calls: { type: 'string', default: '100' },
    settled: { type: 'string', default: '1000' },
    peers: { type: 'boolean', default: true },
    restore: { type: 'boolean', default: true },
    many: { type: 'boolean', default: true },
    against: { type: 'string' },
    callers: { type: 'boolean', default: false },
    profile: { type: 'boolean', default: false },
    json: { type: 'string' },
    svg: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
  allowNegative: true,
});
if (values.help) process.stdout.write(USAGE);
else {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => void endAll().finally(() => process.exit(1)));
  if (values.profile) await profile(folder);
  else if (values.callers) await callers(folder);
  else await bench(folder);
}

async function profile(folder: string): Promise<void> {
  for (const row of ours()) {
    const stages = await profiled(row, folder);
    const parts = [...new Set(stages.flatMap(Object.keys))].filter(part => part !== 'waiting').sort();
    process.stdout.write(`\n${row.name}: ms of a call, by part\n`);
    const line = (name: string, of: (stage: Record<string, number>) => number | undefined) => ({
      '': name,
      ...Object.fromEntries(stages.map((stage, at) => [STAGE_NAMES[at], shown(of(stage), 3)])),
    });
    print([
      ...parts.map(part => line(part, stage => stage[part] ?? 0)),
      line('together', stage => parts.reduce((sum, part) => sum + (stage[part] ?? 0), 0)),
    ]);
  }
}

async function callers(folder: string): Promise<void> {
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
  print(
    rows.map(({ subject, times }) => ({
      '': subject.name,
      callers: times.firsts.length,
      'init ms': shown(median(times.inits)),
      'first call ms': shown(median(times.firsts)),
      'later call ms': shown(median(times.laters)),
      'first ÷ later': ratio(median(times.firsts), median(times.laters)),
    })),
  );
}

async function bench(folder: string): Promise<void> {
  const stdio = values.peers ? await oursWithStdio(folder) : [];
  const rows = [
    floor(folder),
    ...ours(),
    ...oursReusing(folder),
    ...(values.against ? ours(resolve(values.against), values.against) : []),
    ...(values.peers ? [...(await peers(folder)), ...stdio, ...inGo(folder)] : []),
  ];
  const nodeMs = median(Array.from({ length: 9 }, nodeAlone));
  process.stdout.write(`node -e 0: ${shown(nodeMs)} ms\n`);
  const results: Result[] = [];
  for (const memoryMb of memorySizes()) {
    const ofSize = await measured(rows, memoryMb);
    showSize(memoryMb, ofSize);
    results.push(...ofSize);
  }
  const restored = values.restore ? await restores([...ours(), ...stdio]) : [];
  const summaries = await summarized(rows, results);
  if (values.many) await many(rows, summaries);
  if (values.json)
    writeFileSync(
      values.json,
      `${JSON.stringify({ node_ms: nodeMs, results, restored, rows: summaries }, null, 2)}\n`,
    );
  if (values.svg) {
    const [size] = memorySizes();
    const bars = results
      .filter(({ memory_mb }) => memory_mb === size)
      .map(({ name, init_ms: init, first_ms: first }) => ({ name, init, first }));
    const caption = `From the start of the process to ready, and to the end of the first response, ms, at ${size} MB`;
    writeFileSync(values.svg, chart(bars, caption));
  }
}

/** The sizes that can be measured on this machine. */
function memorySizes(): number[] {
  const sizes = values.memory.split(',').map(Number);
  if (!sizes.every(size => Number.isInteger(size) && size >= 128 && size <= 10_240))
    throw new TypeError('--memory takes sizes from 128 to 10240 MB, separated by commas.');
  const obstacle = sizes.some(size => shareOf(size) !== undefined) ? CpuLimit.obstacle() : undefined;
  if (obstacle === undefined) return sizes;
  progress(`Not below ${MB_PER_VCPU} MB: this machine does not let the CPU be limited (${obstacle}).`);
  return sizes.filter(size => shareOf(size) === undefined);
}

async function measured(rows: readonly Row[], memoryMb: number): Promise<Result[]> {
  const full = shareOf(memoryMb) === undefined;
  const plan: Plan = {
    memoryMb,
    calls: number('calls'),
    ...(full && values.settled !== '0' && { settled: number('settled') }),
  };
  const runs = new Map<Row, Run[]>(rows.map(row => [row, []]));
  for (let i = 0; i < number('repetitions'); i += 1) {
    progress(`${memoryMb} MB, repetition ${i + 1} of ${values.repetitions}`);
    for (const row of rotated(rows, i)) runs.get(row)?.push(await measure(row.subject, plan));
  }
  return rows.map(row => resultOf(row, memoryMb, runs.get(row) ?? []));
}

function resultOf({ name }: Row, memoryMb: number, runs: readonly Run[]): Result {
  const of = (value: (run: Run) => number): number => median(runs.map(value));
  return {
    name,
    memory_mb: memoryMb,
    init_ms: of(({ init }) => init),
    first_ms: of(({ first }) => first),
    first_cpu_ms: of(({ firstCpu }) => firstCpu),
    warm_ms: of(({ calls }) => median(calls)),
    warm_mean_ms: of(({ calls }) => calls.reduce((sum, ms) => sum + ms, 0) / calls.length),
    warm_p99_ms: of(({ calls }) => quantile(calls, 0.99)),
    cpu_ms: of(({ cpu }) => cpu),
    ...(runs.every(({ settled }) => settled) && {
      settled_ms: of(({ settled }) => median(settled?.calls ?? [])),
      settled_cpu_ms: of(({ settled }) => settled?.cpu ?? Number.NaN),
    }),
    rss_mb: of(({ rssMb }) => rssMb),
  };
}

function showSize(memoryMb: number, results: readonly Result[]): void {
  const base = results.find(isFloor);
  const share = shareOf(memoryMb);
  process.stdout.write(
    `\n${memoryMb} MB: ${share === undefined ? 'a full vCPU' : `${share.toFixed(3)} vCPU after init`}\n`,
  );
  print(
    results.map(result => ({
      '': result.name,
      'init ms': shown(result.init_ms),
      '÷ floor': ratio(result.init_ms, base?.init_ms),
      'first response ms': shown(result.first_ms),
      '÷ floor ': ratio(result.first_ms, base?.first_ms),
      'warm call ms': shown(result.warm_ms, 2),
      '÷ floor  ': ratio(result.warm_ms, base?.warm_ms),
      'CPU ms': shown(result.cpu_ms, 2),
      '÷ floor   ': ratio(result.cpu_ms, base?.cpu_ms),
      ...(base?.settled_ms !== undefined && {
        'settled ms': shown(result.settled_ms, 2),
        '÷ floor    ': ratio(result.settled_ms, base.settled_ms),
        'its CPU ms': shown(result.settled_cpu_ms, 2),
        '÷ floor     ': ratio(result.settled_cpu_ms, base.settled_cpu_ms),
      }),
      'RSS MB': shown(result.rss_mb, 0),
    })),
  );
}

/** AWS's own time for a restore is not in it, since nothing here can measure it. */
async function restores(rows: readonly Row[]): Promise<Restored[]> {
  if (!existsSync(join(DIST, ADDON))) {
    progress(`No restores: SnapStart needs ${ADDON}, which "npm run native" and the next build compile.`);
    return [];
  }
  const restored: Restored[] = [];
  for (const memoryMb of memorySizes()) {
    const runs = new Map<Row, Awaited<ReturnType<typeof measureRestore>>[]>(rows.map(row => [row, []]));
    for (let i = 0; i < number('repetitions'); i += 1) {
      progress(`Restores at ${memoryMb} MB, repetition ${i + 1} of ${values.repetitions}`);
      for (const row of rotated(rows, i)) runs.get(row)?.push(await measureRestore(row.subject, memoryMb));
    }
    for (const [{ name }, all] of runs)
      restored.push({
        name,
        memory_mb: memoryMb,
        hooks_ms: median(all.map(({ hooks }) => hooks)),
        first_ms: median(all.map(({ first }) => first)),
        init_ms: median(all.map(({ init }) => init)),
      });
  }
  process.stdout.write('\nRestored from a snapshot, from the response to restore/next on\n');
  print(
    restored.map(({ name, memory_mb, hooks_ms, first_ms, init_ms }) => ({
      '': name,
      MB: memory_mb,
      'hooks ms': shown(hooks_ms),
      'first ms': shown(first_ms),
      'init before ms': shown(init_ms),
    })),
  );
  return restored;
}

async function summarized(rows: readonly Row[], results: readonly Result[]): Promise<RowSummary[]> {
  const summaries: RowSummary[] = [];
  for (const row of rows) {
    progress(`Invocations of ${row.name}`);
    const invocations = await invocationsPerCall(row);
    const sizes = results.filter(({ name }) => name === row.name);
    const dollars = (calls: number): RowSummary['dollars_per_million'] =>
      Object.fromEntries(
        sizes.map(({ memory_mb, warm_ms, cpu_ms }) => [
          memory_mb,
          dollarsPerMillion({ cpuMs: cpu_ms, wallMs: warm_ms, invocations: calls }, memory_mb),
        ]),
      );
    summaries.push({
      name: row.name,
      bundle_kb: bundleKb(row),
      ...(invocations !== undefined && { invocations, dollars_per_million: dollars(invocations) }),
    });
  }
  process.stdout.write('\nA million tool calls of fresh clients, warm, in dollars\n');
  print(
    summaries.map(({ name, invocations, bundle_kb, dollars_per_million: cost = {} }) => ({
      '': name,
      'files kB': shown(bundle_kb, 0),
      'invocations each': invocations ?? '',
      ...Object.fromEntries(Object.entries(cost).map(([size, dollars]) => [`${size} MB`, shown(dollars, 2)])),
    })),
  );
  return summaries;
}

/** Calls per second, of rows that serve one process each; into `summaries` as well. */
async function many(rows: readonly Row[], summaries: readonly RowSummary[]): Promise<void> {
  for (const row of rows.filter(({ name }) => !name.includes('stdio'))) {
    progress(`Calls per second of ${row.name}`);
    const summary = summaries.find(({ name }) => name === row.name);
    if (!summary) continue;
    summary.calls_per_second_1 = await throughput(row, 1);
    summary.calls_per_second_10 = await throughput(row, 10);
  }
  const base = summaries.find(isFloor);
  process.stdout.write('\nCalls per second, without a pause between them\n');
  print(
    summaries
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

/** Starts at another row each time, because the row that runs after a similar one finds warmer caches. */
function rotated<T>(all: readonly T[], by: number): T[] {
  const at = (by * 3) % all.length;
  return [...all.slice(at), ...all.slice(0, at)];
}

function isFloor({ name }: { name: string }): boolean {
  return name.startsWith('floor');
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

function print(rows: readonly Cells[]): void {
  process.stdout.write(`\n${table(rows)}`);
}

function progress(text: string): void {
  process.stderr.write(`${text}\n`);
}
