/** A short soak; `npm run soak` is the long one. */
import { expect, test } from 'vitest';
import { startApp } from '../helpers/local-lambda.ts';
import { childrenOf, openFilesOf } from '../helpers/processes.ts';
import { seeded } from '../helpers/random.ts';
import { startUpstream } from '../helpers/upstream.ts';
import { soak } from './soak.ts';

test('calls of both eras, one in six left by its caller: each other one gets its own answer, nothing is kept', async () => {
  const seed = Date.now() % 1_000_000;
  await using upstream = await startUpstream({ delayMs: 2 });
  await using lambda = await startApp({
    args: ['--environments', '4'],
    env: { MCP_AUTH: 'none', WEATHER_GEOCODING_URL: upstream.url, WEATHER_FORECAST_URL: upstream.url },
  });
  const pid = lambda.process.pid ?? 0;
  const options = { url: lambda.url, parallelism: 8, random: seeded(seed), abortWithinMs: 20 };
  await soak({ ...options, calls: 100, abortOneIn: 0 });
  const before = { processes: childrenOf(pid).length, files: openFilesOf(pid) };
  const { outcomes, wrong } = await soak({ ...options, calls: 800, abortOneIn: 6 });
  expect(wrong, `seed ${seed}`).toEqual([]);
  expect([...outcomes.keys()].toSorted()).toEqual(['200', 'left']);
  await expect
    .poll(() => openFilesOf(pid), { timeout: 10_000, message: `seed ${seed}` })
    .toBeLessThanOrEqual(before.files);
  expect(childrenOf(pid)).toHaveLength(before.processes);
}, 60_000);
