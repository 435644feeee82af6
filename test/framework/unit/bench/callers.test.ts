/** The measurement of `npm run bench -- --callers`: that it measures what it says. How long it takes is not asserted. */
import { expect, test } from 'vitest';
import { measureCallers, NODE_SUBJECT } from '../../../../scripts/bench/callers.ts';

test('new callers have an environment each, whose init is part of the first call', async () => {
  const { inits, firsts, laters } = await measureCallers(NODE_SUBJECT, 2);
  expect([inits.length, firsts.length, laters.length]).toEqual([2, 2, 20]);
  for (const [at, init] of inits.entries()) expect(firsts[at]).toBeGreaterThan(init);
});
