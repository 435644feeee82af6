/**
 * Leases: one for each running call. The leases of a caller are the members of one set, so taking and releasing a lease needs one
 * write each, for any number of parallel calls. A lease that is not released (a killed environment) expires at the time in its name.
 */
import { randomUUID } from 'node:crypto';
import type { Counters } from '../store/counters.ts';

export interface LeaseOptions {
  key: string;
  /** Number of calls in the request: more than one in a batch. */
  calls: number;
  /** Maximum number of calls that run at the same time. */
  max: number;
  /** When the lease expires, in milliseconds since 1970. */
  until: number;
}

/** Lifetime of the set, in seconds: Lambda's longest invocation, plus a minute. */
const SET_SECONDS = 960;

/** Takes a lease and returns the function that releases it; undefined if `max` calls are running. */
export async function takeLease(
  counters: Counters,
  { key, calls, max, until }: LeaseOptions,
): Promise<(() => Promise<void>) | undefined> {
  const id = randomUUID();
  const leases = Array.from({ length: calls }, (_, at) => `${until}#${id}#${at}`);
  const bounds = { max, expires: Math.ceil(Date.now() / 1000) + SET_SECONDS };
  const taken =
    (await counters.addMembers(key, leases, bounds)) ||
    ((await removeExpired(counters, key)) && (await counters.addMembers(key, leases, bounds)));
  return taken ? () => counters.removeMembers(key, leases) : undefined;
}

/** Removes expired leases and returns whether there were any. */
async function removeExpired(counters: Counters, key: string): Promise<boolean> {
  const expired = (await counters.members(key)).filter(lease => Number.parseInt(lease, 10) <= Date.now());
  if (expired.length > 0) await counters.removeMembers(key, expired);
  return expired.length > 0;
}
