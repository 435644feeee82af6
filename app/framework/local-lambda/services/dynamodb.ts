/**
 * DynamoDB in memory, by dynalite: the tables that a setting names, there when it starts and gone when it ends.
 *
 * dynalite's own server is not used: it throws, and takes the process along, when a caller dies in the middle of a request,
 * and lets any page in a browser in. Here a request has been read to its end and its signature checked before dynalite gets
 * it. What dynalite lacks is lacking here: a time to live is taken and nothing deleted, nothing is throttled.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import dynalite from 'dynalite';

export interface Table {
  name: string;
  /** Name of the partition key, a string. */
  key: string;
}

/** A signed request to an operation, and the answer. */
export type DynamoDb = (
  headers: Readonly<Record<string, string>>,
  body: Buffer | string,
) => Promise<Response>;

export async function createDynamoDb(tables: readonly Table[]): Promise<DynamoDb> {
  const server = dynalite({ createTableMs: 0 });
  const dynamoDb: DynamoDb = (headers, body) =>
    new Promise(resolve => {
      const request = Object.assign(Readable.from([Buffer.from(body)]), {
        method: 'POST',
        url: '/',
        headers,
      });
      const answered = new Headers();
      const response = {
        statusCode: 200,
        setHeader: (name: string, value: string | number) => answered.set(name, String(value)),
        end(text?: string) {
          resolve(new Response(text ?? null, { status: this.statusCode, headers: answered }));
        },
      };
      server.emit('request', request as unknown as IncomingMessage, response as unknown as ServerResponse);
    });
  for (const table of tables) await createTable(dynamoDb, table);
  return dynamoDb;
}

/** Settles when it can be used. */
async function createTable(dynamoDb: DynamoDb, { name, key }: Table): Promise<void> {
  await call(dynamoDb, 'CreateTable', {
    TableName: name,
    BillingMode: 'PAY_PER_REQUEST',
    KeySchema: [{ AttributeName: key, KeyType: 'HASH' }],
    AttributeDefinitions: [{ AttributeName: key, AttributeType: 'S' }],
  });
  for (;;) {
    const { Table } = await call(dynamoDb, 'DescribeTable', { TableName: name });
    if (Table?.TableStatus === 'ACTIVE') return;
  }
}

async function call(
  dynamoDb: DynamoDb,
  operation: string,
  input: object,
): Promise<{ Table?: { TableStatus?: string } }> {
  const headers = {
    'content-type': 'application/x-amz-json-1.0',
    'x-amz-target': `DynamoDB_20120810.${operation}`,
    'x-amz-date': '20260101T000000Z',
    // dynalite asks that there is one; whether it holds is checked before.
    authorization: 'AWS4-HMAC-SHA256 Credential=local, SignedHeaders=host, Signature=none',
  };
  const answer = await dynamoDb(headers, JSON.stringify(input));
  if (!answer.ok) throw new Error(`DynamoDB did not do ${operation}: ${await answer.text()}`);
  return (await answer.json()) as { Table?: { TableStatus?: string } };
}
