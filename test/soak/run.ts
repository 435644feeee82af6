/**
 * `npm run soak -- --calls 50000`: the built app in the local Lambda, under many calls at once, some of them left by their
 * callers at a random moment. Ends with code 1 when a call that was not left was not answered by its own answer, or when
 * there are other processes or more open files in the end than at the start.
 */
import { parseArgs } from 'node:util';
import { type RunningLambda, startApp } from '../helpers/local-lambda.ts';
import { childrenOf, openFilesOf, residentOf } from '../helpers/processes.ts';
import { seeded } from '../helpers/random.ts';
import { startUpstream } from '../helpers/upstream.ts';
import { quantile, soak } from './soak.ts';

const { values } = parseArgs({
  options: {
    calls: { type: 'string', default: '5000' },
    parallelism: { type: 'string', default: '8' },
    'abort-one-in': { type: 'string', default: '6' },
    'abort-within-ms': { type: 'string', default: '20' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
});

interface Held {
  processes: number;
  files: number;
  filesOfFunctions: number[];
}

function held({ process: { pid = 0 } }: RunningLambda): Held {
  const functions = childrenOf(pid);
  return {
    processes: functions.length,
    files: openFilesOf(pid),
    filesOfFunctions: functions.map(openFilesOf),
  };
}

const parallelism = Number(values.parallelism);
await using upstream = await startUpstream({ delayMs: 2 });
await using lambda = await startApp({
  args: ['--environments', values.parallelism, '--log-format', 'json'],
  env: { MCP_AUTH: 'none', WEATHER_GEOCODING_URL: upstream.url, WEATHER_FORECAST_URL: upstream.url },
});
const common = {
  url: lambda.url,
  parallelism,
  random: seeded(Number(values.seed)),
  abortWithinMs: Number(values['abort-within-ms']),
};
// Until every environment has started and worked.
await soak({ ...common, calls: parallelism * 40, abortOneIn: 0 });
await settled();
const before = held(lambda);
const started = performance.now();
const { outcomes, kinds, durations, wrong } = await soak({
  ...common,
  calls: Number(values.calls),
  abortOneIn: Number(values['abort-one-in']),
  onCall(over) {
    if (over % 1000 === 0) upstream.reset();
  },
});
const seconds = (performance.now() - started) / 1000;
await settled();
const after = held(lambda);

const ms = (share: number): string => quantile(durations, share).toFixed(1);
console.log(`seed ${values.seed}: ${values.calls} calls, ${parallelism} at once, ${seconds.toFixed(1)} s`);
console.log('outcomes      ', Object.fromEntries(outcomes));
console.log('kinds         ', Object.fromEntries(kinds));
console.log(`milliseconds   p50 ${ms(0.5)}, p99 ${ms(0.99)}, longest ${ms(1)}`);
console.log('before        ', JSON.stringify(before));
console.log('after         ', JSON.stringify(after));
console.log(`resident       ${residentOf(lambda.process.pid ?? 0).toFixed(0)} MiB (the local Lambda)`);
for (const line of wrong) console.log(`wrong          ${line}`);
const answered = (outcomes.get('200') ?? 0) + (outcomes.get('left') ?? 0);
const kept = after.processes === before.processes && after.files <= before.files;
if (answered !== Number(values.calls) || !kept) process.exitCode = 1;

/** Answers that nobody takes have come to their end, and connections that are not used any more are closed. */
async function settled(): Promise<void> {
  await new Promise(resolve => setTimeout(resolve, 6000));
}
