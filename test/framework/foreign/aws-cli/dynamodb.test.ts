/** The framework's table, limits and tasks on moto's DynamoDB, which judges expressions and conditions by itself, as dynalite does. */
import { expect, test } from 'vitest';
import { describeWith } from '../../../helpers/skipped-suites.ts';
import { runSuites } from '../nested-suites.ts';
import { findAwsCli } from './moto.ts';

const SUITES = ['store/store', 'store/counters', 'limits/call-limiter', 'tasks/tasks'];

describeWith(await findAwsCli())('on moto', () => {
  test.each(SUITES)(
    '%s passes',
    async suite => {
      const file = `test/framework/unit/${suite}.test.ts`;
      expect(await runSuites([file], { TEST_DYNAMODB: 'moto' })).toBeGreaterThan(5);
    },
    600_000,
  );
});
