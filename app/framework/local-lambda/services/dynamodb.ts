/**
 * DynamoDB in memory, by dynalite. The tables of the setting are created at the start and end with the process.
 *
 * dynalite's own server is not used: it ends the process if a caller disconnects during a request, and accepts requests of web pages.
 * Here dynalite gets a request only after it was read completely and its signature was verified. As in dynalite, TTL does not delete
 * items and requests are not throttled.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import dynalite from 'dynalite';

export interface Table {
  name: string;
  /** Name of the partition key, a string. */
  key: string;
}

/** Sends a signed request to an operation and returns the response. */
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
      const responseHeaders = new Headers();
      const response = {
        statusCode: 200,
        setHeader: (name: string, value: string | number) => responseHeaders.set(name, String(value)),
        end(text?: string) {
          resolve(new Response(text ?? null, { status: this.statusCode, headers: responseHeaders }));
        },
      };
      server.emit('request', request as unknown as IncomingMessage, response as unknown as ServerResponse);
    });
  for (const table of tables) await createTable(dynamoDb, table);
  return dynamoDb;
}

/** Creates a table and resolves when it is active. */
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
    // dynalite requires this header but does not verify it; the signature is verified before.
    authorization: 'AWS4-HMAC-SHA256 Credential=local, SignedHeaders=host, Signature=none',
  };
  const response = await dynamoDb(headers, JSON.stringify(input));
  if (!response.ok) throw new Error(`DynamoDB: ${operation} failed: ${await response.text()}`);
  return (await response.json()) as { Table?: { TableStatus?: string } };
}
