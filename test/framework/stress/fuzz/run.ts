/**
 * `npm run fuzz -- --minutes 10`: tests every property for an equal share of the time, corpus first. `--seed` repeats a run,
 * `--only NAME` tests one property. Exits with 1 and prints the smallest case if a property does not hold. Add such a case to
 * corpus/NAME.json once its cause is known.
 */
import { parseArgs } from 'node:util';
import { PROPERTIES } from './properties/all.ts';
import { fuzz } from './property.ts';
import { startTarget } from './target.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    only: { type: 'string' },
  },
});

const seed = Number(values.seed);
const chosen = PROPERTIES.filter(({ name }) => values.only === undefined || values.only === name);
const names = PROPERTIES.map(({ name }) => name).join(', ');
if (chosen.length === 0) throw new Error(`There is no property ${values.only}; there are ${names}.`);
const each = (Number(values.minutes) * 60_000) / chosen.length;
if (!(each > 0) || !Number.isInteger(seed))
  throw new Error('--minutes must be a number above 0, and --seed an integer.');

console.log(`seed ${seed}`);
for (const property of chosen) {
  // A separate target for each property, so that damage by one does not fail another.
  const target = await startTarget(property.timeout);
  try {
    const started = performance.now();
    const { runs, failure } = await fuzz(property, target, each, seed);
    const seconds = ((performance.now() - started) / 1000).toFixed(0);
    console.log(
      `${property.name.padEnd(17)} ${String(runs).padStart(7)} cases in ${seconds} s${failure ? ': FAILED' : ''}`,
    );
    if (!failure) continue;
    process.exitCode = 1;
    console.log(`  ${failure.message}\n  ${JSON.stringify(failure.case)}`);
    console.log(`  again: npm run fuzz -- --seed ${seed} --only ${property.name}`);
  } finally {
    await target.close();
  }
}
