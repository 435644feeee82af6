/** The local dashboard: its content, its buttons, and the requests that it rejects. */
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { closeAll } from '../../../helpers/close-all.ts';
import { type RunningLambda, startFunction } from '../../../helpers/local-lambda.ts';
import { describeWith } from '../../../helpers/skipped-suites.ts';
import { findChromium, seriousProblems, visit } from './chromium.ts';

const DASHBOARD = /Local dashboard: (http:\/\/127\.0\.0\.1:\d+)\//;

async function startWithDashboard(handler: string): Promise<{ lambda: RunningLambda; dashboard: string }> {
  const lambda = await startFunction(handler, { args: ['--dashboard-port', '0', '--timeout', '30'] });
  const [, dashboard = ''] = await lambda.printed(DASHBOARD);
  return { lambda, dashboard };
}

function asked(url: string, method: string, headers: Record<string, string>): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, headers }, response => {
      response.destroy();
      resolve(response.statusCode ?? 0);
    });
    sent.once('error', reject).end();
  });
}

describe('the dashboard', () => {
  let lambda: RunningLambda;
  let dashboard: string;
  beforeAll(async () => {
    ({ lambda, dashboard } = await startWithDashboard('act'));
  });
  afterAll(() => closeAll(lambda));

  const own = (): Record<string, string> => ({ origin: dashboard });
  test.each([
    ['a URL typed by the developer', 'GET', '/', () => ({ 'sec-fetch-site': 'none' }), 200],
    ['a script of the dashboard', 'GET', '/events', () => ({ 'sec-fetch-site': 'same-origin' }), 200],
    ['a rebound DNS name', 'GET', '/events', () => ({ host: 'attacker.example' }), 403],
    [
      'a rebound DNS name with the port',
      'GET',
      '/',
      () => ({ host: `attacker.example:${new URL(dashboard).port}` }),
      403,
    ],
    ['a page of another port', 'GET', '/events', () => ({ origin: 'http://127.0.0.1:1' }), 403],
    ['a page of another site', 'GET', '/events', () => ({ 'sec-fetch-site': 'cross-site' }), 403],
    [
      'a form of another site',
      'POST',
      '/environments/1/kill',
      () => ({ origin: 'https://attacker.example' }),
      403,
    ],
    ['a sandboxed frame', 'POST', '/environments/1/kill', () => ({ origin: 'null' }), 403],
    ['a request without Origin', 'POST', '/environments/1/kill', () => ({}), 403],
    ['the dashboard, for an environment that does not exist', 'POST', '/environments/999/kill', own, 404],
    ['the dashboard, for an action that does not exist', 'POST', '/environments/1/constructor', own, 404],
  ])('responds to %s: %s %s', async (_who, method, path, headers, status) => {
    expect(await asked(`${dashboard}${path}`, method, headers())).toBe(status);
  });

  test('listens on loopback, on its own port, and only if it is enabled', async () => {
    expect(new URL(dashboard).hostname).toBe('127.0.0.1');
    expect(new URL(dashboard).port).not.toBe(new URL(lambda.url).port);
    await using without = await startFunction('act');
    expect(without.output()).not.toMatch(DASHBOARD);
  });
});

describeWith(await findChromium())('the dashboard in a browser', chromium => {
  test('shows a call with its log and event, and hides credentials', async () => {
    const { lambda, dashboard } = await startWithDashboard('act');
    const { page, complaints, close } = await visit(chromium);
    try {
      await page.goto(dashboard);
      await fetch(`${lambda.url}/some/path?do=ok`, { headers: { authorization: 'Bearer very-secret' } }).then(
        r => r.text(),
      );
      await page.getByRole('button', { name: /^GET .some.path/ }).click();
      await page.getByRole('heading', { name: 'Event, as Lambda passes it' }).waitFor();
      const details = await page.locator('#details').textContent();
      expect(details).toContain('"rawPath": "/some/path"');
      expect(details).toContain('(hidden here)');
      expect(details).not.toContain('very-secret');
      expect(await page.locator('#invocations tr').first().textContent()).toMatch(/cold .*\d+ ms.*\d+ MB/);
      await page.locator('li.frozen').waitFor();
      expect(await page.getByRole('img').getAttribute('aria-label')).toMatch(/last 1 invocations/);
      expect(complaints).toEqual([]);
    } finally {
      await close();
      await lambda.close();
    }
  });

  test.each(['light', 'dark'] as const)(
    'has no serious accessibility problem in %s mode, and shows markup as text',
    async colorScheme => {
      const { lambda, dashboard } = await startWithDashboard('act');
      const { page, complaints, close } = await visit(chromium, { colorScheme });
      const markup = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>';
      try {
        await page.goto(dashboard);
        const query = new URLSearchParams({ do: 'prints', text: markup });
        await fetch(`${lambda.url}/?${query}`, { headers: { 'x-markup': markup } }).then(r => r.text());
        await page.getByRole('button', { name: /^GET/ }).click();
        await page.getByRole('heading', { name: 'Event, as Lambda passes it' }).waitFor();
        await expect.poll(() => page.locator('#details').textContent()).toContain('<img src=x');
        expect(await page.locator('#details img, #details script, #invocations img').count()).toBe(0);
        expect(await page.evaluate('window.hacked')).toBeUndefined();
        expect(await seriousProblems(page)).toEqual([]);
        expect(complaints).toEqual([]);
      } finally {
        await close();
        await lambda.close();
      }
    },
  );

  test.each([
    ['Kill', 502, 'Runtime.ExitError'],
    ['Time out', 502, 'Sandbox.Timeout'],
  ])('the button "%s" ends a call with %i, and the next call succeeds', async (name, status, error) => {
    const { lambda, dashboard } = await startWithDashboard('act');
    const { page, complaints, close } = await visit(chromium);
    try {
      await page.goto(dashboard);
      const call = fetch(`${lambda.url}/?do=waitBefore&ms=20000`);
      await page.locator('li.busy').waitFor();
      await page.getByRole('button', { name: /^Freeze/ }).click();
      await page.locator('li.held').waitFor();
      await page.getByRole('button', { name: /^Thaw/ }).click();
      await page.locator('li.busy').waitFor();
      await page.getByRole('button', { name: new RegExp(`^${name}`) }).click();
      expect((await call).status).toBe(status);
      await page.getByText(`${status} ${error}`).waitFor();
      expect((await fetch(`${lambda.url}/?do=ok`)).status).toBe(200);
      expect(complaints).toEqual([]);
    } finally {
      await close();
      await lambda.close();
    }
  });
});
