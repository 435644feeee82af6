/**
 * YOURS: which MCP server is mounted at which path. A server is a function that returns an `McpServer`; write yours next to
 * app/servers/time.ts and mount it here.
 */
import { Hono } from 'hono';
import { mcp } from '#framework';
import { time } from './servers/time.ts';
import { weather } from './servers/weather/weather.ts';

export const routes = new Hono().route('/mcp', mcp(time)).route('/weather', mcp(weather));
