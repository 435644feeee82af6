/** Measures the latency of requests. */
import { type Check, ok, warning } from './check.ts';

const CALLS = 20;
const LONG_FIRST_MS = 10_000;

export const latency: Check = {
  id: 'latency',
  title: 'latency of requests',
  needs: ['modern'],
  async run(target, { firstMs = 0 }) {
    const times: number[] = [];
    for (let call = 0; call < CALLS; call += 1) {
      const { totalMs, status } = await target.modern('tools/list');
      if (status !== 200) throw new Error(`Request ${call + 1} of ${CALLS} returned ${status}.`);
      times.push(totalMs);
    }
    times.sort((a, b) => a - b);
    const at = (share: number): string => (times[Math.ceil(share * times.length) - 1] ?? 0).toFixed(0);
    const seen = `First ${firstMs.toFixed(0)} ms (a cold start, if there was no call in the last minutes); then ${CALLS} times tools/list: median ${at(0.5)} ms, 95 of 100 within ${at(0.95)} ms.`;
    return firstMs > LONG_FIRST_MS
      ? warning(
          seen,
          'Clients may time out at such a first response: raise memory_size (which also adds CPU), or set provisioned_concurrency.',
        )
      : ok(seen);
  },
};
