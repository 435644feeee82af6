/**
 * `npm run soak -- --calls 50000`: the built app in the local Lambda, under many calls at once of both eras, some of them
 * left by their callers at a random moment. Ends with code 1 when a call that was not left was not answered by its own
 * answer, when memory grows (the confidence interval of its slope lies above what is tolerable), or when there are other
 * processes or more open files in the end than at the start. `--svg FILE` draws what was held meanwhile.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { startApp } from '../helpers/local-lambda.ts';
import { seeded } from '../helpers/random.ts';
import { startUpstream } from '../helpers/upstream.ts';
import { soakChart } from './chart.ts';
import { slopeOf } from './slope.ts';
import { quantile, soak } from './soak.ts';
import { type Held, held } from './watch.ts';

const { values } = parseArgs({
  options: {
    calls: { type: 'string', default: '5000' },
    parallelism: { type: 'string', default: '8' },
    'abort-one-in': { type: 'string', default: '6' },
    'abort-within-ms': { type: 'string', default: '20' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    svg: { type: 'string' },
  },
});

/**
 * MiB in 10,000 calls that are not called a leak when the interval lies below: over a million calls a tenth of a function's
 * smallest memory. What is over when the young generation was last emptied is noise of several MiB.
 */
const TOLERABLE = 0.15;
/** The heap grows to its working size at first. That is no leak, and no part of the slope. */
const SETTLING = 0.25;

const calls = Number(values.calls);
const parallelism = Number(values.parallelism);
await using upstream = await startUpstream({ delayMs: 2 });
await using lambda = await startApp({
  args: ['--environments', values.parallelism, '--log-format', 'json'],
  env: {
    MCP_AUTH: 'none',
    WEATHER_GEOCODING_URL: upstream.url,
    WEATHER_FORECAST_URL: upstream.url,
    // Node sizes its heap by the memory that it sees, on Lambda the function's. With all of this machine's it would collect
    // so rarely that what is resident says nothing of what is kept.
    NODE_OPTIONS: '--max-semi-space-size=1 --max-old-space-size=96',
  },
});
const pid = lambda.process.pid ?? 0;
const common = {
  url: lambda.url,
  parallelism,
  random: seeded(Number(values.seed)),
  abortWithinMs: Number(values['abort-within-ms']),
};
// Until every environment has started and worked.
await soak({ ...common, calls: parallelism * 40, abortOneIn: 0 });
await settled();
const before = held(pid, 0);
const samples: Held[] = [];
const every = Math.max(1, Math.floor(calls / 500));
const started = performance.now();
const { outcomes, kinds, durations, wrong } = await soak({
  ...common,
  calls,
  abortOneIn: Number(values['abort-one-in']),
  onCall(over) {
    if (over % 1000 === 0) upstream.reset();
    if (over % every === 0) samples.push(held(pid, over));
  },
});
const seconds = (performance.now() - started) / 1000;
await settled();
const after = held(pid, calls);

const ms = (share: number): string => quantile(durations, share).toFixed(1);
console.log(`seed ${values.seed}: ${calls} calls, ${parallelism} at once, ${seconds.toFixed(1)} s`);
console.log('outcomes      ', Object.fromEntries(outcomes));
console.log('kinds         ', Object.fromEntries(kinds));
console.log(`milliseconds   p50 ${ms(0.5)}, p99 ${ms(0.99)}, longest ${ms(1)}`);
console.log('before        ', JSON.stringify(before));
console.log('after         ', JSON.stringify(after));
const leaks = [growth('platform'), growth('functions')];
for (const line of wrong) console.log(`wrong          ${line}`);
if (values.svg) writeFileSync(values.svg, soakChart(samples));
const answered = (outcomes.get('200') ?? 0) + (outcomes.get('left') ?? 0);
const kept =
  after.processes === before.processes &&
  after.files <= before.files &&
  after.filesOfFunctions <= before.filesOfFunctions;
if (answered !== calls || !kept || leaks.includes(true)) process.exitCode = 1;

/** Says how memory grew, and whether that is a leak: it surely grows, and by more than is tolerable. */
function growth(of: 'platform' | 'functions'): boolean {
  const later = samples.filter(({ at }) => at > calls * SETTLING);
  if (later.length < 50) return false; // Too short a run to tell.
  const { slope, low, high } = slopeOf(later.map(sample => ({ at: sample.at / 10_000, value: sample[of] })));
  const interval = `${slope.toFixed(2)} MiB in 10,000 calls (95 %: ${low.toFixed(2)} to ${high.toFixed(2)})`;
  const leak = low > TOLERABLE * (of === 'functions' ? parallelism : 1);
  console.log(`${of.padEnd(14)} ${interval}${leak ? ': GROWS' : ''}`);
  return leak;
}

/** Answers that nobody takes have come to their end, and connections that are not used any more are closed. */
async function settled(): Promise<void> {
  await new Promise(resolve => setTimeout(resolve, 6000));
}
