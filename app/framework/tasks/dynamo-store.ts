/**
 * Tasks in a DynamoDB table with the key `key`, a string, and the time to live `expires`. An item is read and written by
 * its key alone. Expired items that DynamoDB has not deleted yet (that takes up to some days) count as not there.
 *
 * https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateItem.html
 */
import { AwsError, type CallAws } from '../aws/aws-client.ts';
import { type Changes, type TaskStore, TaskTooLargeError } from './store.ts';
import type { Task } from './task.ts';

type Attribute = { S: string } | { N: string };
type Item = Record<string, Attribute>;

/** Kept as they are; everything else as JSON. */
const TEXTS = new Set(['key', 'status', 'statusMessage', 'lease']);

/** DynamoDB's limit for an item, names included, less some for the fields that change. */
const MAX_BYTES = 400 * 1024 - 4 * 1024;

export function dynamoStore(call: CallAws, table: string, now = Date.now): TaskStore {
  const dynamo = async (operation: string, input: object): Promise<{ Item?: Item; Attributes?: Item }> => {
    const answer = await call('dynamodb', {
      path: '/',
      headers: {
        'content-type': 'application/x-amz-json-1.0',
        'x-amz-target': `DynamoDB_20120810.${operation}`,
      },
      body: JSON.stringify({ TableName: table, ...input }),
    });
    return JSON.parse(answer);
  };

  return {
    async create(task) {
      const Item = itemOf({ ...task });
      requireSize(sizeOf(Item));
      await dynamo('PutItem', {
        Item,
        ConditionExpression: 'attribute_not_exists(#key)',
        ExpressionAttributeNames: { '#key': 'key' },
      }).catch(error => {
        // Nobody else makes this key: an attempt whose answer was lost has come through.
        if (!isRefusedByCondition(error)) throw error;
      });
    },
    async get(key) {
      const { Item } = await dynamo('GetItem', { Key: { key: { S: key } }, ConsistentRead: true });
      const task = Item && taskOf(Item);
      return task && task.expires * 1000 > now() ? task : undefined;
    },
    async update(task, changes) {
      const next = { ...changes, version: task.version + 1 };
      requireSize(sizeOf(itemOf({ ...task, ...next })));
      const input = updateInput(next);
      input.ExpressionAttributeNames['#was'] = 'version';
      const ExpressionAttributeValues = { ...input.values, ':was': { N: String(task.version) } };
      const { ExpressionAttributeNames, UpdateExpression } = input;
      try {
        const { Attributes } = await dynamo('UpdateItem', {
          Key: { key: { S: task.key } },
          UpdateExpression,
          ExpressionAttributeNames,
          ExpressionAttributeValues,
          ConditionExpression: '#was = :was',
          ReturnValues: 'ALL_NEW',
        });
        return Attributes && taskOf(Attributes);
      } catch (error) {
        if (isRefusedByCondition(error)) return undefined;
        throw error;
      }
    },
  };
}

function isRefusedByCondition(error: unknown): boolean {
  return error instanceof AwsError && error.type === 'ConditionalCheckFailedException';
}

function updateInput(changes: Changes) {
  const given = Object.entries(changes);
  const set = given.filter(([, value]) => value !== undefined).map(([name]) => name);
  const removed = given.filter(([, value]) => value === undefined).map(([name]) => name);
  const values = Object.entries(itemOf(changes)).map(([name, value]) => [`:${name}`, value]);
  const remove = removed.length > 0 ? ` REMOVE ${removed.map(name => `#${name}`).join(', ')}` : '';
  return {
    UpdateExpression: `SET ${set.map(name => `#${name} = :${name}`).join(', ')}${remove}`,
    ExpressionAttributeNames: Object.fromEntries(given.map(([name]) => [`#${name}`, name])) as Record<
      string,
      string
    >,
    values: Object.fromEntries(values) as Item,
  };
}

function itemOf(fields: Changes): Item {
  const present = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(present.map(([name, value]) => [name, attributeOf(name, value)]));
}

function attributeOf(name: string, value: unknown): Attribute {
  if (typeof value === 'number') return { N: String(value) };
  return { S: TEXTS.has(name) ? String(value) : JSON.stringify(value) };
}

function taskOf(item: Item): Task {
  const fields = Object.entries(item).map(([name, attribute]) => {
    if ('N' in attribute) return [name, Number(attribute.N)];
    return [name, TEXTS.has(name) ? attribute.S : JSON.parse(attribute.S)];
  });
  return Object.fromEntries(fields);
}

/** As DynamoDB counts: the bytes of names and values in UTF-8. */
function sizeOf(item: Item): number {
  return Object.entries(item).reduce(
    (sum, [name, attribute]) =>
      sum + name.length + ('N' in attribute ? attribute.N.length : Buffer.byteLength(attribute.S)),
    0,
  );
}

function requireSize(bytes: number): void {
  if (bytes > MAX_BYTES)
    throw new TaskTooLargeError(`The task has ${bytes} bytes, and DynamoDB takes ${MAX_BYTES}.`);
}
