/** The short form of `npm run fuzz`: what was found once, and new cases for half a minute, of a seed that is told. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { closeAll } from '../helpers/close-all.ts';
import { PROPERTIES } from './properties/all.ts';
import { fuzz } from './property.ts';
import { startTarget, type Target } from './target.ts';

const SHARE_MS = 30_000 / PROPERTIES.length;
const seed = Date.now() % 1_000_000;

let target: Target;
beforeAll(async () => {
  target = await startTarget();
});
afterAll(() => closeAll(target));

test.each(PROPERTIES)(
  '$name',
  async property => {
    const { failure, runs } = await fuzz(property, target, SHARE_MS, seed);
    expect(failure, `npm run fuzz -- --seed ${seed} --only ${property.name}`).toBeUndefined();
    expect(runs).toBeGreaterThan(0);
  },
  90_000,
);
