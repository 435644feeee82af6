/**
 * The complete sign-in through the OAuth proxy in the local Lambda: clients of both SDKs, by metadata document and by registration,
 * with providers that behave like Cognito, Entra and Google. No client is registered with the provider.
 */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Client, StreamableHTTPClientTransport, UnauthorizedError } from '@modelcontextprotocol/client';
import { UnauthorizedError as UnauthorizedErrorV1 } from '@modelcontextprotocol/sdk/client/auth.js';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport as TransportOfV1 } from '@modelcontextprotocol/sdk/shared/transport.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ClientDocuments, startClientDocuments } from '../../helpers/client-documents.ts';
import { closeAll } from '../../helpers/close-all.ts';
import { signInAndConsent } from '../../helpers/consenting-browser.ts';
import { type FakeUpstream, startFakeUpstream } from '../../helpers/fake-upstream.ts';
import { type IdentityProviderOptions, IMITATIONS } from '../../helpers/identity-provider.ts';
import { ROOT, type RunningLambda, startApp } from '../../helpers/local-lambda.ts';
import { memoryOAuthProvider, REDIRECT } from '../../helpers/oauth-client.ts';
import { type RunningProxy, startProxy, startProxyWithDocuments } from '../../helpers/oauth-proxy.ts';

const PROVIDERS: [string, Omit<IdentityProviderOptions, 'redirectUri'>][] = [
  ['Cognito', IMITATIONS.cognito],
  ['Entra', IMITATIONS.entra],
  ['Google', IMITATIONS.google],
];

describe.each(PROVIDERS)('the OAuth proxy with a provider like %s', (_name, options) => {
  let upstream: FakeUpstream;
  let documents: ClientDocuments;
  let running: RunningProxy[] = [];
  let built: RunningLambda;
  let withDocuments: RunningLambda;
  let clientMetadataUrl: string;

  beforeAll(async () => {
    documents = await startClientDocuments();
    clientMetadataUrl = documents.publish('/client.json', {
      client_name: 'test client',
      redirect_uris: [REDIRECT],
      token_endpoint_auth_method: 'none',
    });
    upstream = await startFakeUpstream();
    const first = await startProxy(options, upstream.env);
    const second = await startProxyWithDocuments(options, upstream.env);
    running = [first, second];
    [built, withDocuments] = [first.lambda, second.lambda];
  });
  afterAll(() =>
    closeAll(...running.flatMap(({ lambda, provider }) => [lambda, provider]), documents, upstream),
  );

  test.each([
    ['by registration', 'SDK v2, legacy', 'legacy'],
    ['by registration', 'SDK v2, auto', 'auto'],
    ['by its metadata document', 'SDK v2, legacy', 'legacy'],
    ['by its metadata document', 'SDK v2, auto', 'auto'],
  ] as const)('%s, a client of %s signs in, calls a tool, and refreshes', async (how, _sdk, mode) => {
    const byDocument = how === 'by its metadata document';
    const lambda = byDocument ? withDocuments : built;
    const storage = Object.assign(memoryOAuthProvider(), byDocument && { clientMetadataUrl });
    const url = new URL(`${lambda.url}/mcp`);
    const connect = async (): Promise<Client> => {
      const client = new Client({ name: 'test', version: '1.0.0' }, { versionNegotiation: { mode } });
      const transport = new StreamableHTTPClientTransport(url, { authProvider: storage });
      try {
        await client.connect(transport);
        return client;
      } catch (error) {
        if (!(error instanceof UnauthorizedError)) throw error;
        await transport.finishAuth(await signInAndConsent(urlOf(storage), REDIRECT));
        return connect();
      }
    };
    const client = await connect();
    expect(await callTool(client)).toMatch(LOOKED_UP);
    await client.close();
    const caller = byDocument ? clientMetadataUrl : 'registered-[\\w-]{16}';
    await lambda.printed(new RegExp(`"caller":"${caller}","auth":"oauth","subject":"alice"`));

    const first = storage.tokens();
    storage.saveTokens({ ...first, access_token: 'expired', token_type: 'Bearer' });
    const again = await connect();
    expect(await callTool(again)).toMatch(LOOKED_UP);
    expect(storage.tokens()?.refresh_token).not.toBe(first?.refresh_token);
    await again.close();
  });

  test.each(['by registration', 'by its metadata document'])(
    '%s, a client of SDK v1 signs in and calls a tool',
    async how => {
      const byDocument = how === 'by its metadata document';
      const storage = Object.assign(memoryOAuthProvider(), byDocument && { clientMetadataUrl });
      const url = new URL(`${(byDocument ? withDocuments : built).url}/mcp`);
      const transport = new TransportV1(url, { authProvider: storage });
      const client = new ClientV1({ name: 'test', version: '1.0.0' });
      await expect(client.connect(transport as TransportOfV1)).rejects.toThrow(UnauthorizedErrorV1);
      const query = await signInAndConsent(urlOf(storage), REDIRECT);
      await transport.finishAuth(String(query.get('code')));
      const signedIn = new ClientV1({ name: 'test', version: '1.0.0' });
      await signedIn.connect(new TransportV1(url, { authProvider: storage }) as TransportOfV1);
      expect(await callTool(signedIn)).toMatch(LOOKED_UP);
      await signedIn.close();
    },
  );
});

const LOOKED_UP = /the rise and fall of the sea/i;

async function callTool(client: Client | ClientV1): Promise<string> {
  const { content } = await client.callTool({ name: 'lookup', arguments: { term: 'tide' } });
  return JSON.stringify(content);
}

function urlOf({ authorizationUrl }: { authorizationUrl?: URL }): URL {
  if (!authorizationUrl) throw new Error('The client did not send the person anywhere.');
  return authorizationUrl;
}

test('the local MCP_SECRET is stored in a file of the checkout that only its owner can read', async () => {
  const file = join(ROOT, '.mcp-secret');
  rmSync(file, { force: true });
  const env = {
    MCP_AUTH: 'oauth',
    MCP_OAUTH_PROXY: 'on',
    MCP_OAUTH_ISSUER: 'https://provider.example',
    MCP_OAUTH_CLIENT_ID: 'client',
  };
  const secretAfterStart = async (): Promise<string> => {
    await using _ = await startApp({ env });
    return readFileSync(file, 'utf8');
  };
  const secret = await secretAfterStart();
  expect(secret).toMatch(/^[0-9a-f]{64}$/);
  expect(await secretAfterStart()).toBe(secret);
});
