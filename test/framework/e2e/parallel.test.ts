/** What was promised: 100 parallel look-ups, at the settings that `npm start` has by default. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CLIENTS } from '../../helpers/clients.ts';
import { closeAll } from '../../helpers/close-all.ts';
import { type RunningLambda, startApp } from '../../helpers/local-lambda.ts';
import { MANY_PLACES, startUpstream, type Upstream } from '../../helpers/upstream.ts';

const PLACES = MANY_PLACES.slice(0, 100);

let upstream: Upstream;
let lambda: RunningLambda;
beforeAll(async () => {
  upstream = await startUpstream({ delayMs: 20 });
  lambda = await startApp({
    env: { WEATHER_GEOCODING_URL: upstream.url, WEATHER_FORECAST_URL: upstream.url },
  });
});
afterAll(() => closeAll(lambda, upstream));

test.each(Object.entries(CLIENTS))('100 calls at once by %s are all answered', async (_name, connect) => {
  const client = await connect(lambda.url);
  const answers = await Promise.all(PLACES.map(location => client.call('get_weather', { location })));
  for (const [at, { text, isError }] of answers.entries())
    expect([isError, text]).toEqual([false, expect.stringContaining(`${PLACES[at]}`)]);
  await client.close();
});

test.each(Object.entries(CLIENTS))(
  '100 places in one call by %s are all answered',
  async (_name, connect) => {
    const client = await connect(lambda.url);
    const { text, isError, progress } = await client.call('compare_weather', { locations: PLACES }, true);
    expect(isError).toBe(false);
    expect(progress).toHaveLength(100);
    for (const place of PLACES) expect(text).toContain(`${place},`);
    await client.close();
  },
);
