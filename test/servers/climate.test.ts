/** The climate server, through its route, against a local fake of Open-Meteo's geocoding and archive APIs. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { Hono } from 'hono';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { mcp } from '#framework';
import { createClimate } from '../../app/servers/climate.ts';

let upstream: Server;
let url: string;
/** Requests to the archive, and the number of requests that get status 429 first. */
let requested: URL[] = [];
let busy = 0;

/** Returns temperatures that start at 10 °C and rise by 0.5 °C per decade, less for a city further north. */
function archiveOf(query: URLSearchParams): object {
  const [from = 0, to = 0] = ['start_date', 'end_date'].map(name => Number(query.get(name)?.slice(0, 4)));
  const time: string[] = [];
  const temperature_2m_mean: (number | null)[] = [];
  for (let day = Date.UTC(from, 0, 1); day <= Date.UTC(to, 11, 31); day += 86_400_000) {
    const at = new Date(day);
    time.push(at.toISOString().slice(0, 10));
    const value = 10 + ((at.getUTCFullYear() - from) * 0.05 * 50) / Number(query.get('latitude'));
    temperature_2m_mean.push(at.getUTCDate() === 13 ? null : value);
  }
  return { daily: { time, temperature_2m_mean } };
}

beforeAll(async () => {
  upstream = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://localhost');
    if (pathname === '/v1/search') {
      const name = searchParams.get('name');
      const latitude = name === 'North' ? 100 : 50;
      const results =
        name === 'Nowhere' ? {} : { results: [{ name, country: 'Here', latitude, longitude: 1 }] };
      return response.end(JSON.stringify(results));
    }
    requested.push(new URL(request.url ?? '', 'http://localhost'));
    if (requested.length <= busy) return response.writeHead(429).end();
    return response.end(JSON.stringify(archiveOf(searchParams)));
  }).listen(0, '127.0.0.1');
  await once(upstream, 'listening');
  url = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`;
});
afterAll(() => upstream?.close());

test('compare_climate returns the change of each city, reports progress and lists the cities that failed', async () => {
  requested = [];
  busy = 2;
  const server = createClimate({ geocodingUrl: url, archiveUrl: url, busyMs: 20 });
  const app = new Hono().route('/mcp', mcp(server, { auth: 'none' }));
  const client = new Client(
    { name: 'test', version: '1' },
    { versionNegotiation: { mode: { pin: '2026-07-28' } } },
  );
  const fetchApp = async (input: string | URL | Request, init?: RequestInit) =>
    app.request(input.toString(), init);
  await client.connect(
    new StreamableHTTPClientTransport(new URL('http://localhost/mcp'), { fetch: fetchApp }),
  );
  const progress: unknown[] = [];
  const { structuredContent, content } = await client.callTool(
    { name: 'compare_climate', arguments: { cities: ['North', 'South', 'Nowhere'], years: 20 } },
    { onprogress: ({ progress: done, total, message }) => progress.push([done, total, message]) },
  );
  const last = new Date().getUTCFullYear() - 1;
  expect(structuredContent).toEqual({
    from: last - 19,
    to: last,
    cities: [
      { city: 'South', found: 'South, Here', firstYears: 10.1, lastYears: 10.85, perDecade: 0.5 },
      { city: 'North', found: 'North, Here', firstYears: 10.05, lastYears: 10.43, perDecade: 0.25 },
    ],
    failed: [{ city: 'Nowhere', reason: 'The place is unknown.' }],
  });
  expect(JSON.stringify(content)).toContain('+0.5 °C per decade');
  expect(progress).toEqual([
    [1, 3, 'North'],
    [2, 3, 'South'],
    [3, 3, 'Nowhere'],
  ]);
  // Two requests got status 429 and were repeated.
  expect(requested).toHaveLength(4);
  expect(requested[0]?.searchParams.get('daily')).toBe('temperature_2m_mean');
  await client.close();
});
