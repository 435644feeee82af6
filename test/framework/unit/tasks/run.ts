/**
 * `npm run tasks`: runs a tool for 60 s, called by a client that waits for 5 s, and kills its environment once; then 1,000
 * concurrent tasks. `-- --seconds 20 --timeout 2 --many 100` sets other numbers. Exits with 1 if a result is missing, a call
 * took too long, or a tool ran twice.
 */
import { parseArgs } from 'node:util';
import { outlive } from './demo.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    timeout: { type: 'string', default: '5' },
    many: { type: 'string', default: '1000' },
  },
});

const seconds = Number(values.seconds);
const many = Number(values.many);
const timeoutMs = Number(values.timeout) * 1000;
const outlived = await outlive({ seconds, timeoutMs, leaseMs: 30_000, many });
const { task, runs, longest } = outlived;
const finished = runs.filter(({ done }) => done).length;
console.log(`the task                  ${task.status}: ${JSON.stringify(task.result)}`);
console.log(`started and finished      ${runs.length - finished} times and ${finished} time(s)`);
console.log(`longest call              ${(longest / 1000).toFixed(2)} s of ${timeoutMs / 1000} s`);
console.log(
  `concurrent tasks          ${many}, ${outlived.many.statuses} in ${outlived.many.seconds.toFixed(1)} s`,
);
console.log(`their tool was started    ${outlived.many.runs} times`);
const ok =
  task.status === 'completed' &&
  runs.length === 3 &&
  finished === 1 &&
  outlived.many.statuses.join() === 'completed' &&
  outlived.many.runs === many;
process.exitCode = ok ? 0 : 1;
