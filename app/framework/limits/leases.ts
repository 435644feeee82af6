/**
 * Leases: one for each running call. The leases of a caller are the members of one set, so that a call takes and releases its lease
 * by one write each, however many run at once. A lease that is not released (a killed environment) expires: its name has the time.
 */
import { randomUUID } from 'node:crypto';
import type { Counters } from '../store/counters.ts';

export interface LeaseOptions {
  key: string;
  /** Calls of the request: more than one in a batch. */
  calls: number;
  /** Calls that may run at the same time. */
  max: number;
  /** When the lease expires, in milliseconds since 1970. */
  until: number;
}

/** The set is kept longer than any lease in it: Lambda's longest invocation, and a minute. */
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

/** Returns whether there were expired leases. */
async function removeExpired(counters: Counters, key: string): Promise<boolean> {
  const expired = (await counters.members(key)).filter(lease => Number.parseInt(lease, 10) <= Date.now());
  if (expired.length > 0) await counters.removeMembers(key, expired);
  return expired.length > 0;
}
