/**
 * Test tools for protocol features of a call: progress, logging, schemas, `Mcp-Param-*` headers, resumption.
 */
import { fromJsonSchema, type McpServer } from '@modelcontextprotocol/server';
import * as z from 'zod';
import { pause, text } from './fixtures.ts';
import dialectSchema from './json-schema-2020-12.json' with { type: 'json' };

/** Pause between two messages, so that a client receives them one by one. */
const STEP_MS = 50;

export function registerProtocolTools(server: McpServer): void {
  registerProgressAndLogging(server);
  registerSchemas(server);

  server.registerTool(
    'test_reconnection',
    { description: 'Closes the stream under the client, which resumes it and gets the response there.' },
    async ctx => {
      // Exists only if events are stored to resume from. A stateless server responds on the stream of the call.
      ctx.http?.closeSSE?.();
      await pause(STEP_MS);
      return text('Reconnection test completed');
    },
  );
}

function registerProgressAndLogging(server: McpServer): void {
  server.registerTool(
    'test_tool_with_progress',
    { description: 'Reports progress in three steps.' },
    async ctx => {
      const progressToken = ctx.mcpReq._meta?.progressToken;
      if (progressToken === undefined) return text('The request has no progress token.');
      for (const progress of [0, 50, 100]) {
        await ctx.mcpReq.notify({
          method: 'notifications/progress',
          params: { progressToken, progress, total: 100, message: `Completed step ${progress} of 100` },
        });
        await pause(STEP_MS);
      }
      return text(`Progress reported to ${progressToken}.`);
    },
  );

  server.registerTool(
    'test_tool_with_logging',
    { description: 'Logs three times while it runs.' },
    async ctx => {
      await ctx.mcpReq.log('info', 'Tool execution started');
      await pause(STEP_MS);
      await ctx.mcpReq.log('info', 'Tool processing data');
      await pause(STEP_MS);
      await ctx.mcpReq.log('info', 'Tool execution completed');
      return text('Tool with logging executed successfully');
    },
  );

  server.registerTool(
    'test_logging_tool',
    { description: 'Logs once; on 2026-07-28 the line is sent only to a request that set a log level.' },
    async ctx => {
      await ctx.mcpReq.log('info', 'test_logging_tool ran');
      return text('Logged.');
    },
  );
}

function registerSchemas(server: McpServer): void {
  server.registerTool(
    'json_schema_2020_12_tool',
    {
      description:
        'Its input schema uses what JSON Schema 2020-12 has beyond zod; it must be listed unaltered.',
      inputSchema: fromJsonSchema<Record<string, unknown>>(dialectSchema),
    },
    args => text(`Called with ${JSON.stringify(args)}`),
  );

  server.registerTool(
    'test_x_mcp_header',
    {
      description: 'A client mirrors the region into the Mcp-Param-Region header; the two must agree.',
      inputSchema: z.object({ region: z.string().optional().meta({ 'x-mcp-header': 'Region' }) }),
    },
    ({ region }) => text(`region=${region ?? 'none'}`),
  );
}
