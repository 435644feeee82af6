/** How long one waits. */
import { type Check, ok, warning } from './check.ts';

const CALLS = 20;
const LONG_FIRST_MS = 10_000;

export const latency: Check = {
  id: 'latency',
  title: 'how long a request takes',
  needs: ['modern'],
  async run(target, { firstMs = 0 }) {
    const times: number[] = [];
    for (let call = 0; call < CALLS; call += 1) {
      const { totalMs, status } = await target.modern('tools/list');
      if (status !== 200)
        throw new Error(`Of ${CALLS} requests in a row number ${call + 1} was answered with ${status}.`);
      times.push(totalMs);
    }
    times.sort((a, b) => a - b);
    const at = (share: number): string => (times[Math.ceil(share * times.length) - 1] ?? 0).toFixed(0);
    const seen = `First ${firstMs.toFixed(0)} ms (cold, if there was no call in the minutes before); then ${CALLS} times tools/list: median ${at(0.5)} ms, 95 of 100 within ${at(0.95)} ms.`;
    return firstMs > LONG_FIRST_MS
      ? warning(
          seen,
          'A first answer that slow makes clients give up: more memory (which brings more CPU), or provisioned_concurrency.',
        )
      : ok(seen);
  },
};
