/** The short form of `npm run fuzz`: the cases of the corpus, and new cases for 30 s, with a seed that is printed on failure. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { closeAll } from '../../../helpers/close-all.ts';
import { PROPERTIES } from './properties/all.ts';
import { fuzz } from './property.ts';
import { startTarget, type Target } from './target.ts';

const SHARE_MS = 30_000 / PROPERTIES.length;
const seed = Date.now() % 1_000_000;

/** By timeout of the function, in seconds. */
const targets = new Map<number | undefined, Target>();
beforeAll(async () => {
  for (const timeout of new Set(PROPERTIES.map(property => property.timeout)))
    targets.set(timeout, await startTarget(timeout));
});
afterAll(() => closeAll(...targets.values()));

test.each(PROPERTIES)('the fuzz property $name holds', async property => {
  const target = targets.get(property.timeout);
  if (!target) throw new Error('The target was not started.');
  const { failure, runs } = await fuzz(property, target, SHARE_MS, seed);
  expect(failure, `npm run fuzz -- --seed ${seed} --only ${property.name}`).toBeUndefined();
  expect(runs).toBeGreaterThan(0);
});
