/** A short soak test; `npm run soak` runs a long one. */
import { expect, test } from 'vitest';
import { closeAll } from '../../../helpers/close-all.ts';
import { startFakeUpstream } from '../../../helpers/fake-upstream.ts';
import { startApp } from '../../../helpers/local-lambda.ts';
import { childrenOf, openFilesOf } from '../../../helpers/processes.ts';
import { seeded } from '../../../helpers/random.ts';
import { soak } from './soak.ts';

async function start(environments: number) {
  const upstream = await startFakeUpstream({ delayMs: 2 });
  const env = upstream.env;
  const lambda = await startApp({
    // A function that needs more memory is killed, and a call fails.
    args: ['--environments', String(environments), '--memory', '128'],
    env: { MCP_AUTH: 'none', FIXTURE_TIMEOUT_MS: '20000', ...env },
  });
  return { lambda, pid: lambda.process.pid ?? 0, [Symbol.asyncDispose]: () => closeAll(lambda, upstream) };
}

test('each of 500 calls, 8 in parallel, gets its own response while one in six is aborted, and no files or processes are left', async () => {
  const seed = Date.now() % 1_000_000;
  await using started = await start(4);
  const { lambda, pid } = started;
  const options = { url: lambda.url, parallelism: 8, random: seeded(seed), abortWithinMs: 20 };
  await soak({ ...options, calls: 100, abortOneIn: 0 });
  const before = { processes: childrenOf(pid).length, files: openFilesOf(pid) };
  const { outcomes, wrong } = await soak({ ...options, calls: 500, abortOneIn: 6 });
  expect(wrong, `seed ${seed}`).toEqual([]);
  expect([...outcomes.keys()].toSorted()).toEqual(['200', 'left']);
  await expect.poll(() => openFilesOf(pid), { message: `seed ${seed}` }).toBeLessThanOrEqual(before.files);
  expect(childrenOf(pid)).toHaveLength(before.processes);
});

test('each killed environment costs at most one call its response, and no caller gets the response of another call', async () => {
  const seed = Date.now() % 1_000_000;
  await using started = await start(3);
  const { lambda, pid } = started;
  const random = seeded(seed);
  let kills = 0;
  const { outcomes, wrong } = await soak({
    url: lambda.url,
    parallelism: 6,
    random,
    abortWithinMs: 20,
    calls: 400,
    abortOneIn: 6,
    killing: true,
    onCall(over) {
      const pids = childrenOf(pid);
      // Not after the last call, because the next call would fail.
      if (over % 50 > 0 || over === 400 || pids.length === 0) return;
      kills += 1;
      process.kill(random.of(pids), 'SIGKILL');
    },
  });
  expect(wrong, `seed ${seed}`).toEqual([]);
  const broken = (outcomes.get('502') ?? 0) + (outcomes.get('cut off') ?? 0);
  expect(broken, `seed ${seed}`).toBeLessThanOrEqual(kills);
  expect(broken, `seed ${seed}`).toBeGreaterThan(0);
  const after = await soak({
    url: lambda.url,
    parallelism: 6,
    random,
    abortWithinMs: 0,
    calls: 30,
    abortOneIn: 0,
  });
  expect([...after.outcomes]).toEqual([['200', 30]]);
});
