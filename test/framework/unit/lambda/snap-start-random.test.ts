/** Math.random in a function with SnapStart. test/framework/snapshot compares two restores. */
import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import { afterEach, expect, test, vi } from 'vitest';
import { replaceMathRandom } from '../../../../app/framework/lambda/snap-start-random.ts';

const { random } = Math;
afterEach(() => {
  Math.random = random;
  vi.restoreAllMocks();
  syncBuiltinESMExports();
});

/** Counts reads of OpenSSL's generator. */
function countReads(): () => number {
  const read = vi.spyOn(crypto, 'randomFillSync');
  syncBuiltinESMExports();
  return () => read.mock.calls.length;
}

test('Math.random with SnapStart returns different numbers from 0 to below 1, evenly distributed', () => {
  replaceMathRandom();
  const numbers = Array.from({ length: 100_000 }, () => Math.random());
  expect(new Set(numbers).size).toBe(numbers.length);
  expect(numbers.every(number => number >= 0 && number < 1)).toBe(true);
  const tenths = Array.from({ length: 10 }, (_, n) => numbers.filter(x => Math.floor(x * 10) === n).length);
  // 10,000 numbers in each interval; the standard deviation is 95.
  for (const count of tenths) expect(Math.abs(count - 10_000)).toBeLessThan(700);
});

test('Math.random with SnapStart reads numbers in batches, and reads again after a reset', () => {
  const reads = countReads();
  const { reset } = replaceMathRandom();
  for (let n = 0; n < 1024; n += 1) Math.random();
  expect(reads()).toBe(1);
  Math.random();
  reset();
  Math.random();
  expect(reads()).toBe(3);
});

test('Math.random with SnapStart reads no numbers in advance with a batch size of one', () => {
  const reads = countReads();
  replaceMathRandom(2);
  for (let n = 0; n < 10; n += 1) Math.random();
  expect(reads()).toBe(10);
});
