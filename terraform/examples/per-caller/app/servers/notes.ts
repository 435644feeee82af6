/**
 * Notes that outlive an execution environment, and that all environments of a caller share: an item of a table for each caller, by
 * its tenant ID.
 */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { type McpRequestContext, McpServer } from '@modelcontextprotocol/server';
import * as z from 'zod';
import { settings } from '../settings.ts';

const table = DynamoDBDocumentClient.from(new DynamoDBClient());

export function notes({ authInfo }: McpRequestContext): McpServer {
  const server = new McpServer({ name: 'notes', version: '1.0.0' });
  /** Without a tenant ID, callers would share an item. */
  const item = () => {
    const { tenant } = authInfo?.extra ?? {};
    if (typeof tenant !== 'string') throw new Error('Notes need a caller with a subject.');
    return { TableName: settings().NOTES_TABLE, Key: { tenant } };
  };

  server.registerTool(
    'add_note',
    { description: 'Keeps a note of the caller.', inputSchema: z.object({ text: z.string().max(1_000) }) },
    async ({ text }) => {
      await table.send(
        new UpdateCommand({
          ...item(),
          // One write, so that parallel calls lose nothing.
          UpdateExpression: 'SET notes = list_append(if_not_exists(notes, :none), :new)',
          ExpressionAttributeValues: { ':none': [], ':new': [text] },
        }),
      );
      return { content: [{ type: 'text', text: 'Kept.' }] };
    },
  );

  server.registerTool('list_notes', { description: 'Returns the notes of the caller.' }, async () => {
    const { Item } = await table.send(new GetCommand({ ...item(), ConsistentRead: true }));
    return { content: [{ type: 'text', text: JSON.stringify(Item?.notes ?? []) }] };
  });
  return server;
}
