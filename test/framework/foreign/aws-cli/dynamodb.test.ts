/**
 * The framework's table on moto's DynamoDB, which judges expressions and conditions by itself, as dynalite does. Left out is what
 * moto does not do as DynamoDB: writes at the same time are not atomic, and an item counts more bytes.
 */
import { expect, test } from 'vitest';
import { describeWith } from '../../../helpers/skipped-suites.ts';
import { runSuites } from '../nested-suites.ts';
import { findAwsCli } from './moto.ts';

const FILES = ['test/framework/unit/store/store.test.ts', 'test/framework/unit/store/counters.test.ts'];
const NAMES = '^(?!.*(?:concurrent|up to the limit))';

describeWith(await findAwsCli())('on moto', () => {
  test('the store and its counters pass', async () => {
    expect(await runSuites(FILES, { TEST_DYNAMODB: 'moto' }, NAMES)).toBeGreaterThan(5);
  }, 600_000);
});
