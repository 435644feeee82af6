/** SDK v1, stateless, as its documentation mounts it on Hono; behind Hono's own Lambda adapter. */
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js';
import { Hono } from 'hono';
import { streamHandle } from 'hono/aws-lambda';
import { call, DESCRIPTION, INPUT, NAME } from './tool.mjs';

const app = new Hono();
app.all('/mcp', async c => {
  const server = new McpServer({ name: 'glossary', version: '1.0.0' });
  server.registerTool(NAME, { description: DESCRIPTION, inputSchema: INPUT.shape }, call);
  const transport = new WebStandardStreamableHTTPServerTransport({ sessionIdGenerator: undefined });
  await server.connect(transport);
  return transport.handleRequest(c.req.raw);
});

export const stream = streamHandle(app);
