/** The doctor on each kind of API Gateway endpoint: it detects the kind and the faults that are specific to it. */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type AuthorizationServer, startAuthorizationServer } from '../../../helpers/authorization-server.ts';
import { closeAll } from '../../../helpers/close-all.ts';
import { type FakeUpstream, startFakeUpstream } from '../../../helpers/fake-upstream.ts';
import { freePort, type RunningLambda, startApp } from '../../../helpers/local-lambda.ts';
import { doctor } from './doctor.ts';
import { type Fault, startFaultyProxy } from './faulty-proxy.ts';

const TOKEN = 'only-its-owner-knows-this';
const KNOWN = {
  MCP_AUTH: 'token',
  MCP_TOKEN_SHA256: createHash('sha256').update(TOKEN).digest('hex'),
};
const CALLER = { MCP_TOKEN: TOKEN };

let upstream: FakeUpstream;
let issuer: AuthorizationServer;
beforeAll(async () => {
  upstream = await startFakeUpstream({ delayMs: 40 });
  issuer = await startAuthorizationServer(['mcp'], 60);
});
afterAll(() => closeAll(issuer, upstream));

function start(args: string[], env: Record<string, string>, handler?: string): Promise<RunningLambda> {
  return startApp({ args, env: { ...upstream.env, ...env } }, handler);
}

const REST = ['--endpoint', 'rest-api'];
const AUTHORIZER = ['--authorizer', 'authorizer.request'];

describe('the doctor reports no failure for', () => {
  test('a REST API that streams, at its stage', async () => {
    await using lambda = await start(REST, KNOWN);
    const report = await doctor(`${lambda.url}/live/mcp`, [], CALLER);
    expect(report.with('failed')).toEqual([]);
    expect(report.get('endpoint').found).toBe('A REST API.');
    expect(report.get('streaming')).toMatchObject({ status: 'ok' });
    expect(report.get('authorizer')).toMatchObject({
      status: 'skipped',
      found: expect.stringContaining('The server itself denies requests'),
    });
  });

  test('the OAuth check of a REST API whose challenge names the metadata', async () => {
    const port = String(await freePort());
    const url = `http://127.0.0.1:${port}/live/mcp`;
    await using _ = await start(
      [
        ...REST,
        ...AUTHORIZER,
        '--challenge',
        'Bearer resource_metadata="{url}/.well-known/oauth-protected-resource/mcp"',
      ],
      { PORT: port, MCP_AUTH: 'oauth', MCP_OAUTH_ISSUER: issuer.issuer, MCP_OAUTH_AUDIENCE: url },
    );
    const report = await doctor(url);
    expect(report.get('reachable').status).toBe('ok');
    expect(report.get('endpoint').found).toBe('A REST API.');
    expect(report.get('who-may-call')).toMatchObject({
      status: 'failed',
      found: 'Requests without credentials are denied (401), and the doctor has none.',
    });
    expect(report.get('oauth')).toMatchObject({
      status: 'ok',
      found: expect.stringContaining('metadata, keys and PKCE'),
    });
  });

  test('a REST API with a Lambda authorizer that caches results', async () => {
    await using lambda = await start([...REST, ...AUTHORIZER], KNOWN);
    const report = await doctor(`${lambda.url}/live/mcp`, [], CALLER);
    expect(report.with('failed')).toEqual([]);
    expect(report.get('who-may-call').found).toMatch(
      /Denied without credentials \(401\) and with invalid ones \(401\), before the server; allowed with token/,
    );
    expect(report.get('authorizer').status).toBe('ok');
    expect(JSON.stringify(report)).not.toContain(TOKEN);
  });

  test('an HTTP API, and warns that it does not stream', async () => {
    await using lambda = await start(['--endpoint', 'http-api', ...AUTHORIZER], KNOWN, 'handler.buffered');
    const report = await doctor(`${lambda.url}/mcp`, [], CALLER);
    expect(report.with('failed')).toEqual([]);
    expect(report.with('warning')).toEqual(['endpoint', 'streaming']);
    expect(report.get('endpoint').found).toBe('An HTTP API: complete responses only, within 30 seconds.');
    expect(report.get('streaming')).toMatchObject({
      found: expect.stringMatching(/all at once, as always behind an HTTP API/),
      advice: expect.stringContaining('"rest-api"'),
    });
    expect(report.get('authorizer').status).toBe('ok');
  });

  test('an API with AWS_IAM, signed for execute-api', async () => {
    await using lambda = await start([...REST, '--auth-type', 'AWS_IAM'], {
      MCP_AUTH: 'iam',
      LAMBDA_IAM_CREDENTIALS: 'AKIAONE:one',
    });
    const keys = { AWS_ACCESS_KEY_ID: 'AKIAONE', AWS_SECRET_ACCESS_KEY: 'one' };
    const signed = ['--sigv4', '--region', 'us-east-1', '--service', 'execute-api'];
    const report = await doctor(`${lambda.url}/live/mcp`, signed, keys);
    expect(report.get('who-may-call').found).toContain('allowed with sigv4');
    expect(report.with('failed')).toEqual([]);
    const unsigned = await doctor(`${lambda.url}/live/mcp`);
    expect(unsigned.get('reachable')).toMatchObject({
      status: 'failed',
      advice: expect.stringContaining('--sigv4'),
    });
  });
});

describe('the doctor reports the fault, and how to fix it, of', () => {
  test('a REST API without its stage in the path', async () => {
    await using lambda = await start(REST, KNOWN);
    expect((await doctor(`${lambda.url}/mcp`, [], CALLER)).get('reachable')).toMatchObject({
      status: 'failed',
      found: expect.stringMatching(/^API Gateway denies the request: 403/),
      advice: expect.stringContaining('stage in the path'),
    });
  });

  test('OAuth metadata below a stage, where clients do not find it', async () => {
    const port = String(await freePort());
    const url = `http://127.0.0.1:${port}/live/mcp`;
    await using _ = await start(REST, {
      PORT: port,
      MCP_AUTH: 'oauth',
      MCP_OAUTH_ISSUER: issuer.issuer,
      MCP_OAUTH_AUDIENCE: url,
    });
    expect((await doctor(url)).get('oauth')).toMatchObject({
      status: 'failed',
      found: expect.stringContaining('/live/.well-known/oauth-protected-resource/mcp, below the stage'),
      advice: expect.stringContaining('domain_name'),
    });
  });

  test('a wrong token for a Lambda authorizer', async () => {
    await using lambda = await start([...REST, ...AUTHORIZER], KNOWN);
    const report = await doctor(`${lambda.url}/live/mcp`, [], { MCP_TOKEN: 'another' });
    expect(report.get('who-may-call')).toMatchObject({
      status: 'failed',
      found: expect.stringContaining('Denied before the request reached the server (401)'),
      advice: expect.stringContaining('NAME-authorizer'),
    });
  });

  const gateway = (code: number, message: string | null, headers: Record<string, string> = {}): Fault => ({
    respond(_incoming, response) {
      response.writeHead(code, { 'x-amz-apigw-id': 'A', ...headers }).end(JSON.stringify({ message }));
      return true;
    },
  });
  test.each<[string, Fault, RegExp, RegExp]>([
    [
      'an authorizer that fails',
      gateway(500, null, { 'x-amzn-errortype': 'AuthorizerConfigurationException' }),
      /The authorizer fails: 500/,
      /aws logs tail/,
    ],
    ['throttling', gateway(429, 'Too Many Requests'), /Throttled by API Gateway/, /`throttle`/],
    ['a quota', gateway(429, 'Limit Exceeded'), /Throttled by API Gateway/, /calls_per_day/],
    ['no response in time', gateway(504, 'Endpoint request timed out'), /timed out: 504/, /30 s/],
    [
      'a signature that is missing',
      gateway(403, 'Missing Authentication Token'),
      /requires a signature/,
      /--sigv4/,
    ],
    [
      'a closed API, a missing key, a firewall',
      gateway(403, 'Forbidden'),
      /API Gateway denies the request/,
      /API key/,
    ],
  ])('%s', async (_what, fault, found, advice) => {
    await using proxy = await startFaultyProxy('http://127.0.0.1:9', fault);
    expect((await doctor(`${proxy.url}/live/mcp`, [], CALLER)).get('reachable')).toMatchObject({
      status: 'failed',
      found: expect.stringMatching(found),
      advice: expect.stringMatching(advice),
    });
  });

  test('an authorizer whose cached policy allows one path only', async () => {
    await using lambda = await start([...REST, ...AUTHORIZER], KNOWN);
    const denial = { message: 'User is not authorized to access this resource' };
    const fault: Fault = {
      respond({ url }, response) {
        if (url === '/live/mcp') return false;
        response.writeHead(403, { 'x-amz-apigw-id': 'A' }).end(JSON.stringify(denial));
        return true;
      },
    };
    await using proxy = await startFaultyProxy(lambda.url, fault);
    expect((await doctor(`${proxy.url}/live/mcp`, [], CALLER)).get('authorizer')).toMatchObject({
      status: 'failed',
      found: expect.stringMatching(/allows you at \/live\/mcp, but not at \/live\/mcp\/doctor-/),
      advice: expect.stringContaining('authorizer_result_ttl_seconds = 0'),
    });
  });

  test('a server behind CloudFront, which is not a fault: it names CloudFront and the Function URL', async () => {
    await using lambda = await start([], KNOWN);
    const fault: Fault = { toClient: headers => headers.push(['x-amz-cf-id', 'A']) };
    await using proxy = await startFaultyProxy(lambda.url, fault);
    expect((await doctor(`${proxy.url}/mcp`, [], CALLER)).get('endpoint').found).toBe(
      'CloudFront, and behind it a Function URL.',
    );
  });
});
