/** FastMCP's edge edition, which is a fetch handler; behind Hono's own Lambda adapter. */
import { EdgeFastMCP } from 'fastmcp/edge';
import { streamHandle } from 'hono/aws-lambda';
import { call, DESCRIPTION, INPUT, NAME } from './tool.mjs';

const server = new EdgeFastMCP({ name: 'glossary', version: '1.0.0' });
server.addTool({ name: NAME, description: DESCRIPTION, parameters: INPUT, execute: call });

export const stream = streamHandle({ fetch: request => server.fetch(request) });
