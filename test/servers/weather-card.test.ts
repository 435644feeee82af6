/** The card of get_weather in a real browser, in a page that shows MCP Apps like clients. Needs Chromium. */
import { existsSync } from 'node:fs';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { Hono } from 'hono';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mcp } from '#framework';
import { openMeteo } from '../../app/servers/weather/open-meteo.ts';
import { createWeather } from '../../app/servers/weather/weather.ts';
import { startUpstream, type Upstream } from './upstream.ts';

const client = new Client({ name: 'test', version: '1.0.0' }, { versionNegotiation: { mode: 'auto' } });
let upstream: Upstream;
beforeAll(async () => {
  upstream = await startUpstream();
  const api = openMeteo({ geocodingUrl: upstream.url, forecastUrl: upstream.url, timeoutMs: 5_000 });
  const app = new Hono().route('/weather', mcp(createWeather({ openMeteo: api }), { auth: 'none' }));
  const fetch = async (url: string | URL, init?: RequestInit) => app.request(new Request(url, init));
  await client.connect(new StreamableHTTPClientTransport(new URL('http://localhost/weather'), { fetch }));
});
afterAll(async () => {
  await client.close();
  await upstream.close();
});

/** Returns the HTML of the UI resource of get_weather. */
async function card(): Promise<string> {
  const { tools } = await client.listTools();
  const uri = 'ui://weather/card';
  expect(tools.find(({ name }) => name === 'get_weather')?._meta).toEqual({ ui: { resourceUri: uri } });
  const { contents } = await client.readResource({ uri });
  const [content] = contents;
  if (!content || !('text' in content)) throw new Error(`${uri} has no text.`);
  expect(content.mimeType).toBe('text/html;profile=mcp-app');
  return content.text;
}

test('the card of get_weather contains no URL of another host', async () => {
  expect((await card()).match(/https?:\/\/[^\s]+/g)).toEqual([
    'https://github.com/modelcontextprotocol/ext-apps/blob/main/specification/2026-01-26/apps.mdx',
  ]);
});

const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
const needed = existsSync(CHROMIUM) ? '' : ' (NOT RUN: apt-get install chromium, or CHROMIUM=/path/to/it)';

describe.skipIf(needed)(`the card of get_weather in a browser${needed}`, () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
  });
  afterAll(() => browser.close());

  /** Shows the result of a call in the card. The card's own calls are sent to the server. */
  async function shown(input: Record<string, unknown>, theme: 'dark' | 'light'): Promise<Page> {
    const page = await browser.newPage();
    const result = await client.callTool({ name: 'get_weather', arguments: input });
    await page.exposeFunction('callTool', (params: { name: string; arguments: Record<string, unknown> }) =>
      client.callTool(params),
    );
    await page.setContent('<iframe sandbox="allow-scripts" style="width:600px;height:400px"></iframe>');
    await page.evaluate(`
      const frame = document.querySelector('iframe');
      const send = message => frame.contentWindow.postMessage({ jsonrpc: '2.0', ...message }, '*');
      const responses = {
        'ui/initialize': async () => ({ protocolVersion: '2026-01-26', hostInfo: { name: 'test', version: '1' }, hostCapabilities: {}, hostContext: { theme: '${theme}' } }),
        'tools/call': params => callTool(params),
      };
      addEventListener('message', async ({ data: { id, method, params } }) => {
        if (id !== undefined) return send({ id, result: await responses[method](params) });
        if (method === 'ui/notifications/size-changed') frame.style.height = params.height + 'px';
        if (method !== 'ui/notifications/initialized') return;
        send({ method: 'ui/notifications/tool-input', params: ${JSON.stringify({ arguments: input })} });
        send({ method: 'ui/notifications/tool-result', params: ${JSON.stringify(result)} });
      });
      frame.srcdoc = ${JSON.stringify(await card())};
    `);
    return page;
  }

  test.each(['dark', 'light'] as const)(
    'shows place, weather and forecast, and changes the units, in %s mode',
    async theme => {
      const page = await shown({ location: 'Munich' }, theme);
      const app = page.frameLocator('iframe');
      await app.getByRole('heading', { name: 'Munich, Bavaria, Germany' }).waitFor();
      expect(await app.locator('#temperature').textContent()).toMatch(/^-?\d+ °C$/);
      expect(await app.locator('#outlook li').count()).toBe(3);
      expect(await app.locator('#outlook li svg').count()).toBe(3);
      await app.getByRole('button', { name: '°F' }).click();
      await app.locator('#temperature', { hasText: '°F' }).waitFor();
      expect(await app.getByRole('button').textContent()).toBe('°C');
      const [scheme, wide, seen] = await app
        .locator('html')
        .evaluate(html => [html.style.colorScheme, html.scrollWidth, html.clientWidth]);
      expect([scheme, wide]).toEqual([theme, seen]);
      // The complete card is visible in the frame, which has the height that the card requested.
      const cut = await app.locator('html').evaluate(html => html.scrollHeight - html.clientHeight);
      expect(cut).toBe(0);
    },
  );

  test('shows an upstream error together with the earlier weather', async () => {
    const page = await shown({ location: 'Munich' }, 'light');
    const app = page.frameLocator('iframe');
    await app.getByRole('button', { name: '°F' }).waitFor();
    upstream.setFault('error');
    await app.getByRole('button', { name: '°F' }).click();
    await app.getByText('The weather service is not available').waitFor();
    expect(await app.locator('#temperature').textContent()).toContain('°C');
    upstream.reset();
  });
});
