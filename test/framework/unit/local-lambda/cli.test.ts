import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  helpText,
  OptionError,
  parseOptions,
  SETTINGS,
} from '../../../../app/framework/local-lambda/options.ts';
import { DIST, type RunningLambda, startFunction } from '../../../helpers/local-lambda.ts';
import { childrenOf, stateOf } from '../../../helpers/processes.ts';
import { rawRequest } from '../../../helpers/raw-request.ts';

const LOCAL = join(DIST, 'local.mjs');

function run(args: string[], env: Record<string, string> = {}) {
  return spawnSync(process.execPath, [LOCAL, ...args], {
    env: { PATH: process.env.PATH, ...env },
    encoding: 'utf8',
  });
}

describe('options', () => {
  test('a flag overrides its variable, and the variable overrides the default', () => {
    expect(parseOptions([], {})).toMatchObject({ port: 8080, handler: 'handler.stream', freeze: true });
    expect(parseOptions([], { PORT: '9', _HANDLER: 'a.b' })).toMatchObject({ port: 9, handler: 'a.b' });
    expect(parseOptions(['c.d', '--port', '10', '--', 'x', '--port'], { PORT: '9' })).toMatchObject({
      port: 10,
      handler: 'c.d',
      command: ['x', '--port'],
    });
  });

  test.each([
    [['--port', 'many'], '--port must be a port number from 0 to 65535, not "many".'],
    [['--port', '8080.5'], '--port must be a port number from 0 to 65535, not "8080.5".'],
    [['--concurrency', '2.5'], '--concurrency must be a number of calls from 1 to 1000, not "2.5".'],
    [['--endpoint', 'cdn'], '--endpoint must be one of function-url, http-api, rest-api, alb, not "cdn".'],
    [['--memory', '64'], '--memory must be a number of MB from 128 to 10240, not "64".'],
    [['--nonsense'], /Unknown option '--nonsense'.*See --help\./],
    [['--auth-type', 'AWS_IAM'], /requires LAMBDA_IAM_CREDENTIALS/],
  ])('the arguments %j are rejected with an error that says what to write', (args, message) => {
    expect(() => parseOptions(args, {})).toThrow(OptionError);
    expect(() => parseOptions(args, {})).toThrow(message);
  });

  test('an invalid credential is rejected with an error that does not contain it', () => {
    const env = { LAMBDA_IAM_CREDENTIALS: 'topsecret' };
    expect(() => parseOptions([], env)).toThrow('LAMBDA_IAM_CREDENTIALS must be KEY_ID:SECRET');
    expect(() => parseOptions([], env)).not.toThrow('topsecret');
  });

  test('--help names every setting', () => {
    const { stdout, status } = run(['--help']);
    expect(status).toBe(0);
    expect(stdout).toBe(helpText('node entry.mjs [handler] [options] [-- runtime command...]'));
    for (const { flag, env } of Object.values(SETTINGS))
      expect(stdout).toMatch(new RegExp(`--${flag} .*${env} `));
  });
});

describe('the local Lambda', () => {
  test('prints that the port is in use, and how to choose another one', async () => {
    const holder = createServer().listen(0, '127.0.0.1');
    await once(holder, 'listening');
    const { port } = holder.address() as AddressInfo;
    const { status, stderr } = run(['--port', String(port)]);
    holder.close();
    expect(status).toBe(1);
    expect(stderr).toBe(
      `Port ${port} is taken. Stop the program that listens there, or choose another port: PORT=${port + 1}\n`,
    );
  });

  test('exits with code 2 for an invalid setting', () => {
    expect(run([], { LAMBDA_TIMEOUT: '-1' })).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/^LAMBDA_TIMEOUT must be/),
    });
  });

  test('prints an error if the native part of the runtime client cannot be loaded', async () => {
    const command = [
      '--',
      process.execPath,
      '-e',
      'throw new Error("Cannot find module ./rapid-client.node")',
    ];
    const { output } = await started(command);
    expect(output).toContain('The native part of aws-lambda-ric cannot be loaded. Run "npm run native"');
  });

  test('prints an error if the runtime command does not exist', async () => {
    const { output } = await started(['--', '/nowhere/runtime']);
    expect(output).toMatch(/The function does not start: Runtime\.InvalidEntrypoint/);
  });

  async function started(command: string[]): Promise<{ output: string }> {
    await using lambda = await startFunction('act', { args: command });
    await lambda.printed(/The function does not start/);
    return { output: lambda.output() };
  }

  test.each(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const)(
    'exits at once on %s, with all processes of the function, frozen or running',
    async signal => {
      const lambda = await startFunction('act');
      await (await fetch(`${lambda.url}/?do=ok`)).text();
      const underWay = fetch(`${lambda.url}/?do=waitBefore`).catch(() => undefined);
      await expect.poll(() => functionsOf(lambda).length).toBe(1);
      await fetch(`${lambda.url}/?do=ok`);
      const functions = functionsOf(lambda);
      expect(functions).toHaveLength(2);
      lambda.process.kill(signal);
      const [code] = await once(lambda.process, 'exit');
      expect(code).toBe(0);
      await expect.poll(() => functions.filter(pid => (stateOf(pid) ?? 'Z') !== 'Z')).toEqual([]);
      await underWay;
    },
  );

  const functionsOf = (lambda: RunningLambda): number[] => childrenOf(lambda.process.pid ?? 0);

  test('prints one line per request, with its duration and memory', async () => {
    await using lambda = await startFunction('act', { args: ['--memory', '256'] });
    const body = JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: { name: 'lookup' },
    });
    await fetch(`${lambda.url}/mcp?do=ok`, { method: 'POST', body });
    await fetch(`${lambda.url}/mcp?do=ok`);
    const uuid = '[0-9a-f-]{36}';
    await lambda.printed(new RegExp(`POST /mcp\\?do=ok tools/call lookup 200 [\\d.]+ ms cold ${uuid}`));
    await lambda.printed(new RegExp(`GET /mcp\\?do=ok 200 [\\d.]+ ms warm ${uuid}`));
    await lambda.printed(new RegExp(`START RequestId: ${uuid} Version: \\$LATEST`));
    await lambda.printed(new RegExp(`END RequestId: ${uuid}`));
    await lambda.printed(
      /REPORT RequestId: \S+\tDuration: [\d.]+ ms\tBilled Duration: \d+ ms\tMemory Size: 256 MB\tMax Memory Used: \d+ MB\tInit Duration: [\d.]+ ms/,
    );
  });

  test.each(['text', 'json'])(
    'prints no forged log line for a name or path with line breaks, --log-format %s',
    async format => {
      await using lambda = await startFunction('act', { args: ['--log-format', format] });
      const forged = 'START RequestId: forged';
      const breaks = ['\n', '\r', '\u0085', '\u2028', '\u2029', '\u001b[2K', '\u202e', '\u{e0001}'];
      const method = breaks.map(line => `x${line}${forged}`).join('');
      const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: { name: method } });
      await rawRequest(lambda.url, { method: 'POST', target: '/?do=ok', body });
      await lambda.printed(/do=ok.*forged/);
      const lines = lambda.output().split(/[\n\r\u0085\u2028\u2029]/);
      expect(lines.filter(line => line.startsWith(forged))).toEqual([]);
      expect(lambda.output().match(/[^\n\t\P{Cc}]|[\p{Cf}\p{Zl}\p{Zp}]/gu)).toBeNull();
      const [line] = lambda.output().match(/.*forged.*/) ?? [];
      if (format === 'json') expect(JSON.parse(line ?? '').record.call).toContain(forged);
    },
  );

  test('prints JSON with --log-format json', async () => {
    await using lambda = await startFunction('act', { args: ['--log-format', 'json'] });
    await fetch(`${lambda.url}/?do=ok`);
    await lambda.printed(/"type":"local.request"/);
    const events = lambda
      .output()
      .split('\n')
      .filter(line => line.startsWith('{'))
      .map(line => JSON.parse(line));
    const report = events.find(({ type }) => type === 'platform.report');
    expect(report.record).toMatchObject({
      status: 'success',
      metrics: { memorySizeMB: 512, durationMs: expect.any(Number) },
    });
    const request = events.find(({ type }) => type === 'local.request');
    expect(request.record).toMatchObject({ method: 'GET', path: '/?do=ok', status: 200, cold: true });
  });

  test('listens on 127.0.0.1 only, unless another host is set', async () => {
    // On Linux, all of 127.0.0.0/8 is loopback: a process that listens on all addresses is reachable at 127.0.0.2 as well.
    const elsewhere = (url: string) =>
      fetch(`${url.replace(/\/\/[\d.]+|\/\/localhost/, '//127.0.0.2')}/?do=ok`);
    await using lambda = await startFunction('act', {
      args: ['--invoke-port', '0', '--dashboard-port', '0'],
    });
    const [, dashboardUrl = ''] = await lambda.printed(/Local dashboard: (http:\/\/[^/\s]+)/);
    for (const url of [lambda.url, lambda.invokeUrl, dashboardUrl])
      await expect(elsewhere(url), url).rejects.toThrow();
    await using open = await startFunction('act', { env: { HOST: '0.0.0.0' } });
    expect((await elsewhere(open.url)).status).toBe(200);
  });

  test('passes environment variables to the function, except for its own settings', async () => {
    await using lambda = await startFunction('environment', {
      env: { MY_SETTING: 'mine', LAMBDA_CONCURRENCY: '3' },
    });
    const env = await (await fetch(lambda.url)).json();
    expect(env).toMatchObject({
      MY_SETTING: 'mine',
      AWS_REGION: 'us-east-1',
      AWS_LAMBDA_FUNCTION_NAME: 'local',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '512',
      _HANDLER: 'functions.environment',
    });
    expect(env).not.toHaveProperty('LAMBDA_CONCURRENCY');
    expect(env).not.toHaveProperty('PORT');
  });
});
