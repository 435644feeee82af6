/** Vercel's mcp-handler, mounted on Hono as its README says; behind Hono's own Lambda adapter. */
import { Hono } from 'hono';
import { streamHandle } from 'hono/aws-lambda';
import { createMcpHandler } from 'mcp-handler';
import { call, DESCRIPTION, INPUT, NAME } from './tool.mjs';

const handle = createMcpHandler(server => {
  server.registerTool(NAME, { description: DESCRIPTION, inputSchema: INPUT }, call);
});
const app = new Hono();
app.all('/mcp', c => handle(c.req.raw));

export const stream = streamHandle(app);
