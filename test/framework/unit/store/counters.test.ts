/** Counters and sets on a real DynamoDB API. */
import { type DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createAwsClient } from '../../../../app/framework/aws/aws-client.ts';
import { awsSettings } from '../../../../app/framework/aws/aws-settings.ts';
import { type Counters, createCounters } from '../../../../app/framework/store/counters.ts';
import { startDynamoDb, type TestDynamoDb } from '../../../helpers/dynamodb.ts';

const TABLE = 'mcp-store';
const EXPIRES = Math.ceil(Date.now() / 1000) + 60;
let dynamo: TestDynamoDb;
let client: DynamoDBClient;
let counters: Counters;

beforeAll(async () => {
  dynamo = await startDynamoDb(TABLE);
  const { endpoint } = dynamo;
  client = dynamo.client;
  const callAws = createAwsClient(() => awsSettings({ AWS_ENDPOINT_URL_DYNAMODB: endpoint }));
  counters = createCounters(callAws, TABLE);
});
afterAll(() => dynamo?.close());

async function attributes(key: string) {
  const { Item } = await client.send(new GetItemCommand({ TableName: TABLE, Key: { key: { S: key } } }));
  return Item;
}

test('a counter accepts additions up to its maximum, even if they are concurrent', async () => {
  const bounds = { max: 10, expires: EXPIRES };
  const results = await Promise.all(
    Array.from({ length: 20 }, () => counters.increment('test#race', 1, bounds)),
  );
  expect(results.filter(Boolean)).toHaveLength(10);
  const five = { max: 5, expires: EXPIRES };
  expect(await counters.increment('test#several', 4, five)).toBe(true);
  expect(await counters.increment('test#several', 2, five)).toBe(false);
  expect(await counters.increment('test#several', 1, five)).toBe(true);
  expect(await counters.increment('test#over', 6, five)).toBe(false);
  expect(await attributes('test#several')).toEqual({
    key: { S: 'test#several' },
    count: { N: '5' },
    expires: { N: String(EXPIRES) },
  });
  expect(await attributes('test#over')).toBeUndefined();
});

test('a set accepts members up to its maximum, even if they are added concurrently, and members can be removed', async () => {
  const key = 'test#set';
  const bounds = { max: 3, expires: EXPIRES };
  const names = Array.from({ length: 12 }, (_, at) => `member-${at}`);
  const results = await Promise.all(names.map(name => counters.addMembers(key, [name], bounds)));
  const added = names.filter((_, at) => results[at]);
  expect(added).toHaveLength(3);
  expect((await counters.members(key)).toSorted()).toEqual(added.toSorted());
  expect(await attributes(key)).toEqual({
    key: { S: key },
    members: { SS: expect.anything() },
    expires: { N: String(EXPIRES) },
  });
  await counters.removeMembers(key, [added[0] ?? '', 'never a member']);
  expect(await counters.addMembers(key, ['two', 'at once'], bounds)).toBe(false);
  expect(await counters.addMembers(key, ['one'], bounds)).toBe(true);
  await counters.removeMembers(key, await counters.members(key));
  expect(await counters.members(key)).toEqual([]);
  expect(await counters.addMembers(key, ['a', 'b', 'c', 'd'], bounds)).toBe(false);
  expect(await counters.addMembers(key, ['a', 'b', 'c'], bounds)).toBe(true);
  await counters.removeMembers('test#deleted', ['a']);
  expect(await attributes('test#deleted')).toBeUndefined();
});

test('an operation on counters rejects with an error of DynamoDB', async () => {
  const callAws = createAwsClient(() =>
    awsSettings({
      AWS_ENDPOINT_URL_DYNAMODB: dynamo.endpoint,
    }),
  );
  const elsewhere = createCounters(callAws, 'no-such-table');
  const rejected = { type: 'ResourceNotFoundException' };
  const bounds = { max: 1, expires: EXPIRES };
  await expect(elsewhere.increment('test#any', 1, bounds)).rejects.toMatchObject(rejected);
  await expect(elsewhere.addMembers('test#any', ['a'], bounds)).rejects.toMatchObject(rejected);
  await expect(elsewhere.members('test#any')).rejects.toMatchObject(rejected);
  await expect(elsewhere.removeMembers('test#any', ['a'])).rejects.toMatchObject(rejected);
});
