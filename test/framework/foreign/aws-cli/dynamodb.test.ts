/**
 * The suites of the framework's table on moto's DynamoDB, which evaluates expressions and conditions by itself, as dynalite does:
 * the store and its counters, tasks, limits, tenants. Two tests are left out, because moto's limit for an item is below DynamoDB's;
 * the last test fails when that is no longer so.
 */
import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MAX_DATA_BYTES } from '../../../../app/framework/store/store.ts';
import { startDynamoDb, type TestDynamoDb } from '../../../helpers/dynamodb.ts';
import { describeWith } from '../../../helpers/skipped-suites.ts';
import { runSuites, type Selection } from '../nested-suites.ts';
import { findAwsCli } from './moto.ts';

const MOTO = { TEST_DYNAMODB: 'moto' };
/** LimitedSizeDict in moto/dynamodb/models/dynamo_type.py. */
const MOTO_ITEM_BYTES = 405_000;
/** 400 KB of 1,024 bytes: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html */
const DYNAMODB_ITEM_BYTES = 409_600;

interface Suite extends Selection {
  /** Below test/framework/unit. */
  file: string;
  /** At least so many tests pass. */
  tests: number;
}

const SUITES: readonly Suite[] = [
  {
    file: 'store/store.test.ts',
    tests: 6,
    leftOut: ['data up to the limit is stored, and larger data is rejected before it is sent'],
  },
  { file: 'store/counters.test.ts', tests: 3 },
  {
    file: 'tasks/tasks.test.ts',
    tests: 30,
    leftOut: ['progress whose text is long in JSON fits into the item with the largest arguments'],
  },
  // Its other tests start the local Lambda's own DynamoDB.
  { file: 'tasks/processes.test.ts', tests: 3, only: 'with MCP_TABLE' },
  { file: 'limits/call-limiter.test.ts', tests: 50 },
  { file: 'limits/invocation.test.ts', tests: 12 },
  { file: 'lambda/tenants.test.ts', tests: 3 },
];

describeWith(await findAwsCli())('on moto', () => {
  test.each(SUITES)('$file passes', async ({ file, tests, ...selection }) => {
    const passed = await runSuites([`test/framework/unit/${file}`], MOTO, selection);
    expect(passed).toBeGreaterThanOrEqual(tests);
  });

  describe('left out', () => {
    let dynamo: TestDynamoDb;
    beforeAll(async () => {
      dynamo = await startDynamoDb('sizes', 'moto');
    });
    afterAll(() => dynamo?.close());

    const put = (bytes: number) => {
      const attributes = 'key'.length + 'one'.length + 'data'.length;
      const Item = { key: { S: 'one' }, data: { S: 'x'.repeat(bytes - attributes) } };
      return dynamo.client.send(new PutItemCommand({ TableName: 'sizes', Item }));
    };

    test.each(SUITES.flatMap(({ file, leftOut = [] }) => leftOut.map(name => [file, name])))(
      `%s "%s": moto stores ${MOTO_ITEM_BYTES} bytes in an item, DynamoDB ${DYNAMODB_ITEM_BYTES}`,
      async () => {
        expect(MAX_DATA_BYTES).toBeGreaterThan(MOTO_ITEM_BYTES);
        expect(MAX_DATA_BYTES).toBeLessThan(DYNAMODB_ITEM_BYTES);
        await put(MOTO_ITEM_BYTES);
        await expect(put(MOTO_ITEM_BYTES + 1)).rejects.toThrow(
          'Item size has exceeded the maximum allowed size',
        );
      },
    );
  });
});
