/**
 * Clients of other projects that sign in through the OAuth proxy in the local Lambda, by registration and by metadata document,
 * with providers like Cognito and Entra: mcp-remote, the MCP Inspector and FastMCP. Each knows only the URL of the MCP server.
 * test/framework/e2e/oauth-proxy.test.ts tests the clients of both SDKs.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ClientDocuments, startClientDocuments } from '../../helpers/client-documents.ts';
import { closeAll } from '../../helpers/close-all.ts';
import { signInAndConsent } from '../../helpers/consenting-browser.ts';
import { type FakeUpstream, startFakeUpstream } from '../../helpers/fake-upstream.ts';
import { IMITATIONS } from '../../helpers/identity-provider.ts';
import { freePort, ROOT, TEST_PACKAGES } from '../../helpers/local-lambda.ts';
import { type RunningProxy, startProxyWithDocuments } from '../../helpers/oauth-proxy.ts';
import { describeWith, type Found } from '../../helpers/skipped-suites.ts';

const FOLDER = join(ROOT, 'test/framework/oauth-clients');
const LOOKED_UP = /the rise and fall of the sea/i;

describe.each(['cognito', 'entra'] as const)('with the OAuth proxy and a provider like %s,', imitation => {
  let upstream: FakeUpstream;
  let documents: ClientDocuments;
  let proxy: RunningProxy;
  let home: string;
  beforeAll(async () => {
    upstream = await startFakeUpstream();
    documents = await startClientDocuments();
    proxy = await startProxyWithDocuments(IMITATIONS[imitation], upstream.env);
    home = mkdtempSync(join(tmpdir(), 'oauth-client-'));
  });
  afterAll(async () => {
    await closeAll(proxy.lambda, proxy.provider, documents, upstream);
    rmSync(home, { recursive: true, force: true });
  });

  const url = (): string => `${proxy.lambda.url}/mcp`;
  const publish = (name: string, path: string): string =>
    documents.publish(`/${name}.json`, {
      client_name: name,
      redirect_uris: ['localhost', '127.0.0.1'].map(host => `http://${host}${path}`),
      token_endpoint_auth_method: 'none',
    });
  const expectSignIn = async (client: string): Promise<void> => {
    const line = `"event":"signed_in","client":"${client}","resource":"${url()}","subject":"alice"`;
    await proxy.lambda.printed(new RegExp(line));
  };

  /** Runs a program, signs in at the URL that it prints, and returns its output. */
  const run = async (command: string, args: string[]): Promise<string> => {
    const child = spawn(command, args, { cwd: home, env: emptyEnvironment(home) });
    const output = signInWhenAsked(child.stdout, child.stderr);
    const [code] = await once(child, 'close');
    const text = await output;
    expect(code, text).toBe(0);
    return text;
  };

  describeWith(installed('mcp-remote'))('mcp-remote', command => {
    test('registers, signs in, lists the tools and calls one', async () => {
      const transport = new StdioClientTransport({
        command: process.execPath,
        args: [command, url(), String(await freePort()), '--transport', 'http-only'],
        env: emptyEnvironment(home),
        stderr: 'pipe',
      });
      const signedIn = signInWhenAsked(transport.stderr as Readable);
      const client = new Client({ name: 'test', version: '1' });
      await client.connect(transport, { timeout: 300_000 });
      expect((await client.listTools()).tools.map(({ name }) => name)).toContain('lookup');
      const { content } = await client.callTool({ name: 'lookup', arguments: { term: 'tide' } });
      expect(JSON.stringify(content)).toMatch(LOOKED_UP);
      await client.close();
      await signedIn;
      await expectSignIn('registered-[\\w-]{16}');
    });
  });

  describe('the Inspector', () => {
    const call = async (...more: string[]): Promise<string> => {
      const callback = `http://127.0.0.1:${await freePort()}/oauth/callback`;
      const tool = ['--method', 'tools/call', '--tool-name', 'lookup', '--tool-arg', 'term=tide'];
      return run(process.execPath, [INSPECTOR, '--cli', url(), ...tool, '--callback-url', callback, ...more]);
    };

    test('registers, signs in and calls a tool', async () => {
      expect(await call('--relogin')).toMatch(LOOKED_UP);
      await expectSignIn('registered-[\\w-]{16}');
    });

    test('signs in by its metadata document and calls a tool', async () => {
      const document = publish('inspector', '/oauth/callback');
      expect(await call('--relogin', '--client-metadata-url', document)).toMatch(LOOKED_UP);
      await expectSignIn(document);
    });
  });

  describeWith(fastMcp(), { inCi: 'skip' })('FastMCP’s Python client', python => {
    test.each(['by registration', 'by its metadata document'])(
      'signs in %s, lists the tools and calls one',
      async how => {
        const document = how === 'by registration' ? [] : [publish('fastmcp', '/callback')];
        const output = await run(python, [join(FOLDER, 'fastmcp_client.py'), url(), ...document]);
        expect(output).toMatch(/^RESULT \[\["lookup", "lookup_many"\], ".*the rise and fall of the sea/im);
        await expectSignIn(document[0] ?? 'registered-[\\w-]{16}');
      },
    );
  });
});

const INSPECTOR = join(TEST_PACKAGES, '@modelcontextprotocol/inspector/clients/launcher/build/index.js');

/** Returns environment variables without a browser, so that clients print the URL, and without the keychain of the developer. */
function emptyEnvironment(home: string): Record<string, string> {
  // Without it, the Inspector requires a terminal.
  const inspector = { MCP_AUTO_OPEN_ENABLED: 'true', MCP_INSPECTOR_SECRET_STORE: 'memory' };
  return { PATH: home, HOME: home, USERPROFILE: home, ...inspector };
}

/** Reads the output of a client, opens the first authorization request in it, and follows it to the client's redirect address. */
async function signInWhenAsked(...streams: Readable[]): Promise<string> {
  let output = '';
  let signedIn: Promise<void> | undefined;
  const read = async (stream: Readable): Promise<void> => {
    for await (const chunk of stream.setEncoding('utf8')) {
      output += chunk;
      const [, request] = /(http:\/\/\S+\/authorize\?\S+)\s/.exec(output) ?? [];
      if (request) signedIn ??= signIn(new URL(request));
    }
  };
  await Promise.all(streams.map(read));
  if (!signedIn) throw new Error(`The client did not send the person anywhere:\n${output}`);
  await signedIn;
  return output;
}

async function signIn(request: URL): Promise<void> {
  const redirect = String(request.searchParams.get('redirect_uri'));
  const query = await signInAndConsent(request, redirect);
  await fetch(`${redirect}?${query}`);
}

/** Returns the file of a command of this folder's packages. */
function installed(name: string): Found<string> {
  const file = join(FOLDER, 'node_modules/.bin', name);
  if (existsSync(file)) return { found: realpathSync(file) };
  return { missing: `${name} is not installed. To install and run it: npm run test:auth` };
}

function fastMcp(): Found<string> {
  const python = join(FOLDER, '.venv', process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python');
  if (existsSync(join(FOLDER, '.venv/requirements-digest'))) return { found: python };
  return { missing: 'FastMCP is not installed. It needs Python 3.11 or newer; then: npm run test:auth' };
}
