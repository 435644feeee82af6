/** The commands of a developer: the Inspector, `npm run call`, `npm start`, `npm run dev`. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { renameSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { closeAll } from '../../helpers/close-all.ts';
import { type FakeUpstream, startFakeUpstream } from '../../helpers/fake-upstream.ts';
import { DIST, ROOT, type RunningLambda, startApp, TEST_PACKAGES } from '../../helpers/local-lambda.ts';
import { childrenOf, commandOf, stateOf } from '../../helpers/processes.ts';
import { ProjectCopy } from '../../helpers/project-copy.ts';
import { describeWith, findProgram } from '../../helpers/skipped-suites.ts';

const run = promisify(execFile);

let upstream: FakeUpstream;
let lambda: RunningLambda;
beforeAll(async () => {
  upstream = await startFakeUpstream();
  lambda = await startApp({
    env: upstream.env,
  });
});
afterAll(() => closeAll(lambda, upstream));

describe('the Inspector', () => {
  const inspect = async (...args: string[]) => {
    const bin = join(TEST_PACKAGES, '.bin/mcp-inspector');
    const { stdout } = await run(bin, ['--cli', `${lambda.url}/mcp`, '--transport', 'http', ...args]);
    return JSON.parse(stdout);
  };

  test('lists the tools', async () => {
    const { tools } = await inspect('--method', 'tools/list');
    expect(tools.map(({ name }: { name: string }) => name)).toEqual(['lookup', 'lookup_many']);
  });

  test('calls a tool', async () => {
    const result = await inspect(
      '--method',
      'tools/call',
      '--tool-name',
      'lookup',
      '--tool-arg',
      'term=tide',
    );
    expect(result.content[0].text).toContain('tide: the rise');
  });
});

describe('npm run call', () => {
  const call = (...args: string[]) => run(process.execPath, [join(ROOT, 'scripts/call.ts'), ...args]);

  test.each(['auto', 'modern', 'legacy'])('lists the tools, --era %s', async era => {
    const { stdout, stderr } = await call(`${lambda.url}/mcp`, '--era', era);
    expect(stdout).toMatch(/^lookup\n {4}\S/m);
    expect(stderr).toContain(era === 'legacy' ? 'legacy era' : 'modern era');
  });

  test('calls a tool and shows progress', async () => {
    const args = JSON.stringify({ terms: ['tide', 'glacier'] });
    const { stdout, stderr } = await call(`${lambda.url}/mcp`, 'lookup_many', args);
    expect(stdout).toContain('tide: the rise');
    expect(stderr).toMatch(/1\/2 [\s\S]*2\/2 /);
  });

  test.each<[string, string[], number, RegExp]>([
    ['exits with code 1 for a tool error', ['lookup', '{"term":"lagoon"}'], 1, /lagoon/],
    ['exits with code 2 for invalid JSON', ['lookup', '{'], 2, /JSON[\s\S]*Usage/],
    [
      'exits with code 2 and lists the tools for an unknown tool',
      ['look'],
      2,
      /lookup_many[\s\S]*no tool "look"/,
    ],
    ['exits with code 2 for an invalid era', ['--era', 'stone'], 2, /--era must be/],
  ])('%s', async (_what, args, code, said) => {
    const failed = await call(`${lambda.url}/mcp`, ...args).catch(error => error);
    expect([failed.code, failed.stdout + failed.stderr]).toEqual([code, expect.stringMatching(said)]);
  });

  test('exits with code 2 and the reason for an unreachable server', async () => {
    const failed = await call('http://127.0.0.1:9/mcp').catch(error => error);
    expect([failed.code, failed.stderr]).toEqual([
      2,
      expect.stringMatching(/fetch failed|bad port|refused/i),
    ]);
  });
});

describeWith(findProgram('curl'))('npm start', () => {
  test('prints its URL and a curl command that works', async () => {
    await lambda.printed(/claude mcp add --transport http mcp-on-lambda http:\S+\/mcp/);
    expect(lambda.output()).toContain('no authentication here');
    const [, command = ''] = await lambda.printed(/curl {10}(curl [\s\S]*?)\n\n/);
    const { stdout } = await run('sh', ['-c', command]);
    expect(stdout).toContain('"lookup"');
  });
});

test('the build prints which Node version it needs, and nothing else, on an older Node', async () => {
  const older = 'data:text/javascript,Object.defineProperty(process.versions,"node",{value:"20.20.2"})';
  const failed = await run(process.execPath, ['--import', older, join(DIST, 'entry.mjs')]).catch(e => e);
  expect([failed.code, failed.stderr, failed.stdout]).toEqual([
    1,
    'Node 24 or newer is required; this is 20.20.2. "npm start" uses its own.\n',
    '',
  ]);
});

test('npm run token creates a token, and its digest is accepted', async () => {
  const { stdout } = await run(process.execPath, [join(ROOT, 'scripts/token.ts')]);
  const [, digest = ''] = /MCP_TOKEN_SHA256=(\w{64}) npm start/.exec(stdout) ?? [];
  const [, token = ''] = /MCP_TOKEN=(\w{64}) npm run call/.exec(stdout) ?? [];
  expect(stdout).toContain(`token_sha256 = ["${digest}"]`);
  await using guarded = await startApp({ env: { MCP_AUTH: 'token', MCP_TOKEN_SHA256: digest } });
  const call = (env: Record<string, string>) =>
    run(process.execPath, [join(ROOT, 'scripts/call.ts'), `${guarded.url}/mcp`], {
      env: { ...process.env, ...env },
    });
  expect((await call({ MCP_TOKEN: token })).stdout).toContain('lookup');
  await expect(call({ MCP_TOKEN: `${token}0` })).rejects.toMatchObject({ code: 2 });
});

describe('npm run dev', () => {
  async function dev(
    env: Record<string, string>,
    until: RegExp,
    root = ROOT,
  ): Promise<{ output: () => string; child: ChildProcess }> {
    const child = spawn(process.execPath, [join(root, 'scripts/dev.ts')], {
      env: { PATH: process.env.PATH, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    onTestFinished(() => void child.kill());
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', chunk => (output += chunk));
    await expect.poll(() => output).toMatch(until);
    return { output: () => output, child };
  }

  test('serves the same app without Lambda', async () => {
    const { output } = await dev({ PORT: '0' }, /MCP server ready at/);
    const [, url = ''] = /MCP server ready at (\S+)\/mcp/.exec(output()) ?? [];
    expect(await (await fetch(`${url}/healthz`)).json()).toEqual({ status: 'ok' });
  });

  test('restarts every time that a file is saved by rename, and ends its server on SIGINT', async () => {
    using copy = new ProjectCopy();
    const { output, child } = await dev({ PORT: '0' }, /MCP server ready at/, copy.folder);
    for (const count of [2, 3]) {
      copy.write('app/routes.ts.tmp', `${copy.read('app/routes.ts')}\n`);
      renameSync(join(copy.folder, 'app/routes.ts.tmp'), join(copy.folder, 'app/routes.ts'));
      await expect.poll(() => output().match(/MCP server ready at \S+\/mcp\n/g)?.length).toBe(count);
    }
    const [server = 0] = childrenOf(child.pid ?? 0);
    expect(commandOf(server)).toContain('serve.ts');
    child.kill('SIGINT');
    await expect.poll(() => stateOf(server) ?? 'Z').toBe('Z');
  });

  test.each<[string, (port: number) => Record<string, string>, RegExp]>([
    ['a port that is in use', port => ({ PORT: String(port) }), /Port \d+ is taken\..*PORT=\d+ npm run dev/],
    ['an invalid setting', () => ({ MCP_AUTH: 'everybody' }), /MCP_AUTH: must be of token/],
  ])('reports %s with a way to fix it, and waits for a change', async (_what, env, message) => {
    const holder = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void holder.close());
    await once(holder, 'listening');
    const { child, output } = await dev(
      env((holder.address() as AddressInfo).port),
      /A change in app\/ starts/,
    );
    expect(output().match(new RegExp(message, 'g'))).toHaveLength(1);
    expect(output()).not.toMatch(/^\s+at /m);
    expect(child.exitCode).toBeNull();
  });
});
