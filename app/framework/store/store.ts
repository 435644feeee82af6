/**
 * The framework's DynamoDB table: data that outlives an invocation. An item has the attributes `key` (S), `version` (N), `expires`
 * (N, the table's time to live) and `data` (S, JSON); it is read and written whole and by its key alone.
 *
 * Every kind of item has a prefix in its key, such as `task#`. Writes are conditional, so that concurrent invocations cannot
 * overwrite each other. DynamoDB takes up to a few days to delete an expired item; until then the store treats it as absent.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.ConditionExpressions.html
 */
import { AwsError, type CallAws } from '../aws/aws-client.ts';
import { config } from '../config.ts';

export interface Item<Data> {
  key: string;
  /** Counts the writes, from 1. */
  version: number;
  /** In seconds since 1970. */
  expires: number;
  data: Data;
}

export interface Store {
  /** Returns the item, read consistently, or undefined if there is none or it has expired. */
  get<Data>(key: string): Promise<Item<Data> | undefined>;
  /**
   * Writes a new item. Returns false if there is one that has not expired. That includes an item that this call itself wrote, if
   * the response was lost and the call was retried. Rejects with {@link ItemTooLargeError}.
   */
  putIfAbsent<Data>(item: Omit<Item<Data>, 'version'>): Promise<boolean>;
  /**
   * Replaces the data if the item is still at the version that was read, and returns the new item; else undefined. As for
   * {@link putIfAbsent}, a lost response can make a successful write look like a conflict. Rejects with
   * {@link ItemTooLargeError}.
   */
  update<Data>(item: Item<Data>, data: Data): Promise<Item<Data> | undefined>;
}

/** The data does not fit into a DynamoDB item. */
export class ItemTooLargeError extends Error {
  override readonly name = 'ItemTooLargeError';
  readonly code = 'ITEM_TOO_LARGE';
}

/** DynamoDB's limit is 400 KB for an item; 1 KB is for the key, the numbers and the attribute names. */
export const MAX_DATA_BYTES = 399 * 1024;

type Attributes = Record<'key' | 'data', { S: string }> & Record<'version' | 'expires', { N: string }>;

/**
 * Creates the store. It reads the name of the table on each operation, so that a function without a table can serve other requests.
 */
export function createStore(
  callAws: CallAws,
  { table = tableName, now = Date.now }: { table?: () => string; now?: () => number } = {},
): Store {
  const dynamo = createTableClient<{ Item?: Attributes }>(callAws, table);

  const put = async (item: Item<unknown>, condition: object): Promise<boolean> =>
    holds(dynamo('PutItem', { Item: toAttributes(item), ...condition }));

  return {
    async get<Data>(key: string) {
      const { Item } = await dynamo('GetItem', { Key: { key: { S: key } }, ConsistentRead: true });
      const item = Item && fromAttributes<Data>(Item);
      return item && item.expires * 1000 > now() ? item : undefined;
    },
    putIfAbsent: item =>
      put(
        { ...item, version: 1 },
        {
          ConditionExpression: 'attribute_not_exists(#key) OR #expires <= :now',
          ExpressionAttributeNames: { '#key': 'key', '#expires': 'expires' },
          ExpressionAttributeValues: { ':now': { N: String(Math.floor(now() / 1000)) } },
        },
      ),
    async update(item, data) {
      const next = { ...item, version: item.version + 1, data };
      const written = await put(next, {
        ConditionExpression: '#version = :version',
        ExpressionAttributeNames: { '#version': 'version' },
        ExpressionAttributeValues: { ':version': { N: String(item.version) } },
      });
      return written ? next : undefined;
    },
  };
}

/** Calls an operation of DynamoDB on the table. */
export function createTableClient<Output>(
  callAws: CallAws,
  table: () => string,
): (operation: string, input: object) => Promise<Output> {
  return async function callTable(operation, input) {
    const text = await callAws('dynamodb', {
      path: '/',
      headers: {
        'content-type': 'application/x-amz-json-1.0',
        'x-amz-target': `DynamoDB_20120810.${operation}`,
      },
      body: JSON.stringify({ TableName: table(), ...input }),
    });
    return JSON.parse(text);
  };
}

/** Returns whether the condition of a conditional write held. */
export async function holds(write: Promise<unknown>): Promise<boolean> {
  try {
    await write;
    return true;
  } catch (error) {
    if (error instanceof AwsError && error.type === 'ConditionalCheckFailedException') return false;
    throw error;
  }
}

function toAttributes({ key, version, expires, data }: Item<unknown>): Attributes {
  const json = JSON.stringify(data);
  const bytes = Buffer.byteLength(json);
  if (bytes > MAX_DATA_BYTES)
    throw new ItemTooLargeError(
      `An item of ${bytes} bytes does not fit into DynamoDB, which stores ${MAX_DATA_BYTES}. Store less, or a link to it.`,
    );
  return {
    key: { S: key },
    version: { N: String(version) },
    expires: { N: String(expires) },
    data: { S: json },
  };
}

function fromAttributes<Data>({ key, version, expires, data }: Attributes): Item<Data> {
  return {
    key: key.S,
    version: Number(version.N),
    expires: Number(expires.N),
    data: JSON.parse(data.S),
  };
}

function tableName(): string {
  const { MCP_TABLE } = config();
  if (!MCP_TABLE)
    throw new Error(
      'MCP_TABLE is not set, so the framework has no DynamoDB table. Terraform sets it with tasks = { enabled = true } or limits = { enabled = true }.',
    );
  return MCP_TABLE;
}
