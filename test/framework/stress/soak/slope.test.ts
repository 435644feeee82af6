import { expect, test } from 'vitest';
import { seeded } from '../../../helpers/random.ts';
import { slopeOf } from './slope.ts';

/** 500 samples with a sawtooth, as a heap has, and noise; growing by `growth` in all. */
function heap(growth: number, seed: number) {
  const random = seeded(seed);
  return Array.from({ length: 500 }, (_, at) => ({
    at,
    value: 100 + (growth * at) / 500 + (at % 37) / 4 + random.next() * 10,
  }));
}

test('a heap that only goes up and down does not grow for sure, one that leaks does', () => {
  let mistaken = 0;
  for (let seed = 1; seed <= 100; seed += 1) {
    const flat = slopeOf(heap(0, seed));
    if (flat.low > 0 || flat.high < 0) mistaken += 1;
    const leaking = slopeOf(heap(15, seed));
    expect(leaking.low, `seed ${seed}`).toBeGreaterThan(0);
    expect(leaking.slope * 500, `seed ${seed}`).toBeGreaterThan(8);
  }
  expect(mistaken).toBeLessThan(15); // 5 of 100 are to be expected.
});

test('a straight line is found exactly', () => {
  const line = slopeOf(Array.from({ length: 24 }, (_, at) => ({ at, value: 3 + 2 * at })));
  expect(line.slope).toBeCloseTo(2);
  expect(line.high - line.low).toBeCloseTo(0);
});

test('too few samples are no slope', () => {
  expect(() => slopeOf([{ at: 0, value: 1 }])).toThrow(/too few/);
});
