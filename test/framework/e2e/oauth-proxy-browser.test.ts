/**
 * The sign-in through the OAuth proxy in a real browser: its cookies, its Content Security Policy, its redirects. A client knows
 * only the URL of the MCP server; the person signs in with the provider's form and consents; the client calls a tool.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Client, StreamableHTTPClientTransport, UnauthorizedError } from '@modelcontextprotocol/client';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ClientDocuments, startClientDocuments } from '../../helpers/client-documents.ts';
import { closeAll } from '../../helpers/close-all.ts';
import { type FakeUpstream, startFakeUpstream } from '../../helpers/fake-upstream.ts';
import type { RunningLambda } from '../../helpers/local-lambda.ts';
import { type MemoryOAuthProvider, memoryOAuthProvider } from '../../helpers/oauth-client.ts';
import { type RunningProxy, startProxy, startProxyWithDocuments } from '../../helpers/oauth-proxy.ts';
import { describeWith } from '../../helpers/skipped-suites.ts';
import { findChromium, seriousProblems, visit } from '../unit/page/chromium.ts';

describeWith(await findChromium())('the OAuth proxy in a browser', chromium => {
  let upstream: FakeUpstream;
  let documents: ClientDocuments;
  let built: RunningProxy;
  let withDocuments: RunningProxy;
  let lambda: RunningLambda;
  /** The URL where a client on this machine waits for its code. */
  const callback = createServer((_request, response) => response.end('You can close this window.'));
  let redirectUrl: string;

  beforeAll(async () => {
    callback.listen(0, '127.0.0.1');
    await once(callback, 'listening');
    redirectUrl = `http://127.0.0.1:${(callback.address() as AddressInfo).port}/callback`;
    upstream = await startFakeUpstream();
    documents = await startClientDocuments();
    built = await startProxy({ form: true }, upstream.env);
    withDocuments = await startProxyWithDocuments({ form: true }, upstream.env);
    lambda = built.lambda;
  });
  afterAll(async () => {
    callback.close();
    callback.closeAllConnections();
    const running = [built, withDocuments].flatMap(proxy => [proxy.lambda, proxy.provider]);
    await closeAll(...running, documents, upstream);
  });

  test.each(['by registration', 'by its metadata document'])(
    'lets a client sign in %s with only the URL of the server, after the person has consented, and call a tool',
    async how => {
      const registers = how === 'by registration';
      const storage = Object.assign(memoryOAuthProvider(), { redirectUrl });
      storage.clientMetadata.redirect_uris = [redirectUrl];
      const clientMetadataUrl = documents.publish('/browser.json', {
        client_name: 'test client',
        redirect_uris: [redirectUrl],
      });
      if (!registers) Object.assign(storage, { clientMetadataUrl });
      const url = new URL(`${(registers ? built : withDocuments).lambda.url}/mcp`);
      const transport = new StreamableHTTPClientTransport(url, { authProvider: storage });
      const client = new Client({ name: 'test', version: '1.0.0' });
      await expect(client.connect(transport)).rejects.toThrow(UnauthorizedError);

      const browser = await visit(chromium);
      try {
        const { page } = browser;
        await page.goto(String(storage.authorizationUrl));
        await signInAtProvider(page);
        const shown = await page.textContent('dl');
        for (const text of ['alice@example.com', redirectUrl, url.href]) expect(shown).toContain(text);
        expect(shown).toContain(registers ? 'not verified' : new URL(clientMetadataUrl).host);
        expect(await seriousProblems(page)).toEqual([]);
        expect(await page.getByRole('checkbox').count()).toBe(registers ? 1 : 0);
        if (registers) await page.getByRole('checkbox').check();
        await page.getByRole('button', { name: 'Allow' }).click();
        await page.waitForURL(`${redirectUrl}?**`);
        const query = new URL(page.url()).searchParams;
        // The person opens the URL, not a page, so the remembered consent to a registered client counts.
        await page.goto(String(storage.authorizationUrl));
        if (registers) expect(page.url()).toContain(`${redirectUrl}?code=`);
        else expect(await page.textContent('h1')).toContain('Let 127.0.0.1 use this server');
        expect(browser.complaints.filter(text => !text.includes('favicon'))).toEqual([]);
        await transport.finishAuth(query);
      } finally {
        await browser.close();
      }
      expect(await lookUp(url, storage)).toMatch(/the rise and fall of the sea/i);
    },
  );

  test('lets the server’s own page sign in, in a separate window', async () => {
    const browser = await visit(chromium);
    try {
      const { page } = browser;
      await page.goto(`${lambda.url}/mcp`);
      const popup = page.waitForEvent('popup');
      await page.getByRole('button', { name: /^Sign in at/ }).click();
      const window = await popup;
      await signInAtProvider(window);
      const closed = window.waitForEvent('close');
      await window.getByRole('button', { name: 'Allow' }).click();
      await page.getByRole('tab', { name: /Tools 2/ }).waitFor();
      await closed;
      // The page is a separate client, which needs no registration.
      await lambda.printed(new RegExp(`"event":"signed_in","client":"${lambda.url}/_page/client"`));
    } finally {
      await browser.close();
    }
  });
});

async function signInAtProvider(page: Page): Promise<void> {
  await page.getByRole('button', { name: /^Sign in as/ }).click();
}

async function lookUp(url: URL, authProvider: MemoryOAuthProvider): Promise<string> {
  const client = new Client({ name: 'test', version: '1.0.0' });
  await client.connect(new StreamableHTTPClientTransport(url, { authProvider }));
  const { content } = await client.callTool({ name: 'lookup', arguments: { term: 'tide' } });
  await client.close();
  return JSON.stringify(content);
}
