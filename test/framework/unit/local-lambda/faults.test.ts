import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { closeAll } from '../../../helpers/close-all.ts';
import { createGate } from '../../../helpers/gate.ts';
import { type RunningLambda, startFunction } from '../../../helpers/local-lambda.ts';
import { childrenOf, groupOf, openFilesOf, residentOf, stateOf } from '../../../helpers/processes.ts';

async function ask(lambda: RunningLambda, query: string): Promise<{ status: number; text: string }> {
  const response = await fetch(`${lambda.url}/?${query.startsWith('do=') ? query : `do=${query}`}`);
  return { status: response.status, text: await response.text() };
}

async function expectServing(lambda: RunningLambda): Promise<void> {
  expect(await ask(lambda, 'ok')).toEqual({ status: 200, text: expect.stringMatching(/^ok \d+$/) });
}

function functionPids(lambda: RunningLambda): number[] {
  return childrenOf(lambda.process.pid ?? 0);
}

/** A request that follows a response may get another environment, because an invocation ends shortly after its response. */
const ONE = ['--environments', '1'];
const BAD_GATEWAY = { status: 502, text: 'Internal Server Error' };

describe('a fault of the function gets the response of Lambda, and the next call succeeds', () => {
  let lambda: RunningLambda;
  beforeAll(async () => {
    lambda = await startFunction('act', { args: [...ONE, '--timeout', '1.5', '--memory', '160'] });
  });
  afterAll(() => closeAll(lambda));

  test.each([
    ['exits before the first byte', 'exitBefore', BAD_GATEWAY, /Runtime\.ExitError.*exit status 7/],
    ['exits and leaves a child behind', 'exitWithChild', BAD_GATEWAY, /exit status 7/],
    ['exits in mid-stream', 'exitMidway', { status: 200, text: 'half' }, /Runtime\.ExitError/],
    ['throws before the first byte', 'throwBefore', BAD_GATEWAY, /TypeError thrown before the first byte/],
    ['throws in mid-stream', 'throwMidway', { status: 200, text: 'half' }, /TypeError thrown midway/],
    ['takes too long before the first byte', 'waitBefore', BAD_GATEWAY, /Task timed out after 1\.50 seconds/],
    ['takes too long in mid-stream', 'waitMidway', { status: 200, text: 'half' }, /Sandbox\.Timeout/],
    ['blocks the event loop', 'block', BAD_GATEWAY, /Status: timeout/],
    ['exceeds its memory', 'leak', BAD_GATEWAY, /Runtime exited with error: signal: killed/],
  ])('the handler %s', async (_what, act, response, logged) => {
    const printedBefore = lambda.output().length;
    expect(await ask(lambda, act)).toEqual(response);
    await expectServing(lambda);
    await expect.poll(() => lambda.output().slice(printedBefore)).toMatch(logged);
  });

  test.each([
    ['before the first byte', 'waitBefore', BAD_GATEWAY],
    ['in mid-stream', 'waitMidway', { status: 200, text: 'half' }],
  ])('the process is killed %s', async (_when, act, response) => {
    await expectServing(lambda);
    const asked = ask(lambda, act);
    await sleep(300);
    const [pid = 0] = functionPids(lambda);
    process.kill(pid, 'SIGKILL');
    expect(await asked).toEqual(response);
    await expectServing(lambda);
  });

  test('only one process is left after the faults', async () => {
    await expectServing(lambda);
    await expect.poll(() => functionPids(lambda).length).toBe(1);
  });
});

describe("Node's heap has the size for the memory of the function", () => {
  test('a function that creates much garbage, but keeps little, is not killed at 128 MB', async () => {
    await using lambda = await startFunction('act', { args: ['--memory', '128', '--timeout', '30'] });
    expect(await ask(lambda, 'litter')).toEqual({ status: 200, text: expect.stringMatching(/^ok/) });
  });

  test.each([
    // The heap limit of Node 24, in MiB, in a control group with this memory.
    ['128', '', '259'],
    ['512', '', '259'],
    ['520', '', '308'],
    ['1024', '', '560'],
    ['3008', '', '1696'],
    ['10240', '', '2240'],
    // NODE_OPTIONS of the function override it.
    ['128', '--max-old-space-size=64', '67'],
  ])(
    '%s MB of memory, NODE_OPTIONS "%s", give a heap limit of %s MiB',
    async (memory, NODE_OPTIONS, limit) => {
      await using lambda = await startFunction('act', { args: ['--memory', memory], env: { NODE_OPTIONS } });
      expect((await ask(lambda, 'heapLimit')).text).toBe(limit);
    },
  );
});

test('a child process of the function ends with the function', async () => {
  await using lambda = await startFunction('act');
  await expectServing(lambda);
  const [pid = 0] = functionPids(lambda);
  const asked = ask(lambda, 'exitWithChild');
  expect(await asked).toEqual(BAD_GATEWAY);
  await expect.poll(() => groupOf(pid)).toEqual([]);
});

describe('the init', () => {
  test('of a handler that cannot be imported leads to a 502 and a logged reason, and the endpoint stays available', async () => {
    await using lambda = await startFunction('act', { env: { FIXTURE_THROWS: 'at import' } });
    await lambda.printed(/The function does not start: Error/);
    expect(await ask(lambda, 'ok')).toEqual(BAD_GATEWAY);
    await lambda.printed(/thrown at import/);
    expect(await ask(lambda, 'ok')).toEqual(BAD_GATEWAY);
  });

  test('of a handler that does not exist logs its name', async () => {
    await using lambda = await startFunction('nowhere');
    await lambda.printed(/functions\.nowhere is undefined or not exported/);
    await lambda.printed(/Runtime\.HandlerNotFound/);
  });

  test('of a process that exits leads to a 502 and logs Runtime.ExitError', async () => {
    await using lambda = await startFunction('act', { env: { FIXTURE_EXITS: '3' } });
    expect(await ask(lambda, 'ok')).toEqual(BAD_GATEWAY);
    await lambda.printed(/Runtime\.ExitError.*exit status 3/);
  });

  test('of a process that is killed is repeated once, and the request gets a response', async () => {
    await using lambda = await startFunction('act', { env: { FIXTURE_SLEEPS_MS: '700' } });
    expect(await ask(lambda, 'exitBefore')).toEqual(BAD_GATEWAY);
    await expect.poll(() => functionPids(lambda).filter(pid => stateOf(pid) !== 'Z')).toEqual([]);
    const asked = ask(lambda, 'ok');
    await expect.poll(() => functionPids(lambda).length).toBe(1);
    const [pid = 0] = functionPids(lambda);
    process.kill(pid, 'SIGKILL');
    expect((await asked).status).toBe(200);
    expect(functionPids(lambda)).not.toContain(pid);
  });

  test('over its time limit is repeated in the first invocation, whose report has its duration', async () => {
    const args = ['--init-timeout', '0.5', '--timeout', '10'];
    await using lambda = await startFunction('act', { args, env: { FIXTURE_SLEEPS_MS: '900' } });
    await lambda.printed(/The function does not start: Sandbox\.Timeout/);
    await expectServing(lambda);
    const [, init] = await lambda.printed(/Init Duration: ([\d.]+) ms/);
    expect(Number(init)).toBeGreaterThan(900);
  });
});

describe('freezing between invocations', () => {
  const background = async (lambda: RunningLambda): Promise<{ ticks: number; gap: number }> =>
    JSON.parse((await ask(lambda, 'background')).text);

  test('stops a timer that the handler started', async () => {
    await using lambda = await startFunction('act', { args: ONE });
    await background(lambda);
    await expect.poll(() => stateOf(functionPids(lambda)[0] ?? 0)).toBe('T');
    await sleep(600);
    expect((await background(lambda)).gap).toBeGreaterThanOrEqual(600);
  });

  test('does not stop a timer that the handler started if freezing is off', async () => {
    await using lambda = await startFunction('act', { args: [...ONE, '--freeze', 'off'] });
    await expect.poll(async () => (await background(lambda)).ticks).toBeGreaterThan(10);
    expect(stateOf(functionPids(lambda)[0] ?? 0)).not.toBe('T');
  });

  test('stops the process, which continues with the next call and is killed with the local Lambda', async () => {
    const lambda = await startFunction('act', { args: ONE });
    await expectServing(lambda);
    const [pid = 0] = functionPids(lambda);
    await expect.poll(() => stateOf(pid)).toBe('T');
    await expectServing(lambda);
    await lambda.close();
    await expect.poll(() => stateOf(pid)).toBeUndefined();
  });
});

describe('the local Lambda under load', () => {
  test('streams 50 MB to a slow reader without buffering them', async () => {
    await using lambda = await startFunction('act');
    await expectServing(lambda);
    const pid = lambda.process.pid ?? 0;
    const before = residentOf(pid);
    const response = await fetch(`${lambda.url}/?do=flood&mb=50`);
    let bytes = 0;
    let highest = before;
    for await (const chunk of response.body ?? []) {
      if (bytes < 4_000_000) await sleep(20); // long enough that the response would be buffered if nothing limited it
      bytes += chunk.length;
      highest = Math.max(highest, residentOf(pid));
    }
    expect(bytes).toBe(50 * 1024 * 1024);
    expect(highest - before).toBeLessThan(40);
  });

  test('continues the function after a client has disconnected', async () => {
    await using lambda = await startFunction('act');
    const leave = new AbortController();
    const response = await fetch(`${lambda.url}/?do=ticks&every=100&count=5`, { signal: leave.signal });
    await response.body?.getReader().read();
    leave.abort();
    const [, duration] = await lambda.printed(/REPORT .*?\tDuration: ([\d.]+) ms/);
    expect(Number(duration)).toBeGreaterThan(400);
    expect(lambda.output()).not.toMatch(/Status: |ERROR/);
    await expectServing(lambda);
  });

  test('throttles 10 of 20 parallel slow calls with a concurrency limit of 10', async () => {
    await using lambda = await startFunction('act', { args: ['--concurrency', '10'] });
    using gate = createGate();
    const responses: { status: number; text: string }[] = [];
    const calls = Array.from({ length: 20 }, async () => {
      responses.push(await ask(lambda, gate.query));
    });
    await expect.poll(() => responses.length).toBe(10);
    expect(new Set(responses.map(({ status }) => status))).toEqual(new Set([429]));
    expect(JSON.parse(responses[0]?.text ?? '')).toEqual({
      Reason: 'ConcurrentInvocationLimitExceeded',
      Type: 'User',
      message: 'Rate Exceeded.',
    });
    await expect.poll(() => functionPids(lambda).length).toBe(10);
    gate.open();
    await Promise.all(calls);
    expect(responses.slice(10)).toEqual(Array.from({ length: 10 }, () => ({ status: 200, text: 'onetwo' })));
    await expectServing(lambda);
  });

  test('uses the most recently used environment first, and ends idle ones', async () => {
    await using lambda = await startFunction('act', { args: ['--idle-timeout', '5'] });
    using gate = createGate();
    const calls = Promise.all([ask(lambda, gate.query), ask(lambda, gate.query)]);
    await expect.poll(() => functionPids(lambda).length).toBe(2);
    gate.open();
    await calls;
    // An invocation ends shortly after its response.
    await lambda.printed(/(REPORT RequestId[\s\S]*){2}/);
    const first = await ask(lambda, 'ok');
    await lambda.printed(/(REPORT RequestId[\s\S]*){3}/);
    expect((await ask(lambda, 'ok')).text).toBe(first.text);
    expect(functionPids(lambda)).toHaveLength(2);
    await expect.poll(() => functionPids(lambda).length).toBe(0);
    await expectServing(lambda);
  });

  test('uses no more memory and file descriptors after 2,000 calls', async () => {
    // A small young generation, so that the resident memory is close to the memory in use.
    const env = { NODE_OPTIONS: '--max-semi-space-size=1' };
    await using lambda = await startFunction('act', { args: ONE, env });
    const calls = async (count: number): Promise<void> => {
      for (let i = 0; i < count; i += 1) await ask(lambda, 'ok');
    };
    await calls(500);
    const pid = lambda.process.pid ?? 0;
    const before = { memory: residentOf(pid), files: openFilesOf(pid) };
    await calls(1500);
    expect(residentOf(pid) - before.memory).toBeLessThan(25);
    expect(openFilesOf(pid)).toBeLessThanOrEqual(before.files + 1);
    expect(functionPids(lambda)).toHaveLength(1);
  });
});
