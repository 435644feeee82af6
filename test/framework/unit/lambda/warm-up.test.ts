/** The warm-up during init, and whether it takes place. */
import { expect, test } from 'vitest';
import { warmUpPays } from '../../../../app/framework/lambda/warm-up.ts';

test.each([
  ['128', 'on-demand', true],
  ['1768', 'on-demand', true],
  ['1769', 'on-demand', false],
  ['10240', 'on-demand', false],
  ['1769', undefined, false],
  ['1769', 'provisioned-concurrency', true],
  ['10240', 'snap-start', true],
])('a function with %s MB, initialized %s: warm-up %s', (memory, initialization, expected) => {
  expect(
    warmUpPays({
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: memory,
      ...(initialization !== undefined && { AWS_LAMBDA_INITIALIZATION_TYPE: initialization }),
    }),
  ).toBe(expected);
});
