/**
 * MCP Apps in the page, in a real browser: an app works, and a hostile app cannot read the page and reaches only what the page
 * allows.
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Frame, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { closeAll } from '../../../helpers/close-all.ts';
import { type RunningLambda, startFunction } from '../../../helpers/local-lambda.ts';
import { describeWith } from '../../../helpers/skipped-suites.ts';
import { findChromium, seriousProblems, type Visit, type VisitOptions, visit } from './chromium.ts';

const TOKEN = 'the-token-of-the-visitor-0123456789';
const ENV = {
  MCP_AUTH: 'token',
  MCP_TOKEN_SHA256: createHash('sha256').update(TOKEN).digest('hex'),
  MCP_ALLOWED_ORIGINS: '127.0.0.1',
  MCP_ALLOWED_HOSTS: '127.0.0.1',
};

/** Starts a server of the attacker, which allows every origin. */
async function startCollector(): Promise<{ url: string; requests: IncomingHttpHeaders[]; server: Server }> {
  const requests: IncomingHttpHeaders[] = [];
  const server = createServer((request, response) => {
    requests.push(request.headers);
    response.setHeader('access-control-allow-origin', request.headers.origin ?? '*');
    response.setHeader('access-control-allow-credentials', 'true');
    response.end('collected');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests, server };
}

describeWith(await findChromium())('an MCP App in the page', chromium => {
  let lambda: RunningLambda;
  let collector: Awaited<ReturnType<typeof startCollector>>;
  let open: Visit | undefined;

  beforeAll(async () => {
    collector = await startCollector();
    lambda = await startFunction('stream', { env: ENV }, 'page-app');
  });
  afterEach(async () => {
    await open?.close();
    open = undefined;
    collector.requests.length = 0;
  });
  afterAll(async () => {
    collector.server.close();
    await closeAll(lambda);
  });

  async function signedIn(options?: VisitOptions): Promise<Visit> {
    open = await visit(chromium, options);
    const { page } = open;
    await page.goto(`${lambda.url}/apps`);
    await page.getByLabel('Token').fill(TOKEN);
    await page.getByRole('button', { name: 'Connect' }).click();
    await page.getByRole('tab', { name: /Tools/ }).waitFor();
    return open;
  }

  async function call(page: Page, name: string, fields: Record<string, string> = {}) {
    const tool = page.locator(`[data-name="${name}"]`);
    if ((await tool.getAttribute('open')) === null) await tool.locator('summary').first().click();
    for (const [label, value] of Object.entries(fields)) await tool.getByLabel(label).fill(value);
    await tool.getByRole('button', { name: 'Call', exact: true }).click();
    await tool.locator('.status.done').waitFor();
    return tool;
  }

  /** Calls a tool and returns the frame of its app, which is in the frame of the page. */
  async function appOf(page: Page, name: string): Promise<Frame> {
    const tool = await call(page, name);
    await tool.frameLocator('iframe').frameLocator('iframe').locator('#empty').waitFor();
    const outer = await (await tool.locator('iframe').elementHandle())?.contentFrame();
    const [inner] = outer?.childFrames() ?? [];
    if (!inner) throw new Error('The app has no frame.');
    return inner;
  }

  test('shows the result, calls its tool again, and is replaced by the next call', async () => {
    const { page, complaints, requests } = await signedIn();
    const tool = await call(page, 'greet', { name: 'Ada' });
    const app = tool.frameLocator('iframe').frameLocator('iframe');
    await app.getByText('Hello, Ada.').waitFor();
    await app.getByRole('button', { name: 'Greet again' }).click();
    await tool.getByText('Called greet {"name":"Ada"}').waitFor();
    await app.getByRole('button', { name: 'Greet again', disabled: false }).waitFor();
    // The app has its own height.
    const height = Number.parseFloat(await tool.locator('iframe').evaluate(frame => frame.style.height));
    expect(height).toBeGreaterThan(60);
    expect(height).toBeLessThan(160);
    await call(page, 'greet', { name: 'Grace' });
    await app.getByText('Hello, Grace.').waitFor();
    expect(await tool.locator('iframe').count()).toBe(1);
    expect(await seriousProblems(page)).toEqual([]);
    expect(complaints).toEqual([]);
    expect(requests.filter(url => !url.startsWith(lambda.url) && url !== 'about:srcdoc')).toEqual([]);
  });

  test.each(['dark', 'light'] as const)('gets the theme of the page: %s', async colorScheme => {
    const { page } = await signedIn({ colorScheme });
    const tool = await call(page, 'greet', { name: 'Ada' });
    const app = tool.frameLocator('iframe').frameLocator('iframe');
    await app.getByText('Hello, Ada.').waitFor();
    const scheme = () => app.locator('html').evaluate(html => html.style.colorScheme);
    expect(await scheme()).toBe(colorScheme);
    const other = colorScheme === 'dark' ? 'light' : 'dark';
    await page.emulateMedia({ colorScheme: other });
    await app.locator(`html[style*="${other}"]`).waitFor();
  });

  test('that cannot be shown is replaced by the reason, and the result is shown', async () => {
    const { page } = await signedIn();
    const tool = await call(page, 'show_no-app');
    await tool.getByText(/ui:\/\/apps\/no-app has no content of the type/).waitFor();
    expect(await tool.locator('.content').textContent()).toBe('shows no-app');
    const invalid = await call(page, 'show_invalid');
    await invalid
      .frameLocator('iframe')
      .getByText(/which is not an origin/)
      .waitFor();
    expect(await invalid.frameLocator('iframe').locator('iframe').count()).toBe(0);
  });

  describe('that is hostile', () => {
    test('cannot read the page, the token, cookies or storage', async () => {
      const { page } = await signedIn();
      await page.evaluate("localStorage.setItem('kept', 'by the page'); document.cookie = 'session=1'");
      const app = await appOf(page, 'show_empty');
      const attempts = {
        'parent document': 'parent.document.body',
        'page document': 'top.document.body',
        'page storage by its window': 'top.localStorage',
        'page location': 'String(top.location.href)',
        cookies: 'document.cookie',
        localStorage: 'localStorage',
        sessionStorage: 'sessionStorage',
        caches: 'caches.keys()',
        indexedDB:
          "new Promise((ok, no) => { const r = indexedDB.open('x'); r.onsuccess = ok; r.onerror = () => no(r.error); })",
        'service workers': 'navigator.serviceWorker.getRegistrations()',
        'code of the server': "import('/_page/files.json')",
      };
      const names: Record<string, string> = {};
      for (const [name, attempt] of Object.entries(attempts))
        names[name] = await app.evaluate(
          `(async () => { try { await (${attempt}); return 'READ'; } catch ({ name }) { return name; } })()`,
        );
      expect(names).toEqual(
        Object.fromEntries(
          Object.keys(attempts).map(name => [name, expect.stringMatching(/^(Security|Type)Error$/)]),
        ),
      );
      expect(await app.evaluate('[origin, window.opener, performance.getEntries().length > 99]')).toEqual([
        'null',
        null,
        false,
      ]);
      // The BroadcastChannel by which the page passes on a sign-in belongs to its origin.
      await page.evaluate(
        "new BroadcastChannel('mcp-page-sign-in').onmessage = () => { window.heard = true; }",
      );
      await app.evaluate("new BroadcastChannel('mcp-page-sign-in').postMessage('?code=1&state=1')");
      expect(await page.evaluate('window.heard')).toBeUndefined();
      const everything = await app.evaluate(
        'JSON.stringify([document.documentElement.outerHTML, name, location.href, document.referrer])',
      );
      expect(everything).not.toContain(TOKEN);
      expect(everything).not.toContain(lambda.url);
    });

    test('cannot send a request to another host by any element or API, and cannot navigate the page', async () => {
      const { page } = await signedIn();
      const app = await appOf(page, 'show_empty');
      const { url } = collector;
      const blocked = await app.evaluate(`(async () => {
        const violations = [];
        addEventListener('securitypolicyviolation', ({ effectiveDirective }) => violations.push(effectiveDirective));
        const failed = [fetch('${url}/fetch'), fetch('${lambda.url}/apps', { method: 'POST', body: '{}' })];
        const element = (tag, attributes) => new Promise((resolve, reject) => {
          const made = Object.assign(document.createElement(tag), attributes);
          made.onload = resolve;
          made.onerror = () => reject(new Error(tag));
          document.body.append(made);
        });
        failed.push(element('img', { src: '${url}/img' }), element('img', { src: '${lambda.url}/favicon.ico' }));
        failed.push(element('script', { src: '${url}/script' }), element('link', { rel: 'stylesheet', href: '${url}/style' }));
        failed.push(new FontFace('f', 'url(${url}/font)').load());
        failed.push(new Promise((ok, no) => { const s = new EventSource('${url}/events'); s.onopen = ok; s.onerror = no; }));
        failed.push(new Promise((ok, no) => { const s = new WebSocket('${url.replace('http', 'ws')}/'); s.onopen = ok; s.onerror = no; }));
        const outcomes = await Promise.allSettled(failed);
        navigator.sendBeacon('${url}/beacon', 'x');
        const frame = document.createElement('iframe');
        frame.src = '${url}/frame';
        document.body.append(frame);
        while (!violations.includes('frame-src'))
          await new Promise(resolve => addEventListener('securitypolicyviolation', resolve, { once: true }));
        return { statuses: outcomes.map(({ status }) => status), opened: window.open('${url}/popup'), violations: [...new Set(violations)].sort() };
      })()`);
      expect(blocked).toEqual({
        statuses: Array.from({ length: 9 }, () => 'rejected'),
        opened: null,
        violations: expect.arrayContaining([
          'connect-src',
          'font-src',
          'frame-src',
          'img-src',
          'script-src-elem',
          'style-src-elem',
        ]),
      });
      const here = page.url();
      for (const navigation of [`top.location = '${url}/top'`, `parent.location = '${url}/parent'`])
        expect(
          await app.evaluate(
            `(() => { try { ${navigation}; return 'navigated'; } catch ({ name }) { return name; } })()`,
          ),
        ).toBe('SecurityError');
      expect(page.url()).toBe(here);
      expect(collector.requests).toEqual([]);
    });

    test.each([
      ['its own frame', "location.href = 'URL/self'"],
      [
        'a form',
        "document.body.append(Object.assign(document.createElement('form'), { action: 'URL/form', method: 'post' })); document.forms[0].submit()",
      ],
    ])('loses its frame without sending a request when it navigates by %s', async (_name, attempt) => {
      const { page } = await signedIn();
      const app = await appOf(page, 'show_empty');
      const ended = page.waitForEvent('framenavigated', frame => frame === app);
      await app.evaluate(`void setTimeout(() => { ${attempt.replace('URL', collector.url)}; })`);
      await ended;
      expect(app.url()).toMatch(/^chrome-error:/);
      expect(collector.requests).toEqual([]);
    });

    test('can call only tools for apps, after a confirmation by the visitor if they write, and no other method', async () => {
      const { page } = await signedIn();
      const app = await appOf(page, 'show_empty');
      const tool = page.locator('[data-name="show_empty"]');
      await app.evaluate(`
        let count = 0;
        window.ask = (method, params) => new Promise(resolve => {
          const id = ++count;
          addEventListener('message', ({ data }) => { if (data?.id === id) resolve(data.result ?? data.error); });
          parent.postMessage({ jsonrpc: '2.0', id, method, params }, '*');
        });
        window.callTool = name => ask('tools/call', { name, arguments: {} });
      `);
      const start = {
        protocolVersion: '2026-01-26',
        appInfo: { name: 'x', version: '1' },
        appCapabilities: {},
      };
      const begun = (await app.evaluate(`ask('ui/initialize', ${JSON.stringify(start)})`)) as Record<
        string,
        unknown
      >;
      expect(JSON.stringify(begun)).not.toContain(TOKEN);
      expect(begun.hostCapabilities).toEqual({
        serverTools: {},
        serverResources: {},
        openLinks: {},
        sandbox: {},
      });
      expect(await app.evaluate("callTool('for_apps')")).toMatchObject({
        content: [{ text: 'for the app' }],
      });
      for (const name of ['for_models', 'nothing'])
        expect(await app.evaluate(`callTool('${name}')`)).toMatchObject({
          message: expect.stringContaining(`may not call the tool ${name}`),
        });

      const denied = app.evaluate("callTool('write')");
      await tool.getByRole('button', { name: 'Deny' }).click();
      expect(await denied).toMatchObject({ message: expect.stringContaining('denied') });
      const allowed = app.evaluate("callTool('write')");
      await tool.getByRole('button', { name: 'Allow' }).click();
      expect(await allowed).toMatchObject({ content: [{ text: 'written' }] });

      for (const method of [
        'tools/list',
        'resources/list',
        'prompts/get',
        'sampling/createMessage',
        'completion/complete',
        'ui/message',
      ])
        expect(await app.evaluate(`ask('${method}', {})`), method).toMatchObject({ code: -32601 });
      expect(await app.evaluate("ask('resources/read', { uri: 'ui://apps/empty' })")).toMatchObject({
        contents: [{}],
      });

      // Only the visitor can open a link.
      expect(await app.evaluate("ask('ui/open-link', { url: 'javascript:alert(1)' })")).toEqual({
        isError: true,
      });
      await app.evaluate(`ask('ui/open-link', { url: '${collector.url}/?secret' })`);
      expect(await tool.getByRole('link', { name: `${collector.url}/?secret` }).getAttribute('rel')).toBe(
        'noopener noreferrer',
      );

      // Messages that bypass the forwarding frame, or imitate it, are ignored.
      const before = await tool.locator('.app-log li').count();
      await app.evaluate(`
        for (const method of ['ui/notifications/sandbox-proxy-ready', 'ui/notifications/sandbox-resource-ready'])
          parent.postMessage({ jsonrpc: '2.0', method, params: { html: '<p>Replaced' } }, '*');
        top.postMessage({ jsonrpc: '2.0', id: 7, method: 'tools/call', params: { name: 'for_apps', arguments: {} } }, '*');
      `);
      await app.evaluate("callTool('for_apps')");
      expect(await tool.locator('.app-log li').count()).toBe(before + 1);
      expect(await tool.frameLocator('iframe').locator('iframe').count()).toBe(1);
      expect(await app.evaluate("document.getElementById('empty').textContent")).toBe('Empty');
      expect(collector.requests).toEqual([]);
    });

    test('can send requests without cookies to a host that its resource declares, but not to the MCP server', async () => {
      const { page } = await signedIn();
      await page.evaluate("document.cookie = 'session=1; SameSite=Lax'");
      const app = await appOf(page, 'show_connected');
      expect(
        await app.evaluate(`fetch('${collector.url}', { credentials: 'include' }).then(r => r.text())`),
      ).toBe('collected');
      expect(collector.requests).toMatchObject([{ origin: 'null' }]);
      expect(collector.requests[0]).not.toHaveProperty('cookie');
      for (const init of [
        "{ method: 'POST', body: '{}' }",
        "{ method: 'POST', body: '{}', mode: 'no-cors' }",
      ]) {
        const read = `fetch('${lambda.url}/apps', ${init}).then(r => r.type === 'opaque' ? r.text() : 'READ', e => e.name)`;
        expect(await app.evaluate(read)).not.toBe('READ');
      }
      const [, listed] = await Promise.all([
        call(page, 'show_listed'),
        page.waitForResponse(response => response.url().includes('listed.example')),
      ]);
      expect((await listed.allHeaders())['content-security-policy']).toContain(
        'connect-src https://listed.example;',
      );
    });
  });
});
