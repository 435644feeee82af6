/** Starts a DynamoDB API on this machine with one table like the framework's: dynalite or, if TEST_DYNAMODB is `moto`, moto. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import dynalite from 'dynalite';
import { findAwsCli, startMoto } from '../framework/foreign/aws-cli/moto.ts';

export interface TestDynamoDb {
  endpoint: string;
  client: DynamoDBClient;
  close(): Promise<void>;
}

export async function startDynamoDb(
  table: string,
  program = process.env.TEST_DYNAMODB,
): Promise<TestDynamoDb> {
  const server = program === 'moto' ? await moto() : await inMemory();
  const credentials = { accessKeyId: 'none', secretAccessKey: 'none' };
  const client = new DynamoDBClient({ endpoint: server.url, region: 'us-east-1', credentials });
  await client.send(
    new CreateTableCommand({
      TableName: table,
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: [{ AttributeName: 'key', KeyType: 'HASH' }],
      AttributeDefinitions: [{ AttributeName: 'key', AttributeType: 'S' }],
    }),
  );
  return {
    endpoint: server.url,
    client,
    async close() {
      client.destroy();
      await server.close();
    },
  };
}

async function inMemory() {
  const server = dynalite({ createTableMs: 0 });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => void server.close(),
  };
}

async function moto() {
  const programs = await findAwsCli();
  if ('missing' in programs) throw new Error(programs.missing);
  return startMoto(programs.found);
}
