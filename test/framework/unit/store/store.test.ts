/** The store on a real DynamoDB API. */
import { type DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createAwsClient } from '../../../../app/framework/aws/aws-client.ts';
import { awsSettings } from '../../../../app/framework/aws/aws-settings.ts';
import {
  createStore,
  ItemTooLargeError,
  MAX_DATA_BYTES,
  type Store,
} from '../../../../app/framework/store/store.ts';
import { startDynamoDb, type TestDynamoDb } from '../../../helpers/dynamodb.ts';

const TABLE = 'mcp-store';
const NOW = Date.UTC(2026, 0, 1);
const EXPIRES = NOW / 1000 + 60;
let dynamo: TestDynamoDb;
let endpoint: string;
let client: DynamoDBClient;
let store: Store;

beforeAll(async () => {
  dynamo = await startDynamoDb(TABLE);
  ({ endpoint, client } = dynamo);
  store = storeAt(NOW);
});

afterAll(() => dynamo?.close());

function storeAt(now: number): Store {
  const callAws = createAwsClient(() => awsSettings({ AWS_ENDPOINT_URL_DYNAMODB: endpoint }));
  return createStore(callAws, { table: () => TABLE, now: () => now });
}

test('putIfAbsent writes an item once, with its data as one JSON attribute', async () => {
  const item = { key: 'test#once', expires: EXPIRES, data: { text: 'ü', missing: undefined, list: [1] } };
  expect(await store.putIfAbsent(item)).toBe(true);
  expect(await store.putIfAbsent({ ...item, data: { text: 'other' } })).toBe(false);
  const { Item } = await client.send(
    new GetItemCommand({ TableName: TABLE, Key: { key: { S: 'test#once' } } }),
  );
  expect(Item).toEqual({
    key: { S: 'test#once' },
    version: { N: '1' },
    expires: { N: String(EXPIRES) },
    data: { S: '{"text":"ü","list":[1]}' },
  });
  expect(await store.get('test#once')).toEqual({
    key: 'test#once',
    version: 1,
    expires: EXPIRES,
    data: { text: 'ü', list: [1] },
  });
  expect(await store.get('test#never')).toBeUndefined();
});

test('only one of many concurrent updates of the same version succeeds', async () => {
  await store.putIfAbsent({ key: 'test#race', expires: EXPIRES, data: { winner: -1 } });
  const item = await store.get<{ winner: number }>('test#race');
  if (!item) throw new Error('The item is missing.');
  const results = await Promise.all(
    Array.from({ length: 20 }, (_, winner) => store.update(item, { winner })),
  );
  const written = results.filter(result => result !== undefined);
  expect(written).toHaveLength(1);
  expect(written[0]).toMatchObject({ version: 2, expires: EXPIRES });
  expect(await store.get('test#race')).toEqual(written[0]);
  expect(await store.update(item, { winner: 99 })).toBeUndefined();
});

test('an update of an item that was deleted does not create it again', async () => {
  const item = { key: 'test#deleted', version: 3, expires: EXPIRES, data: 'data' };
  expect(await store.update(item, 'new')).toBeUndefined();
  expect(await store.get('test#deleted')).toBeUndefined();
});

test('an expired item is absent for get and putIfAbsent, from the second in `expires` on', async () => {
  const item = { key: 'test#expired', expires: EXPIRES, data: 'old' };
  await store.putIfAbsent(item);
  const before = storeAt(EXPIRES * 1000 - 1);
  expect(await before.get(item.key)).toMatchObject({ data: 'old' });
  expect(await before.putIfAbsent({ ...item, data: 'new' })).toBe(false);
  const after = storeAt(EXPIRES * 1000);
  expect(await after.get(item.key)).toBeUndefined();
  expect(await after.putIfAbsent({ ...item, expires: EXPIRES + 60, data: 'new' })).toBe(true);
  expect(await after.get(item.key)).toMatchObject({ version: 1, data: 'new' });
});

test('data up to the limit is stored, and larger data is rejected before it is sent', async () => {
  const quotes = 2;
  const key = 'test#large';
  const largest = 'x'.repeat(MAX_DATA_BYTES - quotes);
  expect(await store.putIfAbsent({ key, expires: EXPIRES, data: largest })).toBe(true);
  const item = await store.get<string>(key);
  expect(item?.data).toBe(largest);
  // The limit is in bytes, not in characters.
  const larger = 'ü'.repeat(MAX_DATA_BYTES / 2);
  const error = await store.putIfAbsent({ key: 'test#larger', expires: EXPIRES, data: larger }).catch(e => e);
  expect(error).toBeInstanceOf(ItemTooLargeError);
  expect(error).toMatchObject({ code: 'ITEM_TOO_LARGE' });
  if (!item) throw new Error('The item is missing.');
  await expect(store.update(item, larger)).rejects.toBeInstanceOf(ItemTooLargeError);
});

test('an operation of the store rejects with an error of DynamoDB that is not a conflict', async () => {
  const callAws = createAwsClient(() => awsSettings({ AWS_ENDPOINT_URL_DYNAMODB: endpoint }));
  const elsewhere = createStore(callAws, { table: () => 'no-such-table' });
  const rejected = { name: 'AwsError', type: 'ResourceNotFoundException' };
  await expect(elsewhere.get('test#any')).rejects.toMatchObject(rejected);
  const item = { key: 'test#any', version: 1, expires: EXPIRES, data: 1 };
  await expect(elsewhere.putIfAbsent(item)).rejects.toMatchObject(rejected);
  await expect(elsewhere.update(item, 2)).rejects.toMatchObject(rejected);
});

test('without MCP_TABLE, an operation rejects and names the setting', async () => {
  const callAws = createAwsClient(() => awsSettings({ AWS_ENDPOINT_URL_DYNAMODB: endpoint }));
  await expect(createStore(callAws).get('test#any')).rejects.toThrow('MCP_TABLE is not set');
});
