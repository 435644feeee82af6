/** The same tool as a stdio server: what is put behind adapters of stdio. */
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { call, DESCRIPTION, INPUT, NAME } from './tool.mjs';

const server = new McpServer({ name: 'glossary', version: '1.0.0' });
server.registerTool(NAME, { description: DESCRIPTION, inputSchema: INPUT.shape }, call);
await server.connect(new StdioServerTransport());
