/**
 * Faults under load. Every call gets one response: its result, or an error with the reason. After the fault, all calls succeed
 * again.
 */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { startFakeUpstream } from '../../../helpers/fake-upstream.ts';
import { DIST, ROOT, type RunningLambda, startApp, startFunction } from '../../../helpers/local-lambda.ts';
import { childrenOf, stateOf } from '../../../helpers/processes.ts';
import { seeded } from '../../../helpers/random.ts';
import { startSigningIssuer } from '../../../helpers/signing-issuer.ts';
import { describeWith, type Found } from '../../../helpers/skipped-suites.ts';
import { callTool, type Load, startLoad } from './load.ts';

const AUDIENCE = 'https://mcp.example/mcp';
const mark = (text: string) => ({ name: 'mark', arguments: { mark: text } });
const lookup = () => ({ name: 'lookup', arguments: { term: 'tide' } });
const pidsOf = ({ process: { pid = 0 } }: RunningLambda): number[] => childrenOf(pid);

function startMarking(args: string[] = [], env: Record<string, string> = {}): Promise<RunningLambda> {
  const common = ['--environments', '3', '--init-timeout', '20', '--timeout', '10'];
  return startFunction(
    'stream',
    { args: [...common, ...args], env: { MCP_AUTH: 'none', ...env } },
    'isolation-app',
  );
}

/** Ends the load after `ms`. Expects only these outcomes, at least one result, and no wrong response. */
async function expectOutcomes(load: Load, ms: number, allowed: readonly string[]): Promise<void> {
  await sleep(ms);
  await load.stop();
  expect(load.wrong).toEqual([]);
  for (const outcome of load.outcomes.keys()) expect(allowed).toContain(outcome);
}

async function expectAllSucceed(
  url: string,
  call: (text: string) => { name: string; arguments: object },
  headers = {},
) {
  for (let at = 0; at < 10; at += 1) {
    const { status, text } = await callTool(url, call(`after-${at}`), `after-${at}`, headers);
    expect([status, text]).toEqual([200, expect.stringContaining(`"id":"after-${at}"`)]);
    expect(text).not.toMatch(/"error":|"isError":true/);
  }
}

test('while environments are killed at random, each call gets its result or a 502', async () => {
  const random = seeded(7);
  await using lambda = await startMarking();
  const url = `${lambda.url}/v2/mcp`;
  const load = startLoad({
    url,
    parallelism: 4,
    call: text => ({ name: 'mark', arguments: { mark: text, ms: 20 } }),
  });
  for (let kill = 0; kill < 8; kill += 1) {
    // Waits for calls in progress before each kill, however slow the machine.
    const before = load.outcomes.get('result') ?? 0;
    await expect.poll(() => load.outcomes.get('result') ?? 0).toBeGreaterThan(before + 10);
    const pids = pidsOf(lambda);
    if (pids.length > 0) process.kill(random.of(pids), 'SIGKILL');
  }
  // Lambda returns 502 for a function that has exited.
  await expectOutcomes(load, 1_000, ['result', '502']);
  expect(load.outcomes.get('result')).toBeGreaterThan(load.outcomes.get('502') ?? 0);
  await expectAllSucceed(url, mark);
});

test('while the upstream is slow and then down, calls get a tool error, and they succeed again afterwards', async () => {
  const upstream = await startFakeUpstream();
  const { port } = new URL(upstream.url);
  const env = { MCP_AUTH: 'none', ...upstream.env };
  await using lambda = await startApp({
    args: ['--environments', '2'],
    env: { ...env, FIXTURE_TIMEOUT_MS: '1000' },
  });
  const url = `${lambda.url}/mcp`;
  const load = startLoad({ url, parallelism: 4, call: lookup });
  await expect.poll(() => load.outcomes.get('result') ?? 0).toBeGreaterThan(5);
  upstream.setDelay(5_000);
  await sleep(2_500);
  await upstream.close();
  await sleep(2_000);
  await using _back = await startFakeUpstream({ port: Number(port) });
  await expectOutcomes(load, 1_000, ['result', 'tool error']);
  expect([...load.outcomes.keys()].toSorted()).toEqual(['result', 'tool error']);
  await expectAllSucceed(url, lookup);
});

test('while the issuer is down, known keys stay valid, and after a rotation tokens of the new key are accepted', async () => {
  const issuer = await startSigningIssuer(AUDIENCE);
  const env = { MCP_AUTH: 'oauth', MCP_OAUTH_ISSUER: issuer.url, MCP_OAUTH_AUDIENCE: AUDIENCE };
  // Only one environment, which has the keys: another one that starts while the issuer is down could not fetch them.
  await using lambda = await startMarking(['--environments', '1'], env);
  const url = `${lambda.url}/v2/mcp`;
  const headers = async () => ({ authorization: `Bearer ${await issuer.token()}` });
  try {
    expect((await callTool(url, mark('first'), 'first', await headers())).status).toBe(200);
    const load = startLoad({ url, parallelism: 3, call: mark, headers });
    await sleep(1_500);
    // Known keys stay valid while the issuer does not respond.
    issuer.setDown(true);
    await sleep(1_000);
    issuer.setDown(false);
    await expectOutcomes(load, 500, ['result']);
    await issuer.rotate();
    // A token of the new key makes the function fetch the keys, at most every 30 s.
    const { status } = await callTool(url, mark('rotated'), 'rotated', await headers());
    expect([200, 401]).toContain(status);
    await expect
      .poll(async () => (await callTool(url, mark('later'), 'later', await headers())).status, {
        timeout: 300_000,
        interval: 2_000,
      })
      .toBe(200);
  } finally {
    await issuer.close();
  }
});

test('SIGTERM with open streams ends the local Lambda and all of its processes within 2 s', async () => {
  const lambda = await startMarking();
  const body = {
    jsonrpc: '2.0',
    id: 1,
    method: 'tools/call',
    params: { name: 'mark', arguments: { mark: 'm', ms: 1_000 }, _meta: { progressToken: 1 } },
  };
  const streams = await Promise.all(
    ['v2', 'v1', 'stdio'].map(route =>
      fetch(`${lambda.url}/${route}/mcp`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
        body: JSON.stringify(body),
      }),
    ),
  );
  const functions = pidsOf(lambda);
  const all = [...functions, ...functions.flatMap(childrenOf)];
  expect(all.length).toBeGreaterThan(functions.length); // The programs of mcpStdio.
  const began = performance.now();
  const heard = Promise.all(streams.map(response => response.text().catch(() => 'broken off')));
  await lambda.close();
  expect(performance.now() - began).toBeLessThan(2_000);
  await heard;
  await expect.poll(() => all.filter(pid => (stateOf(pid) ?? 'Z') !== 'Z')).toEqual([]);
});

test('calls succeed when the clock of the function jumps by 10 minutes, forward and back', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'clock-'));
  const file = join(folder, 'shift');
  writeFileSync(file, '0');
  const issuer = await startSigningIssuer(AUDIENCE);
  const env = {
    MCP_AUTH: 'oauth',
    MCP_OAUTH_ISSUER: issuer.url,
    MCP_OAUTH_AUDIENCE: AUDIENCE,
    CLOCK_SHIFT_FILE: file,
  };
  const NODE_OPTIONS = `--import=${join(ROOT, 'test/fixtures/shifted-clock.mjs')}`;
  try {
    await using lambda = await startMarking(['--environments', '1'], { ...env, NODE_OPTIONS });
    const url = `${lambda.url}/v2/mcp`;
    const long = { authorization: `Bearer ${await issuer.token({}, { expiresIn: 3_600 })}` };
    const short = { authorization: `Bearer ${await issuer.token({}, { expiresIn: 300 })}` };
    await expectAllSucceed(url, mark, short);
    for (const [shift, ofShort] of [
      ['600000', 401],
      ['-600000', 200],
      ['0', 200],
    ] as const) {
      writeFileSync(file, shift);
      // No deadline is early and no key is lost: only the expired token is rejected.
      await expectAllSucceed(url, mark, long);
      expect((await callTool(url, mark('short'), 'short', short)).status, `shifted by ${shift}`).toBe(
        ofShort,
      );
    }
  } finally {
    await issuer.close();
    rmSync(folder, { recursive: true });
  }
});

test('without free file descriptors, calls are rejected or served, and the local Lambda continues', async () => {
  await using lambda = await startUnder(
    ['sh', '-c', 'ulimit -n 64; exec "$@"', 'sh'],
    ['--environments', '2'],
  );
  const url = `${lambda.url}/v2/mcp`;
  await expectAllSucceed(url, mark);
  // More parallel connections than file descriptors: those over the limit wait, or are closed.
  const many = await Promise.allSettled(
    Array.from({ length: 150 }, (_, at) => callTool(url, mark(`many-${at}`), `many-${at}`)),
  );
  const responses = many.flatMap((outcome, at) =>
    outcome.status === 'fulfilled' ? [{ at, ...outcome.value }] : [],
  );
  expect(responses.length).toBeGreaterThan(0);
  for (const { at, status, text } of responses)
    expect(status === 200 ? text.includes(`"id":"many-${at}"`) : [429, 502].includes(status), text).toBe(
      true,
    );
  expect(lambda.child.exitCode).toBeNull();
  await expectAllSucceed(url, mark);
});

/** Starts the local Lambda by a program that sets its limits and then executes it. */
async function startUnder([program, ...args]: [string, ...string[]], flags: readonly string[] = []) {
  const local = [process.execPath, join(DIST, 'local.mjs'), 'isolation-app.stream'];
  const settings = ['--task-root', join(ROOT, 'test/fixtures'), '--init-timeout', '20', ...flags];
  const child = spawn(program, [...args, ...local, ...settings], {
    env: { PATH: process.env.PATH, PORT: '0', MCP_AUTH: 'none' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const end = async (): Promise<void> => {
    if (child.kill('SIGTERM')) await once(child, 'exit');
  };
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', text => (output += text));
  const ready = /ready at (http:\/\/[^/\s]+)/;
  await expect
    .poll(() => output)
    .toMatch(ready)
    .catch(async error => {
      await end();
      throw error;
    });
  return { child, url: ready.exec(output)?.[1] ?? '', [Symbol.asyncDispose]: end };
}

/** Checks whether a mount namespace with a /tmp of 64 kB can be created, which requires root. */
async function findSmallTmp(): Promise<Found<'unshare'>> {
  const tried = await promisify(execFile)('unshare', [
    '--mount',
    'sh',
    '-c',
    'mount -t tmpfs -o size=64k none /tmp',
  ]).then(
    () => undefined,
    error =>
      String(error.stderr || error.message)
        .trim()
        .split('\n')
        .at(-1),
  );
  return tried === undefined
    ? { found: 'unshare' }
    : {
        missing: `No separate /tmp can be mounted here (${tried}). As root on Linux: npm test -- test/framework/stress/faults`,
      };
}

describeWith(await findSmallTmp(), { inCi: 'skip' })('with a full /tmp', () => {
  test('init and calls of every kind of server succeed', async () => {
    // The project stays at its path, even below /tmp.
    const script = `mount --bind "$0" /mnt && mount -t tmpfs -o size=64k none /tmp &&
      mkdir -p "$0" && mount --bind /mnt "$0" || exit
      cat /dev/zero > /tmp/full 2>/dev/null; exec "$@"`;
    await using lambda = await startUnder(['unshare', '--mount', 'sh', '-c', script, ROOT]);
    for (const route of ['v2', 'v1', 'stdio']) await expectAllSucceed(`${lambda.url}/${route}/mcp`, mark);
  });
});
