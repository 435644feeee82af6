/**
 * Counters in the memory of one execution environment, for limits without a DynamoDB table. Each environment has its own, and
 * they end with it.
 */
import type { Counters } from '../store/counters.ts';

interface Entry {
  count: number;
  members: Set<string>;
  expires: number;
}

/** Above this number the oldest entries are dropped, so that unauthenticated callers cannot fill the memory. */
const MAX_ENTRIES = 10_000;

export function createMemoryCounters(now: () => number = Date.now): Counters {
  const entries = new Map<string, Entry>();
  const find = (key: string): Entry => {
    const found = entries.get(key);
    return found && found.expires * 1000 > now() ? found : { count: 0, members: new Set(), expires: 0 };
  };
  const set = (key: string, entry: Entry): void => {
    entries.delete(key);
    entries.set(key, entry);
    const [oldest] = entries.keys();
    if (entries.size > MAX_ENTRIES && oldest !== undefined) entries.delete(oldest);
  };
  return {
    async increment(key, by, { max, expires }) {
      const entry = find(key);
      if (entry.count + by > max) return false;
      set(key, { ...entry, count: entry.count + by, expires });
      return true;
    },
    async addMembers(key, members, { max, expires }) {
      const entry = find(key);
      if (entry.members.size + members.length > max) return false;
      set(key, { ...entry, members: new Set([...entry.members, ...members]), expires });
      return true;
    },
    members: async key => [...find(key).members],
    async removeMembers(key, members) {
      const entry = find(key);
      for (const member of members) entry.members.delete(member);
      if (entry.members.size === 0) entries.delete(key);
    },
  };
}
