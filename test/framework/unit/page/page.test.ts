/** The page in a real browser, served by the function with the real Runtime Interface Client. */
import { createHash } from 'node:crypto';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { startAuthorizationServer } from '../../../helpers/authorization-server.ts';
import { closeAll } from '../../../helpers/close-all.ts';
import { type FakeUpstream, startFakeUpstream } from '../../../helpers/fake-upstream.ts';
import { freePort, type RunningLambda, startApp, startFunction } from '../../../helpers/local-lambda.ts';
import { describeWith } from '../../../helpers/skipped-suites.ts';
import { findChromium, seriousProblems, type Visit, type VisitOptions, visit } from './chromium.ts';

const HOSTILE_TEXTS = [
  '<script>window.hacked=1</script>',
  '<img src=x onerror="window.hacked=1">',
  '"><svg onload=window.hacked=1>',
  "'-window.hacked=1-'",
  '{{constructor.constructor("window.hacked=1")()}}',
  'javascript:window.hacked=1',
];
const LOCAL = { MCP_AUTH: 'none', MCP_ALLOWED_ORIGINS: '127.0.0.1', MCP_ALLOWED_HOSTS: '127.0.0.1' };
const TOKEN = 'f3b0c4d1-a-long-unused-token';

/** Registers a client and returns its ID. */
async function registered(issuer: string, redirectUri: string): Promise<string> {
  const response = await fetch(`${issuer}/reg`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      redirect_uris: [redirectUri],
      grant_types: ['authorization_code'],
      token_endpoint_auth_method: 'none',
      application_type: 'native',
    }),
  });
  return ((await response.json()) as { client_id: string }).client_id;
}

describeWith(await findChromium())('the page in a browser', chromium => {
  let upstream: FakeUpstream;
  let glossary: RunningLambda;
  let fields: RunningLambda;
  const open: Visit[] = [];

  beforeAll(async () => {
    upstream = await startFakeUpstream();
    glossary = await startApp({
      env: upstream.env,
    });
    fields = await startFunction('stream', { env: LOCAL }, 'page-app');
  });
  afterEach(async () => {
    for (const each of open.splice(0)) await each.close();
    upstream.reset();
  });
  afterAll(() => closeAll(glossary, fields, upstream));

  async function goTo(url: string, options?: VisitOptions): Promise<Visit> {
    const visiting = await visit(chromium, options);
    open.push(visiting);
    await visiting.page.goto(url);
    return visiting;
  }
  const card = (page: Page, name: string) => page.locator(`[data-name="${name}"]`);
  async function openCard(page: Page, name: string) {
    const found = card(page, name);
    if ((await found.getAttribute('open')) === null) await found.locator('summary').first().click();
    return found;
  }

  test('a visitor calls a tool from the landing page', async () => {
    const { page, complaints, requests } = await goTo(`${glossary.url}/`);
    const tool = card(page, 'lookup');
    await tool.getByLabel('term').fill('tide');
    await tool.getByRole('button', { name: 'Call' }).click();
    await tool.locator('.status.done').waitFor();
    expect(await tool.locator('.content').textContent()).toBe(
      'tide: the rise and fall of the sea, caused by the moon and the sun',
    );
    expect(await tool.getByLabel('Structured result').textContent()).toContain('"entry"');
    expect(await page.locator('h1').textContent()).toBe('Glossary');
    expect(await page.locator('.facts').textContent()).toBe('glossary 1.0.0 · MCP 2026-07-28');
    expect(complaints).toEqual([]);
    expect(requests.filter(url => !url.startsWith(glossary.url))).toEqual([]);
  });

  test('the page shows an elicitation as a form and sends its input', async () => {
    const { page, complaints } = await goTo(`${glossary.url}/mcp`);
    const tool = card(page, 'lookup');
    await tool.getByLabel('term').fill('mercury');
    await tool.getByLabel('term').press('Enter');
    const question = tool.locator('form.question');
    await question.waitFor();
    await question.getByLabel('Entry').selectOption({ label: 'mercury (planet)' });
    await question.getByRole('button', { name: 'Submit' }).click();
    await tool.locator('.content').waitFor();
    expect(await tool.locator('.content').textContent()).toContain('closest to the sun');
    expect(complaints).toEqual([]);
  });

  test('the page reads resources and prompts, and shows an upstream error as a sentence', async () => {
    const { page } = await goTo(`${glossary.url}/mcp`);
    await page.getByRole('tab', { name: /Resources/ }).click();
    const resource = await openCard(page, 'entry');
    await resource.getByLabel('term').fill('glacier');
    await resource.getByRole('button', { name: 'Read' }).click();
    await resource.locator('.status.done').waitFor();
    expect(await resource.locator('pre.text').textContent()).toContain('a mass of ice');
    await page.getByRole('tab', { name: /Prompts/ }).click();
    const prompt = await openCard(page, 'explain');
    await prompt.getByLabel('term').fill('tide');
    await prompt.getByLabel('audience').fill('a sailor');
    await prompt.getByRole('button', { name: 'Get' }).click();
    await prompt.locator('.status.done').waitFor();
    expect(await prompt.locator('pre.text').textContent()).toContain('explain it to a sailor');
    await page.getByRole('tab', { name: /Tools/ }).click();
    upstream.setFailing(true);
    const tool = card(page, 'lookup');
    await tool.getByLabel('term').fill('tide');
    await tool.getByRole('button', { name: 'Call' }).click();
    await tool.getByRole('alert').waitFor();
    const alert = await tool.getByRole('alert').textContent();
    expect(alert).toMatch(/^The tool returned an error.*glossary service/i);
    expect(alert).not.toContain('secret');
  });

  test('the install links and commands contain the URL of this server and no token', async () => {
    const { page } = await goTo(`${glossary.url}/mcp`, {
      permissions: ['clipboard-read', 'clipboard-write'],
    });
    const links = await page
      .locator('a.install')
      .evaluateAll(all => all.map(a => a.getAttribute('href') ?? ''));
    expect(links).toHaveLength(5);
    const [cursor = '', code = ''] = links;
    const config = new URLSearchParams(cursor.split('?')[1]).get('config') ?? '';
    const url = `${glossary.url}/mcp`;
    expect(JSON.parse(Buffer.from(config, 'base64').toString())).toEqual({ url });
    expect(JSON.parse(decodeURIComponent(code.split('?')[1] ?? ''))).toEqual({
      name: 'mcp-on-lambda',
      type: 'http',
      url,
    });
    await page.getByText('Claude Code', { exact: true }).click();
    await page.getByRole('button', { name: 'Copy for Claude Code' }).click();
    await page.getByText(/^Copied/).waitFor();
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(
      `claude mcp add --transport http mcp-on-lambda ${url}`,
    );
  });

  test('a form with every kind of field marks invalid values, and sends the valid input', async () => {
    const { page, complaints } = await goTo(`${fields.url}/fields`);
    const tool = card(page, 'echo');
    const call = tool.getByRole('button', { name: 'Call' });
    await call.click();
    expect(await tool.locator(':invalid').count()).toBeGreaterThan(3);
    expect(await tool.locator('.outcome').textContent()).toBe('');
    await tool.getByLabel('text', { exact: true }).fill('hello');
    await tool.getByLabel('choice').selectOption('green');
    await tool.getByLabel('whole').fill('9');
    await call.click();
    expect(await tool.getByLabel('whole').evaluate(input => input.matches(':invalid'))).toBe(true);
    await tool.getByLabel('whole').fill('4');
    await tool.getByLabel('list 1').fill('first');
    await tool.getByLabel('list 2').fill('second');
    await tool.getByLabel('c', { exact: true }).check();
    await tool.getByLabel('deep').fill('7');
    await tool.getByLabel('anything').fill('{"x": 1}');
    await call.click();
    await tool.locator('.status.done').waitFor();
    expect(JSON.parse((await tool.locator('.content').textContent()) ?? '')).toEqual({
      text: 'hello',
      choice: 'green',
      preset: 'two',
      whole: 4,
      yes: true,
      list: ['first', 'second'],
      several: ['c'],
      inner: { deep: 7 },
      anything: { x: 1 },
    });
    expect(complaints).toEqual([]);
  });

  test('the page shows an icon of the response as an image without scripts', async () => {
    const { page, complaints, requests } = await goTo(`${fields.url}/fields`);
    const icon = page.locator('h1 img');
    await icon.waitFor();
    expect(await icon.getAttribute('src')).toMatch(/^data:image\/svg\+xml;base64,/);
    expect(await icon.evaluate(image => (image as { naturalWidth?: number }).naturalWidth)).toBe(8);
    expect(await page.locator('h1').textContent()).toBe('Every kind of field');
    expect(await page.evaluate('window.hacked')).toBeUndefined();
    expect(requests.filter(url => !url.startsWith(fields.url) && !url.startsWith('data:'))).toEqual([]);
    expect(complaints).toEqual([]);
  });

  test('the page shows progress before the result', async () => {
    const { page } = await goTo(`${fields.url}/fields`);
    const tool = await openCard(page, 'slow');
    await tool.getByRole('button', { name: 'Call' }).click();
    await tool.getByText('1 of 3: step 1').waitFor();
    expect(await tool.getByText('all steps done').count()).toBe(0);
    expect(await tool.getByText('3 of 3: step 3').count()).toBe(0);
    await tool.getByText('all steps done').waitFor();
    expect(await tool.locator('.progress-lines li').count()).toBe(3);
  });

  test('the page can be used with the keyboard only: skip link, tool, elicitation', async () => {
    const { page } = await goTo(`${fields.url}/fields`);
    await page.locator('[role=tab]').first().waitFor();
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.className')).toBe('skip');
    await page.keyboard.press('Enter');
    const summary = card(page, 'ask').locator('summary').first();
    for (let n = 0; n < 80 && !(await summary.evaluate(e => e.matches(':focus'))); n += 1)
      await page.keyboard.press('Tab');
    for (const key of ['Enter', 'Tab', 'Enter']) await page.keyboard.press(key);
    await card(page, 'ask').locator('form.question').waitFor();
    await page.keyboard.type('Ada');
    await page.keyboard.press('Enter');
    await card(page, 'ask').locator('.content').waitFor();
    expect(await card(page, 'ask').locator('.content').textContent()).toBe('["accept",{"name":"Ada"}]');
  });

  test('the page shows different messages for a crash and an error of the tool', async () => {
    const { page } = await goTo(`${fields.url}/fields`);
    const thrown = await openCard(page, 'throw');
    await thrown.getByRole('button', { name: 'Call' }).click();
    await thrown.getByRole('alert').waitFor();
    expect(await thrown.getByRole('alert').textContent()).toContain('The tool returned an error');
    const crash = await openCard(page, 'crash');
    await crash.getByRole('button', { name: 'Call' }).click();
    await crash.getByRole('alert').waitFor();
    expect(await crash.getByRole('alert').textContent()).toMatch(
      /^The function failed before it responded \(502\)/,
    );
  });

  test('the page shows markup in names, descriptions, results and errors as text', async () => {
    const { page, complaints } = await goTo(`${fields.url}/deep/hostile`);
    await page.locator('[role=tab]').first().waitFor();
    expect(await page.locator('h1').textContent()).toBe(HOSTILE_TEXTS[0]);
    for (const [n, text] of HOSTILE_TEXTS.entries()) {
      const tool = await openCard(page, `tool_${n}`);
      expect(await tool.locator('.title').textContent()).toBe(text);
      expect(await tool.locator('input').inputValue()).toBe(text);
      await tool.getByRole('button', { name: 'Call' }).click();
      await tool.locator('.status.done').waitFor();
      expect(await tool.locator('pre.text').textContent()).toBe(text);
    }
    await page.getByRole('tab', { name: /Resources/ }).click();
    const resource = await openCard(page, 'page');
    await resource.getByRole('button', { name: 'Read' }).click();
    await resource.locator('.status.done').waitFor();
    expect(await resource.locator('pre.text').textContent()).toBe(HOSTILE_TEXTS[0]);
    expect(await page.evaluate('window.hacked')).toBeUndefined();
    expect(await page.locator('main script, main img, main svg').count()).toBe(0);
    expect(complaints).toEqual([]);
  });

  test.each([
    ['a phone', { width: 375, height: 700 }],
    ['dark mode', { colorScheme: 'dark' }],
    ['light mode', {}],
  ] as const)(
    'the page on %s needs no horizontal scrolling and has no serious accessibility problem',
    async (_name, options) => {
      const { page } = await goTo(`${glossary.url}/mcp`, options);
      const tool = card(page, 'lookup');
      await tool.getByLabel('term').fill('tide');
      await tool.getByRole('button', { name: 'Call' }).click();
      await tool.locator('.status.done').waitFor();
      await page.getByText('Any other', { exact: true }).click();
      expect(await seriousProblems(page)).toEqual([]);
      const [wide, seen] = (await page.evaluate('[document.documentElement.scrollWidth, innerWidth]')) as [
        number,
        number,
      ];
      expect(wide).toBeLessThanOrEqual(seen);
    },
  );

  describe('the page of a server with a token', () => {
    let closed: RunningLambda;
    beforeAll(async () => {
      const MCP_TOKEN_SHA256 = createHash('sha256').update(TOKEN).digest('hex');
      closed = await startApp({ env: { MCP_AUTH: 'token', MCP_TOKEN_SHA256 } });
    });
    afterAll(() => closed.close());

    test('lists the tools only after the correct token, shows an error for a wrong one, and does not store the token', async () => {
      const { page, requests } = await goTo(`${closed.url}/mcp`);
      await page.getByLabel('Token').waitFor();
      expect(requests.filter(url => url === `${closed.url}/mcp`)).toHaveLength(1);
      expect(await page.locator('[role=tab]').count()).toBe(0);
      await page.getByLabel('Token').fill('wrong');
      await page.getByRole('button', { name: 'Connect' }).click();
      await page.getByRole('alert').waitFor();
      expect(await page.getByRole('alert').textContent()).toMatch(/^These credentials were denied \(401\)/);
      await page.getByLabel('Token').fill(TOKEN);
      await page.getByRole('button', { name: 'Connect' }).click();
      await page.getByRole('tab', { name: /Tools 2/ }).waitFor();
      expect(await page.content()).not.toContain(TOKEN);
      const stored = await page.evaluate('[localStorage.length, sessionStorage.length, document.cookie]');
      expect(stored).toEqual([0, 0, '']);
      expect(closed.output()).not.toContain(TOKEN);
    });
  });

  test('a visitor signs in by OAuth in a separate window, and the page does not store the token', async () => {
    const server = await startAuthorizationServer(['glossary'], 300);
    const port = await freePort();
    const env = {
      MCP_AUTH: 'oauth',
      MCP_OAUTH_ISSUER: server.issuer,
      MCP_PUBLIC_URL: `http://127.0.0.1:${port}/mcp`,
      MCP_OAUTH_SCOPES: 'glossary',
    };
    const lambda = await startApp({ args: ['--port', String(port)], env });
    try {
      const { page } = await goTo(`${lambda.url}/mcp`);
      const signIn = page.getByRole('button', { name: /^Sign in at/ });
      await signIn.click();
      // This issuer does not allow a page to register a client, and the page says so.
      await page.getByRole('alert').waitFor();
      expect(await page.getByRole('alert').textContent()).toContain('no CORS for it');
      await page.getByLabel(/^Client id/).fill(await registered(server.issuer, `${lambda.url}/mcp`));
      const popup = page.waitForEvent('popup');
      await signIn.click();
      const closed = (await popup).waitForEvent('close');
      await page.getByRole('tab', { name: /Tools 2/ }).waitFor();
      await closed;
      const stored = await page.evaluate('[localStorage.length, sessionStorage.length, location.search]');
      expect(stored).toEqual([0, 0, '']);
    } finally {
      await closeAll(lambda, server);
    }
  });

  test('the page shows how to fix a denied origin', async () => {
    await using strict = await startFunction('stream', { env: { MCP_AUTH: 'none' } }, 'page-app');
    const { page } = await goTo(`${strict.url}/fields`);
    await page.getByRole('alert').waitFor();
    expect(await page.getByRole('alert').textContent()).toMatch(
      /denies calls from this page \(403\).*MCP_PUBLIC_URL/,
    );
  });
});
