/**
 * The file you edit: which MCP server is mounted at which path. Nothing else needs to change.
 *
 * A server is a function that returns an `McpServer`; write yours beside app/servers/weather/weather.ts and mount it here.
 */
import { Hono } from 'hono';
import { mcp } from './framework/mcp/mcp.ts';
import { weather } from './servers/weather/weather.ts';

export const routes = new Hono().route('/mcp', mcp(weather));
