import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { Hono } from 'hono';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { mcp } from '#framework';
import { time } from '../../app/servers/time.ts';

/** A real MCP client, connected to the server without a network. */
const client = new Client({ name: 'test', version: '1.0.0' }, { versionNegotiation: { mode: 'auto' } });
beforeAll(async () => {
  const app = new Hono().route('/mcp', mcp(time, { auth: 'none' }));
  const fetch = async (url: string | URL, init?: RequestInit) => app.request(new Request(url, init));
  await client.connect(new StreamableHTTPClientTransport(new URL('http://localhost/mcp'), { fetch }));
});
afterEach(() => vi.useRealTimers());
afterAll(() => client.close());

const call = (name: string, args: Record<string, unknown>) => client.callTool({ name, arguments: args });

test('the time server lists two read-only tools', async () => {
  const { tools } = await client.listTools();
  expect(tools.map(({ name }) => name)).toEqual(['current_time', 'convert_time']);
  expect(tools.map(({ annotations }) => annotations?.readOnlyHint)).toEqual([true, true]);
});

test('current_time returns the time in a time zone, as text and as structured content', async () => {
  vi.useFakeTimers({ now: new Date('2026-07-28T22:30:05Z'), toFake: ['Date'] });
  expect(await call('current_time', { timeZone: 'Europe/Berlin' })).toMatchObject({
    content: [{ type: 'text', text: '2026-07-29T00:30:05+02:00 (Europe/Berlin)' }],
    structuredContent: { timeZone: 'Europe/Berlin', local: '2026-07-29T00:30:05+02:00' },
  });
});

test.each([
  ['in UTC', '2026-07-28T09:30:00Z', 'UTC', '2026-07-28T09:30:00+00:00'],
  ['from another offset', '2026-07-28T09:30:00+05:30', 'UTC', '2026-07-28T04:00:00+00:00'],
  ['in winter', '2026-01-28T09:30:00Z', 'Europe/Berlin', '2026-01-28T10:30:00+01:00'],
  ['in summer', '2026-07-28T09:30:00Z', 'Europe/Berlin', '2026-07-28T11:30:00+02:00'],
  ['on the day before', '2026-07-28T03:00:00Z', 'America/New_York', '2026-07-27T23:00:00-04:00'],
  ['with an offset of 45 minutes', '2026-07-28T09:30:00Z', 'Asia/Kathmandu', '2026-07-28T15:15:00+05:45'],
  ['at midnight', '2026-07-28T00:00:00Z', 'UTC', '2026-07-28T00:00:00+00:00'],
])('convert_time converts %s', async (_, at, timeZone, local) => {
  const { structuredContent } = await call('convert_time', { at, timeZone });
  expect(structuredContent).toEqual({ timeZone, local });
});

test.each([
  ['an unknown time zone', { at: '2026-07-28T09:30:00Z', timeZone: 'Europe/Atlantis' }, /IANA time zone/],
  ['a time without an offset', { at: '2026-07-28T09:30:00', timeZone: 'UTC' }, /at/],
  ['no time', { timeZone: 'UTC' }, /at/],
])('convert_time rejects %s', async (_, args, message) => {
  expect(await call('convert_time', args)).toMatchObject({
    isError: true,
    content: [{ type: 'text', text: expect.stringMatching(message) }],
  });
});
