/**
 * Counters and sets in the framework's DynamoDB table: items that concurrent invocations change by one write each, without reading
 * them. An item has the attributes `key` (S), `expires` (N, the table's time to live) and `count` (N) or `members` (SS).
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.UpdateExpressions.html
 */
import type { CallAws } from '../aws/aws-client.ts';
import { createTableClient, holds } from './store.ts';

/** The maximum value after a change, and the expiry of the item, in seconds since 1970. */
export interface Bounds {
  max: number;
  expires: number;
}

/** If the response to a change is lost, the change is retried: a counter may then be increased twice. */
export interface Counters {
  /** Adds to a counter, which starts at 0. Returns false and changes nothing if it would exceed `max`. One write in either case. */
  increment(key: string, by: number, bounds: Bounds): Promise<boolean>;
  /** Adds members to a set. Returns false and changes nothing if it would have more than `max`. One write in either case. */
  addMembers(key: string, members: readonly string[], bounds: Bounds): Promise<boolean>;
  /** Returns the members, read consistently. */
  members(key: string): Promise<string[]>;
  removeMembers(key: string, members: readonly string[]): Promise<void>;
}

interface Output {
  Item?: { members?: { SS: string[] } };
}

export function createCounters(callAws: CallAws, table: string): Counters {
  const dynamo = createTableClient<Output>(callAws, () => table);
  return {
    async increment(key, by, { max, expires }) {
      if (by > max) return false;
      return holds(
        dynamo('UpdateItem', {
          Key: { key: { S: key } },
          UpdateExpression: 'ADD #count :by SET #expires = :expires',
          ConditionExpression: 'attribute_not_exists(#count) OR #count <= :room',
          ExpressionAttributeNames: { '#count': 'count', '#expires': 'expires' },
          ExpressionAttributeValues: { ...boundsOf(max - by, expires), ':by': { N: String(by) } },
        }),
      );
    },
    async addMembers(key, members, { max, expires }) {
      if (members.length > max) return false;
      return holds(
        dynamo('UpdateItem', {
          Key: { key: { S: key } },
          UpdateExpression: 'ADD #members :members SET #expires = :expires',
          ConditionExpression: 'attribute_not_exists(#members) OR size(#members) <= :room',
          ExpressionAttributeNames: { '#members': 'members', '#expires': 'expires' },
          ExpressionAttributeValues: {
            ...boundsOf(max - members.length, expires),
            ':members': { SS: members },
          },
        }),
      );
    },
    async members(key) {
      const { Item } = await dynamo('GetItem', { Key: { key: { S: key } }, ConsistentRead: true });
      return Item?.members?.SS ?? [];
    },
    async removeMembers(key, members) {
      // Without the condition, a deleted item would be created again, without an expiry.
      await holds(
        dynamo('UpdateItem', {
          Key: { key: { S: key } },
          UpdateExpression: 'DELETE #members :members',
          ConditionExpression: 'attribute_exists(#members)',
          ExpressionAttributeNames: { '#members': 'members' },
          ExpressionAttributeValues: { ':members': { SS: members } },
        }),
      );
    },
  };
}

function boundsOf(room: number, expires: number): object {
  return { ':room': { N: String(room) }, ':expires': { N: String(expires) } };
}
