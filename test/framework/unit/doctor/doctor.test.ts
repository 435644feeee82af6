/** The doctor, run on a healthy server of each kind and on each fault that it knows. */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startAuthorizationServer } from '../../../helpers/authorization-server.ts';
import { closeAll } from '../../../helpers/close-all.ts';
import { type FakeUpstream, startFakeUpstream } from '../../../helpers/fake-upstream.ts';
import {
  DIST,
  freePort,
  type RunningLambda,
  startApp,
  startFunction,
} from '../../../helpers/local-lambda.ts';
import { doctor, run, STREAMING } from './doctor.ts';
import { type Fault, startFaultyProxy } from './faulty-proxy.ts';

const TOKEN = 'only-its-owner-knows-this';
const DIGEST = createHash('sha256').update(TOKEN).digest('hex');

let upstream: FakeUpstream;
let healthy: RunningLambda;
beforeAll(async () => {
  // Slow enough that the parts of a stream arrive separately.
  upstream = await startFakeUpstream({ delayMs: 40 });
  healthy = await startApp({ env: upstream.env });
});
afterAll(() => closeAll(healthy, upstream));

describe('the doctor reports no failure for', () => {
  test('an open server on this machine', async () => {
    const report = await doctor(`${healthy.url}/mcp`);
    expect(report.with('failed')).toEqual([]);
    expect(report.with('warning')).toEqual([]);
    expect(report.with('skipped')).toEqual(['authorizer', 'oauth']);
    expect(report.get('endpoint').found).toBe('A Function URL.');
    expect(report.get('modern').found).toContain('glossary 1.0.0: lookup, lookup_many');
    expect(report.get('legacy').found).toContain('2025-11-25');
    expect(report.get('streaming').found).toMatch(/12 times progress/);
    expect(report.get('latency').found).toMatch(/median \d+ ms/);
  });

  test('a server with a token, which the report does not contain', async () => {
    await using lambda = await startApp({
      env: { ...upstream.env, MCP_AUTH: 'token', MCP_TOKEN_SHA256: DIGEST },
    });
    const report = await doctor(`${lambda.url}/mcp`, [], { MCP_TOKEN: TOKEN });
    expect(report.with('failed')).toEqual([]);
    expect(report.get('who-may-call').found).toContain('allowed with token');
    expect(report.get('headers').found).toMatch(/Authorization, .*x-amzn-remapped-www-authenticate/);
    expect(JSON.stringify(report)).not.toContain(TOKEN);
  });

  test('a Function URL with auth type AWS_IAM', async () => {
    await using lambda = await startApp({
      args: ['--auth-type', 'AWS_IAM'],
      env: { ...upstream.env, MCP_AUTH: 'iam', LAMBDA_IAM_CREDENTIALS: 'AKIAONE:one' },
    });
    const args = ['--sigv4', '--region', 'us-east-1'];
    const keys = { AWS_ACCESS_KEY_ID: 'AKIAONE', AWS_SECRET_ACCESS_KEY: 'one' };
    const report = await doctor(`${lambda.url}/mcp`, args, keys);
    expect(report.with('failed')).toEqual([]);
    expect(report.get('who-may-call').found).toContain('allowed with sigv4');

    const unsigned = await doctor(`${lambda.url}/mcp`);
    expect(unsigned.get('reachable')).toMatchObject({
      status: 'failed',
      found: expect.stringContaining('Denied before the request reached the server: 403'),
      advice: expect.stringMatching(
        /two statements.*lambda:InvokeFunctionUrl and lambda:InvokeFunction.*--sigv4/,
      ),
    });
    expect(unsigned.with('skipped')).toHaveLength(unsigned.checks.length - 1);

    const forged = await doctor(`${lambda.url}/mcp`, args, { ...keys, AWS_SECRET_ACCESS_KEY: 'other' });
    expect(forged.get('reachable').advice).toContain('invoke_policy_json');
  });

  test('an OAuth proxy, with and without registration, and a failure if its issuer is unreachable', async () => {
    const issuer = await startAuthorizationServer([], 60);
    const env = {
      ...upstream.env,
      MCP_AUTH: 'oauth',
      MCP_OAUTH_PROXY: 'on',
      MCP_OAUTH_ISSUER: issuer.issuer,
      MCP_OAUTH_CLIENT_ID: 'client',
    };
    // Only one environment, which caches the issuer's metadata.
    const one = ['--environments', '1'];
    await using open = await startApp({ args: one, env: { ...env, MCP_OAUTH_REGISTRATION: 'on' } });
    expect((await doctor(`${open.url}/mcp`)).get('oauth')).toMatchObject({
      status: 'ok',
      found: expect.stringContaining('plain PKCE and foreign redirects are rejected'),
    });
    await using closed = await startApp({ env });
    expect((await doctor(`${closed.url}/mcp`)).get('oauth')).toMatchObject({
      status: 'ok',
      found: expect.stringContaining('registration is off'),
    });
    await issuer.close();
    expect((await doctor(`${open.url}/mcp`)).get('oauth')).toMatchObject({ status: 'ok' });
    await using unreachable = await startApp({ env: { ...env, MCP_OAUTH_REGISTRATION: 'on' } });
    expect((await doctor(`${unreachable.url}/mcp`)).get('oauth')).toMatchObject({
      status: 'failed',
      found: expect.stringContaining('A sign-in does not start'),
    });
  });

  test('an OAuth resource server, until its authorization server is unreachable', async () => {
    const issuer = await startAuthorizationServer(['mcp'], 60);
    const port = String(await freePort());
    const url = `http://127.0.0.1:${port}/mcp`;
    const env = {
      ...upstream.env,
      PORT: port,
      MCP_AUTH: 'oauth',
      MCP_OAUTH_ISSUER: issuer.issuer,
      MCP_PUBLIC_URL: url,
    };
    await using _ = await startApp({ env });
    expect((await doctor(url)).get('oauth')).toMatchObject({
      status: 'ok',
      found: expect.stringContaining('metadata, keys and PKCE; clients can register themselves'),
    });
    const elsewhere = await doctor(url.replace('127.0.0.1', 'localhost'));
    expect(elsewhere.get('oauth')).toMatchObject({
      status: 'failed',
      advice: expect.stringContaining('public_url'),
    });
    await issuer.close();
    expect((await doctor(url)).get('oauth')).toMatchObject({
      status: 'failed',
      found: expect.stringContaining('ECONNREFUSED'),
    });
  });

  test('the CORS check of an allowed origin', async () => {
    await using lambda = await startApp({ env: { ...upstream.env, MCP_ALLOWED_ORIGINS: 'app.example.com' } });
    const report = await doctor(`${lambda.url}/mcp`, ['--origin', 'https://app.example.com']);
    expect(report.get('cors')).toMatchObject({
      status: 'ok',
      found: expect.stringContaining('https://app.example.com may call'),
    });
  });
});

describe('the doctor reports the fault, and how to fix it, of', () => {
  test.each([
    [
      'a port without a listener',
      async () => `http://127.0.0.1:${await freePort()}/mcp`,
      /No process listens on that port/,
    ],
    [
      'a name that does not exist',
      async () => 'http://mcp.invalid/mcp',
      /terraform output -raw mcp_url|online/,
    ],
    ['https where there is no TLS', async () => healthy.url.replace('http:', 'https:'), /begins with http:/],
    ['the wrong path', async () => `${healthy.url}/`, /Use the path of a server/],
  ])('%s', async (_what, url, advice) => {
    const report = await doctor(await url());
    expect(report.get('reachable')).toMatchObject({
      status: 'failed',
      advice: expect.stringMatching(advice),
    });
    expect(report.with('failed')[0]).toBe('reachable');
  });

  test('a function that crashes', async () => {
    await using lambda = await startFunction('echo', { env: { FIXTURE_EXITS: '3' } });
    expect((await doctor(`${lambda.url}/mcp`)).get('reachable')).toMatchObject({
      found: expect.stringContaining('The function failed: 502'),
      advice: expect.stringContaining('aws logs tail'),
    });
  });

  test('a server that is not an MCP server', async () => {
    await using lambda = await startFunction('echo', { args: ['--invoke-mode', 'BUFFERED'] });
    expect((await doctor(`${lambda.url}/mcp`)).get('reachable').found).toContain('No MCP server: 200');
  });

  test('a server without MCP_AUTH', async () => {
    await using lambda = await startFunction('stream', { args: ['--task-root', DIST] }, 'handler');
    expect((await doctor(`${lambda.url}/mcp`)).get('who-may-call')).toMatchObject({
      status: 'failed',
      found: expect.stringContaining('Set MCP_AUTH'),
    });
  });

  test('a host name that is not allowed', async () => {
    await using lambda = await startApp({ env: { MCP_ALLOWED_HOSTS: 'mcp.example.com' } });
    expect((await doctor(`${lambda.url}/mcp`)).get('reachable')).toMatchObject({
      status: 'failed',
      advice: expect.stringContaining('Add 127.0.0.1 to MCP_ALLOWED_HOSTS'),
    });
  });

  test('a missing and a wrong token', async () => {
    await using lambda = await startApp({ env: { MCP_AUTH: 'token', MCP_TOKEN_SHA256: DIGEST } });
    const without = await doctor(`${lambda.url}/mcp`);
    expect(without.get('who-may-call')).toMatchObject({
      status: 'failed',
      advice: expect.stringContaining('MCP_TOKEN'),
    });
    expect(without.get('modern').status).toBe('skipped');
    const another = await doctor(`${lambda.url}/mcp`, [], { MCP_TOKEN: 'another' });
    expect(another.get('who-may-call').advice).toContain('sha256sum');
  });

  test('a function that does not stream', async () => {
    const buffered = { args: ['--invoke-mode', 'BUFFERED'], env: upstream.env };
    await using lambda = await startApp(buffered, 'handler.buffered');
    expect((await doctor(`${lambda.url}/mcp`)).get('streaming')).toMatchObject({
      status: 'failed',
      found: expect.stringContaining('all at once'),
      advice: expect.stringContaining('RESPONSE_STREAM'),
    });
  });

  test('a streaming check whose tool reports no progress, is not named, or does not exist', async () => {
    const silent = await doctor(`${healthy.url}/mcp`, ['--tool', 'lookup', '--arguments', '{"term":"tide"}']);
    expect(silent.get('streaming')).toMatchObject({ status: 'warning' });
    expect(silent.code).toBe(0);
    const { stdout } = await run([`${healthy.url}/mcp`, '--json']);
    expect(JSON.parse(stdout).checks.find(({ id }: { id: string }) => id === 'streaming')).toMatchObject({
      status: 'skipped',
      advice: expect.stringMatching(/--tool NAME --arguments .* There are: lookup, lookup_many\.$/),
    });
    const none = await doctor(`${healthy.url}/mcp`, ['--tool', 'none']);
    expect(none.get('streaming')).toMatchObject({
      status: 'failed',
      advice: expect.stringContaining('--arguments'),
    });
  });

  test('an origin that is not allowed', async () => {
    const report = await doctor(`${healthy.url}/mcp`, ['--origin', 'https://app.example.com']);
    expect(report.get('cors')).toMatchObject({
      status: 'failed',
      advice: expect.stringContaining('MCP_ALLOWED_ORIGINS'),
    });
  });

  const status = (code: number, body: string, headers: Record<string, string> = {}): Fault => ({
    respond(_incoming, response) {
      response.writeHead(code, headers).end(body);
      return true;
    },
  });
  const addOrigin =
    (origin: string): NonNullable<Fault['toClient']> =>
    (headers, { headers: { origin: asked } }) => {
      if (asked) headers.push(['access-control-allow-origin', origin]);
    };

  test.each<[string, Fault, string, RegExp]>([
    [
      'throttling',
      status(429, '{"Reason":"ConcurrentInvocationLimitExceeded"}'),
      'reachable',
      /Throttled: 429/,
    ],
    [
      'a redirect',
      status(301, '', { location: 'https://other.example/mcp' }),
      'reachable',
      /Redirected to https:\/\/other/,
    ],
    [
      'a login page',
      status(200, '<html>Please log in</html>'),
      'reachable',
      /No MCP server: 200 and "<html>/,
    ],
    ['silence', { respond: () => true }, 'reachable', /no response in time/],
    [
      'a proxy that removes a header',
      { toServer: headers => delete headers['mcp-method'] },
      'reachable',
      /does not arrive as it was sent: .*Mcp-Method/i,
    ],
    [
      'a proxy that replaces a header',
      { toServer: headers => Object.assign(headers, { 'mcp-name': 'doctor' }) },
      'headers',
      /Mcp-Name \(/,
    ],
    ['a proxy that buffers', { buffers: true }, 'streaming', /all at once/],
    [
      'duplicate CORS headers',
      {
        toServer: headers => delete headers.origin,
        toClient: (...args) => [1, 2].map(() => addOrigin('https://a.example')(...args)),
      },
      'cors',
      /CORS headers twice/,
    ],
    ['CORS for everybody', { toClient: addOrigin('*') }, 'cors', /any origin are allowed/],
    [
      'a proxy that removes the Origin header',
      { toServer: headers => delete headers.origin },
      'cors',
      /Origin of another website is accepted/,
    ],
    ['a 202 response that does not end', { hangsOn: 202 }, 'notification', /does not end/],
    [
      'a proxy that returns 400 instead of 413',
      {
        respond: ({ headers }, response) =>
          Number(headers['content-length']) > 6e6 && !!response.writeHead(400).end(),
      },
      'oversize',
      /400 instead of 413/,
    ],
    [
      'a proxy that returns a page instead of 405',
      { respond: ({ method }, response) => method === 'GET' && !!response.writeHead(200).end('hello') },
      'get',
      /200 instead of 405/,
    ],
  ])('%s', async (_what, fault, id, found) => {
    await using proxy = await startFaultyProxy(healthy.url, fault);
    const report = await doctor(`${proxy.url}/mcp`, ['--timeout', '3']);
    expect(report.get(id)).toMatchObject({ status: 'failed', found: expect.stringMatching(found) });
    expect(report.get(id).advice).toMatch(/\w{3}/);
  });

  test('a server that accepts any token', async () => {
    await using lambda = await startApp({ env: { MCP_AUTH: 'token', MCP_TOKEN_SHA256: DIGEST } });
    const fault: Fault = {
      toServer(headers) {
        if (headers.authorization) headers.authorization = `Bearer ${TOKEN}`;
      },
    };
    await using proxy = await startFaultyProxy(lambda.url, fault);
    const report = await doctor(`${proxy.url}/mcp`, [], { MCP_TOKEN: TOKEN });
    expect(report.get('who-may-call')).toMatchObject({
      status: 'failed',
      found: 'The server accepts an invalid token.',
    });
  });
});

describe('npm run doctor', () => {
  test('prints one line per check and a summary', async () => {
    const { stdout, code } = await run([`${healthy.url}/mcp`, ...STREAMING]);
    expect(stdout).toMatch(/^ok {7}reachable +the endpoint responds\n/);
    expect(stdout).toMatch(/^skipped {2}authorizer, oauth \(--json prints the reasons\)$/m);
    expect(stdout).toMatch(/^15 ok, 0 warnings, 0 failed, 2 skipped\n/m);
    expect(code).toBe(0);
  });

  test.each([
    [[], /Exactly one URL is needed/],
    [['ftp://x'], /not an http or https URL/],
    [['http://user:secret@x/'], /must not contain credentials/],
    [['http://x', '--arguments', '[]'], /must be a JSON object/],
    [['http://x', '--sigv4'], /AWS_ACCESS_KEY_ID/],
    [['http://x', '--timeout', 'soon'], /number of seconds/],
    [['http://x', '--tokne', 'y'], /tokne/],
  ])('exits with code 2 and prints its usage for the arguments %j', async (args, message) => {
    const { stdout, stderr, code } = await run(args);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(message);
    expect(stderr).toContain('Usage: npm run doctor');
    expect(stderr).not.toContain('secret');
  });
});
