/**
 * Clients that do not stay for the answer, and callers that send what cannot be passed on: whatever becomes of them, the
 * environment that was taken for them is given back, and the next plain call is answered.
 */
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { maxEnvironments } from '../../../../app/framework/local-lambda/capacity.ts';
import { closeAll } from '../../../helpers/close-all.ts';
import { type RunningLambda, startFunction } from '../../../helpers/local-lambda.ts';
import { childrenOf } from '../../../helpers/processes.ts';

/** Writes a complete request and leaves after `ms`, or at once when that is 0. */
async function leaveAfter(url: string, target: string, ms: number, body = '{}'): Promise<void> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  const head = [`POST ${target} HTTP/1.1`, `host: ${hostname}:${port}`, `content-length: ${body.length}`];
  await new Promise<void>(resolve => socket.write(`${head.join('\r\n')}\r\n\r\n${body}`, () => resolve()));
  if (ms > 0) await sleep(ms);
  socket.destroy();
}

/** One environment only, so that one that is lost is missed at once. */
const ONE = ['--concurrency', '1', '--timeout', '12'];

describe('a client that leaves', () => {
  let lambda: RunningLambda;
  beforeAll(async () => {
    lambda = await startFunction('act', { args: ONE });
    await (await fetch(`${lambda.url}/?do=ok`)).text();
  });
  afterAll(() => closeAll(lambda));

  const moments = [0, 0, 1, 2, 5, 10, 20];
  const acts = [
    'ok',
    'bare',
    'empty',
    'headers',
    'unsendable',
    'waitBefore&ms=60',
    'ticks&every=10&count=5',
    'flood&mb=3',
  ];
  test.each(acts)('before its answer, at any moment, frees the environment (%s)', async act => {
    for (const ms of moments) {
      await leaveAfter(lambda.url, `/?do=${act}`, ms);
      await freeAgain(lambda);
    }
    expect(lambda.output().match(/.*Task timed out.*/g)).toBeNull();
  });
});

/** A call comes through again, and before the time limit of the one that was left. */
async function freeAgain(lambda: RunningLambda): Promise<void> {
  await expect
    .poll(async () => (await fetch(`${lambda.url}/?do=ok`)).status, { timeout: 6000, interval: 50 })
    .toBe(200);
}

test('a client that leaves a streaming Invoke frees the environment too', async () => {
  await using lambda = await startFunction('act', { args: [...ONE, '--invoke-port', '0'] });
  const target = '/2021-11-15/functions/local/response-streaming-invocations';
  for (const ms of [0, 0, 1, 2, 5, 10, 20]) {
    await leaveAfter(
      lambda.invokeUrl,
      target,
      ms,
      JSON.stringify({ queryStringParameters: { do: 'flood', mb: '3' } }),
    );
    await freeAgain(lambda);
  }
});

const busyNotes = (lambda: RunningLambda) => lambda.output().match(/environments are busy.*/g) ?? [];

describe('calls at once, from cold', () => {
  const many = async (lambda: RunningLambda, count: number, query = 'ok') => {
    const answers = await Promise.all(
      Array.from({ length: count }, async () => (await fetch(`${lambda.url}/?do=${query}`)).status),
    );
    return Map.groupBy(answers, status => status);
  };

  test('100 at the default settings are all answered, by as many environments as the machine bears', async () => {
    await using lambda = await startFunction('act');
    const answers = await many(lambda, 100, 'waitBefore&ms=100');
    expect([...answers.keys()]).toEqual([200]);
    expect(functionPids(lambda).length).toBeLessThanOrEqual(maxEnvironments());
    expect([...(await many(lambda, 100)).keys()]).toEqual([200]);
    // A machine on which an init takes long may never come to have all of them.
    expect(busyNotes(lambda).length).toBeLessThanOrEqual(1);
  });

  test('that they wait is said once, and what to do about it', async () => {
    await using lambda = await startFunction('act', { args: ['--environments', '2'] });
    for (const count of [8, 8]) {
      expect([...(await many(lambda, count, 'waitBefore&ms=200')).keys()]).toEqual([200]);
    }
    await expect.poll(() => busyNotes(lambda)).toEqual([expect.stringContaining('LAMBDA_ENVIRONMENTS sets')]);
    expect(lambda.output()).toContain('All 2 environments are busy');
  });

  test('100 at a reserved concurrency of 100 are all answered, and far fewer environments started', async () => {
    await using lambda = await startFunction('act', { args: ['--concurrency', '100'] });
    expect([...(await many(lambda, 100)).keys()]).toEqual([200]);
    expect(functionPids(lambda).length).toBeLessThan(50);
  });

  test('40 at a reserved concurrency of 10 are answered or throttled, none lost', async () => {
    await using lambda = await startFunction('act', { args: ['--concurrency', '10'] });
    const answers = await many(lambda, 40, 'waitBefore&ms=500');
    expect([...answers.keys()].toSorted()).toEqual([200, 429]);
    expect(answers.get(200)?.length).toBeGreaterThanOrEqual(10);
    expect([...(await many(lambda, 10)).keys()]).toEqual([200]);
  });

  test('waiting does not count towards the time limit', async () => {
    await using lambda = await startFunction('act', { args: ['--timeout', '1', '--environments', '2'] });
    // The last two wait for three times the limit.
    expect([...(await many(lambda, 12, 'waitBefore&ms=600')).keys()]).toEqual([200]);
    expect(functionPids(lambda)).toHaveLength(2);
  });

  test('a handler that cannot be loaded is told to all that wait', async () => {
    await using lambda = await startFunction('act', { env: { FIXTURE_THROWS: 'at import' } });
    expect([...(await many(lambda, 20)).keys()]).toEqual([502]);
    await expect.poll(() => functionPids(lambda)).toEqual([]);
  });

  test('a call that waits for an environment when the local Lambda ends gets a response or a closed connection', async () => {
    const args = ['--concurrency', '2', '--environments', '1'];
    const lambda = await startFunction('act', { args });
    const ask = (what: string): Promise<number | string> =>
      fetch(`${lambda.url}/?do=${what}`).then(
        ({ status }) => status,
        () => 'closed',
      );
    const running = ask('waitBefore');
    await lambda.printed(/START RequestId/);
    const waiting = ask('ok');
    await lambda.printed(/All 1 environments are busy/);
    await lambda.close();
    expect([502, 'closed']).toContain(await running);
    expect([502, 'closed']).toContain(await waiting);
  });
});

function functionPids(lambda: RunningLambda): number[] {
  return childrenOf(lambda.process.pid ?? 0);
}
