/**
 * `npm run soak -- --calls 50000`: the built app in the local Lambda, with many parallel calls of both eras, some of them aborted
 * by their callers at a random time. Exits with 1 if a call that was not aborted did not get its own response; if the heap after a
 * garbage collection or the number of open files grows (the confidence interval of the slope is above the tolerance); if a function
 * exceeds its memory (it is killed, and a call fails); or if the number of processes, or of open files of the local Lambda, is
 * higher at the end than at the start. `--svg FILE` draws the resources.
 *
 * `--kill-one-in 500`: kills an environment with SIGKILL after every 500th call. Each kill may cost one call its response.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startFakeUpstream } from '../../../helpers/fake-upstream.ts';
import { ROOT, startApp } from '../../../helpers/local-lambda.ts';
import { childrenOf } from '../../../helpers/processes.ts';
import { seeded } from '../../../helpers/random.ts';
import { soakChart } from './chart.ts';
import { slopeOf } from './slope.ts';
import { quantile, soak } from './soak.ts';
import { collect, type Held, held } from './watch.ts';

const { values } = parseArgs({
  options: {
    calls: { type: 'string', default: '5000' },
    parallelism: { type: 'string', default: '8' },
    environments: { type: 'string', default: '4' },
    'abort-one-in': { type: 'string', default: '6' },
    'abort-within-ms': { type: 'string', default: '20' },
    'kill-one-in': { type: 'string', default: '0' },
    memory: { type: 'string', default: '128' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    svg: { type: 'string' },
  },
});

/**
 * The tolerance per 10,000 calls of a process. For the heap, in MiB: about 50 bytes per call, less than any object that a call
 * might leave behind. Smaller growth cannot be measured: compiled code and the timers of AbortSignal.timeout, which end long after
 * their requests, change the heap by 0.5 MiB. For open files: less than one.
 */
const TOLERABLE = { kept: 0.5, keptByFunction: 0.5, filesOfFunctions: 0.5 };
/** Fraction of the calls during which code is compiled and caches are filled, which is not part of the slope. */
const SETTLING = 0.35;
/** Minimum number of calls for a statement about growth; with fewer, the heap does not settle. */
const SHORT = 20_000;
/** Number of samples, and number of garbage collections. */
const LOOKS = 500;
const COLLECTIONS = 100;

const calls = Number(values.calls);
const parallelism = Number(values.parallelism);
const environments = Number(values.environments);
const killOneIn = Number(values['kill-one-in']);
const folder = mkdtempSync(join(tmpdir(), 'soak-'));
process.once('exit', () => rmSync(folder, { recursive: true }));
await using upstream = await startFakeUpstream({ delayMs: 2 });
await using lambda = await startApp({
  args: ['--environments', values.environments, '--memory', values.memory, '--log-format', 'json'],
  env: {
    MCP_AUTH: 'none',
    ...upstream.env,
    // On a busy machine the upstream may be slow. test/framework/stress/faults tests the resulting tool errors.
    FIXTURE_TIMEOUT_MS: '10000',
    NODE_OPTIONS: `--require=${join(ROOT, 'test/framework/stress/soak/heap-probe.cjs')}`,
    SOAK_KEPT: folder,
  },
});
const watched = { pid: lambda.process.pid ?? 0, folder };
const common = {
  url: lambda.url,
  parallelism,
  random: seeded(Number(values.seed)),
  killing: killOneIn > 0,
  abortWithinMs: Number(values['abort-within-ms']),
};
// Until every environment has started and served calls.
await soak({ ...common, calls: environments * 80, abortOneIn: 0 });
await settled();
const before = held(watched, 0);
const samples: Held[] = [];
const every = Math.max(1, Math.floor(calls / LOOKS));
let kills = 0;
const started = performance.now();
const { outcomes, kinds, durations, wrong } = await soak({
  ...common,
  calls,
  abortOneIn: Number(values['abort-one-in']),
  onCall(over) {
    if (over % 1000 === 0) upstream.reset();
    if (over % (every * (LOOKS / COLLECTIONS)) === 0) collect(watched);
    if (killOneIn > 0 && over % killOneIn === 0) kill();
    if (over % every === 0) samples.push(held(watched, over));
  },
});
const seconds = (performance.now() - started) / 1000;
await settled();
const after = held(watched, calls);

const ms = (share: number): string => quantile(durations, share).toFixed(1);
console.log(`seed ${values.seed}: ${calls} calls, ${parallelism} at once, ${seconds.toFixed(1)} s`);
console.log('outcomes      ', Object.fromEntries(outcomes));
console.log('kinds         ', Object.fromEntries(kinds));
console.log(`milliseconds   p50 ${ms(0.5)}, p99 ${ms(0.99)}, longest ${ms(1)}`);
console.log('before        ', JSON.stringify(before));
console.log('after         ', JSON.stringify(after));
const leaks = [
  growth('kept', 1),
  // Each function serves a part of the calls. The heap of a killed function is lost.
  killOneIn === 0 && growth('keptByFunction', environments),
  // Frozen functions keep their connections to the upstream, so the slope counts, not the difference of two samples.
  growth('filesOfFunctions', 1),
];
// The resident set depends on the highest load. For a function it is bounded: above its memory, the function is killed.
growth('platform', 1);
growth('functions', environments);
if (killOneIn > 0) console.log(`kills          ${kills}`);
for (const line of wrong) console.log(`wrong          ${line}`);
if (values.svg) writeFileSync(values.svg, soakChart(samples));
const of = (outcome: string): number => outcomes.get(outcome) ?? 0;
// A kill may cost the call in its environment.
const broken = of('502') + of('cut off');
const completed = of('200') + of('left') + (broken <= kills ? broken : 0);
const kept =
  (killOneIn > 0 ? after.processes <= before.processes : after.processes === before.processes) &&
  after.files <= before.files;
if (completed !== calls || !kept || leaks.includes(true)) process.exitCode = 1;

/** Prints the growth per 10,000 calls of a process. Returns whether it is significantly above the tolerance. */
function growth(of: keyof Held, processes: number): boolean {
  const later = samples.filter(sample => sample.at > calls * SETTLING && !Number.isNaN(sample[of]));
  if (later.length < 50 || calls < SHORT) return false;
  const points = later.map(sample => ({ at: sample.at / processes / 10_000, value: sample[of] }));
  const { slope, low, high } = slopeOf(points);
  const leak = low > ((TOLERABLE as Partial<Record<keyof Held, number>>)[of] ?? Number.POSITIVE_INFINITY);
  const unit = of === 'filesOfFunctions' ? 'files' : 'MiB';
  const interval = `(95 %: ${low.toFixed(2)} to ${high.toFixed(2)})`;
  console.log(
    `${of.padEnd(16)} ${slope.toFixed(2)} ${unit} in 10,000 calls ${interval}${leak ? ': GROWS' : ''}`,
  );
  return leak;
}

function kill(): void {
  const [pid] = common.random.some(childrenOf(watched.pid), 1, 1);
  if (pid === undefined) return;
  kills += 1;
  process.kill(pid, 'SIGKILL');
}

/** Waits until responses without a receiver have ended and unused connections are closed. */
async function settled(): Promise<void> {
  await new Promise(resolve => setTimeout(resolve, 6000));
}
