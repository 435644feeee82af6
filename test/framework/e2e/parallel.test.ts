/** 100 parallel lookups with the default settings of `npm start`. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CLIENTS } from '../../helpers/clients.ts';
import { closeAll } from '../../helpers/close-all.ts';
import { type FakeUpstream, MANY_TERMS, startFakeUpstream } from '../../helpers/fake-upstream.ts';
import { type RunningLambda, startApp } from '../../helpers/local-lambda.ts';

const TERMS = MANY_TERMS.slice(0, 100);

let upstream: FakeUpstream;
let lambda: RunningLambda;
beforeAll(async () => {
  upstream = await startFakeUpstream({ delayMs: 20 });
  lambda = await startApp({
    env: upstream.env,
  });
});
afterAll(() => closeAll(lambda, upstream));

test.each(Object.entries(CLIENTS))(
  '100 parallel calls of %s all get their result',
  async (_name, connect) => {
    const client = await connect(lambda.url);
    const results = await Promise.all(TERMS.map(term => client.call('lookup', { term })));
    for (const [at, { text, isError }] of results.entries())
      expect([isError, text]).toEqual([false, expect.stringContaining(`${TERMS[at]}`)]);
    await client.close();
  },
);

test.each(Object.entries(CLIENTS))(
  '100 terms in one call of %s all get their result',
  async (_name, connect) => {
    const client = await connect(lambda.url);
    const { text, isError, progress } = await client.call('lookup_many', { terms: TERMS }, true);
    expect(isError).toBe(false);
    expect(progress).toHaveLength(100);
    for (const term of TERMS) expect(text).toContain(`${term}: definition`);
    await client.close();
  },
);
