/**
 * Clients that disconnect before the response, and parallel calls from a cold start: in every case, the environment becomes free
 * again, and the next call gets a response.
 */
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { maxEnvironments } from '../../../../app/framework/local-lambda/capacity.ts';
import { closeAll } from '../../../helpers/close-all.ts';
import { type RunningLambda, startFunction } from '../../../helpers/local-lambda.ts';
import { childrenOf } from '../../../helpers/processes.ts';

/** Sends a complete request and disconnects after `ms`, or at once if `ms` is 0. */
async function disconnectAfter(url: string, target: string, ms: number, body = '{}'): Promise<void> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  const head = [`POST ${target} HTTP/1.1`, `host: ${hostname}:${port}`, `content-length: ${body.length}`];
  await new Promise<void>(resolve => socket.write(`${head.join('\r\n')}\r\n\r\n${body}`, () => resolve()));
  if (ms > 0) await sleep(ms);
  socket.destroy();
}

/** One environment only, so that the next call fails if it does not become free. */
const ONE = ['--concurrency', '1', '--timeout', '12'];

describe('a client that disconnects', () => {
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
  test.each(acts)('before the response, after 0 to 20 ms, frees the environment (%s)', async act => {
    for (const ms of moments) {
      await disconnectAfter(lambda.url, `/?do=${act}`, ms);
      await freeAgain(lambda);
    }
    expect(lambda.output().match(/.*Task timed out.*/g)).toBeNull();
  });
});

/** Waits until a call succeeds, which must be before the timeout of the abandoned call. */
async function freeAgain(lambda: RunningLambda): Promise<void> {
  await expect.poll(async () => (await fetch(`${lambda.url}/?do=ok`)).status).toBe(200);
}

test('a client that disconnects from a streaming Invoke frees the environment', async () => {
  await using lambda = await startFunction('act', { args: [...ONE, '--invoke-port', '0'] });
  const target = '/2021-11-15/functions/local/response-streaming-invocations';
  for (const ms of [0, 0, 1, 2, 5, 10, 20]) {
    await disconnectAfter(
      lambda.invokeUrl,
      target,
      ms,
      JSON.stringify({ queryStringParameters: { do: 'flood', mb: '3' } }),
    );
    await freeAgain(lambda);
  }
});

const busyNotes = (lambda: RunningLambda) => lambda.output().match(/environments are busy.*/g) ?? [];

describe('parallel calls after the start of the local Lambda', () => {
  const many = async (lambda: RunningLambda, count: number, query = 'ok') => {
    const statuses = await Promise.all(
      Array.from({ length: count }, async () => (await fetch(`${lambda.url}/?do=${query}`)).status),
    );
    return Map.groupBy(statuses, status => status);
  };

  test('all get a response: 100 calls with the default settings, with at most maxEnvironments() environments', async () => {
    await using lambda = await startFunction('act');
    const byStatus = await many(lambda, 100, 'waitBefore&ms=100');
    expect([...byStatus.keys()]).toEqual([200]);
    expect(functionPids(lambda).length).toBeLessThanOrEqual(maxEnvironments());
    expect([...(await many(lambda, 100)).keys()]).toEqual([200]);
    // On a slow machine, the calls may end before all environments have started.
    expect(busyNotes(lambda).length).toBeLessThanOrEqual(1);
  });

  test('print once that all environments are busy, and which setting to change', async () => {
    await using lambda = await startFunction('act', { args: ['--environments', '2'] });
    for (const count of [8, 8]) {
      expect([...(await many(lambda, count, 'waitBefore&ms=200')).keys()]).toEqual([200]);
    }
    await expect.poll(() => busyNotes(lambda)).toEqual([expect.stringContaining('LAMBDA_ENVIRONMENTS sets')]);
    expect(lambda.output()).toContain('All 2 environments are busy');
  });

  test('all get a response: 100 calls with a reserved concurrency of 100, with fewer than 50 environments', async () => {
    await using lambda = await startFunction('act', { args: ['--concurrency', '100'] });
    expect([...(await many(lambda, 100)).keys()]).toEqual([200]);
    expect(functionPids(lambda).length).toBeLessThan(50);
  });

  test('get status 200 or 429: 40 calls with a reserved concurrency of 10', async () => {
    await using lambda = await startFunction('act', { args: ['--concurrency', '10'] });
    const byStatus = await many(lambda, 40, 'waitBefore&ms=500');
    expect([...byStatus.keys()].toSorted()).toEqual([200, 429]);
    expect(byStatus.get(200)?.length).toBeGreaterThanOrEqual(10);
    expect([...(await many(lambda, 10)).keys()]).toEqual([200]);
  });

  test('wait for an environment without reducing the timeout of the function', async () => {
    await using lambda = await startFunction('act', { args: ['--timeout', '3', '--environments', '2'] });
    // The last two calls wait for 5 s, longer than the timeout.
    expect([...(await many(lambda, 12, 'waitBefore&ms=1000')).keys()]).toEqual([200]);
    expect(functionPids(lambda)).toHaveLength(2);
  });

  test('all get a 502 if the handler cannot be loaded', async () => {
    await using lambda = await startFunction('act', { env: { FIXTURE_THROWS: 'at import' } });
    expect([...(await many(lambda, 20)).keys()]).toEqual([502]);
    await expect.poll(() => functionPids(lambda)).toEqual([]);
  });

  test('get a 502 or a closed connection if the local Lambda ends while they wait', async () => {
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
