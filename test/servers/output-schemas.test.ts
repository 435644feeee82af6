/** Output schemas of the example servers that strict clients, such as the Inspector with --strict, accept without a warning. */
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import type { McpServer } from '@modelcontextprotocol/server';
import { Hono } from 'hono';
import { expect, test } from 'vitest';
import { mcp } from '#framework';
import { climate } from '../../app/servers/climate.ts';
import { time } from '../../app/servers/time.ts';
import { weather } from '../../app/servers/weather/weather.ts';

test.each<[string, () => McpServer]>([
  ['time', time],
  ['weather', weather],
  ['climate', climate],
])('the server %s has output schemas without null and without lists of types', async (_name, factory) => {
  const app = new Hono().route('/mcp', mcp(factory, { auth: 'none' }));
  const fetch = async (url: string | URL, init?: RequestInit) => app.request(new Request(url, init));
  const client = new Client({ name: 'test', version: '1.0.0' }, { versionNegotiation: { mode: 'auto' } });
  await client.connect(new StreamableHTTPClientTransport(new URL('http://localhost/mcp'), { fetch }));
  const { tools } = await client.listTools();
  await client.close();
  expect(tools.length).toBeGreaterThan(0);
  for (const { name, outputSchema } of tools) {
    expect(outputSchema, name).toBeDefined();
    expect(JSON.stringify(outputSchema), name).not.toMatch(/"null"|"type":\[/);
  }
});
