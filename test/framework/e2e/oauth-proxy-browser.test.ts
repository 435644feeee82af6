/** The sign-in through the OAuth proxy in a real browser: its cookies, its Content Security Policy, its redirects. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Client, StreamableHTTPClientTransport, UnauthorizedError } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { closeAll } from '../../helpers/close-all.ts';
import {
  type IdentityProvider,
  PROVIDER_CLIENT,
  startIdentityProvider,
} from '../../helpers/identity-provider.ts';
import { freePort, type RunningLambda, startApp } from '../../helpers/local-lambda.ts';
import { memoryOAuthProvider } from '../../helpers/oauth-client.ts';
import { describeWith } from '../../helpers/skipped-suites.ts';
import { findChromium, seriousProblems, visit } from '../unit/page/chromium.ts';

describeWith(await findChromium())('the OAuth proxy in a browser', chromium => {
  let provider: IdentityProvider;
  let lambda: RunningLambda;
  /** Where a client on this machine waits for its code. */
  const callback = createServer((_request, response) => response.end('You can close this window.'));
  let redirectUrl: string;

  beforeAll(async () => {
    const port = await freePort();
    callback.listen(0, '127.0.0.1');
    await once(callback, 'listening');
    redirectUrl = `http://127.0.0.1:${(callback.address() as AddressInfo).port}/callback`;
    provider = await startIdentityProvider({ redirectUri: `http://127.0.0.1:${port}/callback` });
    lambda = await startApp({
      env: {
        PORT: String(port),
        MCP_AUTH: 'oauth',
        MCP_OAUTH_PROXY: 'on',
        MCP_OAUTH_ISSUER: provider.issuer,
        MCP_OAUTH_CLIENT_ID: PROVIDER_CLIENT.id,
        MCP_OAUTH_CLIENT_SECRET: PROVIDER_CLIENT.secret,
        MCP_OAUTH_REGISTRATION: 'on',
      },
    });
  });
  afterAll(async () => {
    callback.close();
    callback.closeAllConnections();
    await closeAll(lambda, provider);
  });

  test('a person signs in, allows, is not asked again, and the client lists the tools', async () => {
    const storage = memoryOAuthProvider();
    Object.assign(storage, { redirectUrl });
    storage.clientMetadata.redirect_uris = [redirectUrl];
    const url = new URL(`${lambda.url}/mcp`);
    const transport = new StreamableHTTPClientTransport(url, { authProvider: storage });
    const client = new Client({ name: 'test', version: '1.0.0' });
    await expect(client.connect(transport)).rejects.toThrow(UnauthorizedError);

    const browser = await visit(chromium);
    try {
      const { page } = browser;
      await page.goto(String(storage.authorizationUrl));
      expect(await page.textContent('dl')).toContain('alice@example.com');
      expect(await seriousProblems(page)).toEqual([]);
      await page.getByRole('checkbox').check();
      await page.getByRole('button', { name: 'Allow' }).click();
      await page.waitForURL(`${redirectUrl}?**`);
      const query = new URL(page.url()).searchParams;
      // What the person opens themself is not asked again.
      await page.goto(String(storage.authorizationUrl));
      expect(page.url()).toContain(`${redirectUrl}?code=`);
      expect(browser.complaints.filter(text => !text.includes('favicon'))).toEqual([]);
      await transport.finishAuth(query);
    } finally {
      await browser.close();
    }
    const signedIn = new Client({ name: 'test', version: '1.0.0' });
    await signedIn.connect(new StreamableHTTPClientTransport(url, { authProvider: storage }));
    expect((await signedIn.listTools()).tools.length).toBeGreaterThan(0);
    await signedIn.close();
  });

  test('the server’s own page signs in, in a window of its own', async () => {
    const browser = await visit(chromium);
    try {
      const { page } = browser;
      await page.goto(`${lambda.url}/mcp`);
      const popup = page.waitForEvent('popup');
      await page.getByRole('button', { name: /^Sign in at/ }).click();
      const window = await popup;
      const closed = window.waitForEvent('close');
      await window.getByRole('button', { name: 'Allow' }).click();
      await page.getByRole('tab', { name: /Tools 2/ }).waitFor();
      await closed;
    } finally {
      await browser.close();
    }
  });
});
