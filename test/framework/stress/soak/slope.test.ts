import { expect, test } from 'vitest';
import { seeded } from '../../../helpers/random.ts';
import { slopeOf } from './slope.ts';

/** Returns 500 samples of a heap: a sawtooth with noise that grows by `growth` in total. */
function heap(growth: number, seed: number) {
  const random = seeded(seed);
  return Array.from({ length: 500 }, (_, at) => ({
    at,
    value: 100 + (growth * at) / 500 + (at % 37) / 4 + random.next() * 10,
  }));
}

test('slopeOf reports significant growth for a leaking heap, and not for a fluctuating one', () => {
  let mistaken = 0;
  for (let seed = 1; seed <= 100; seed += 1) {
    const flat = slopeOf(heap(0, seed));
    if (flat.low > 0 || flat.high < 0) mistaken += 1;
    const leaking = slopeOf(heap(15, seed));
    expect(leaking.low, `seed ${seed}`).toBeGreaterThan(0);
    expect(leaking.slope * 500, `seed ${seed}`).toBeGreaterThan(8);
  }
  expect(mistaken).toBeLessThan(15); // 5 of 100 are expected.
});

test('slopeOf returns the exact slope of a straight line', () => {
  const line = slopeOf(Array.from({ length: 24 }, (_, at) => ({ at, value: 3 + 2 * at })));
  expect(line.slope).toBeCloseTo(2);
  expect(line.high - line.low).toBeCloseTo(0);
});

test('slopeOf throws for too few samples', () => {
  expect(() => slopeOf([{ at: 0, value: 1 }])).toThrow(/too few/);
});
