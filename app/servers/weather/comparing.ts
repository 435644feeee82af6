/**
 * Gets the weather at many places, several at a time, and reports each result as progress.
 */
import type { CallToolResult, ServerContext } from '@modelcontextprotocol/server';
import { explain, type Source, severalPlaces, unknownPlace } from './errors.ts';
import type { Units } from './open-meteo.ts';
import { findPlaces } from './places.ts';
import {
  type ComparisonEntry,
  comparisonText,
  entryText,
  toReport,
  UNIT_NAMES,
  type WeatherReport,
} from './report.ts';

/**
 * Number of parallel lookups. Open-Meteo's free service handles one request per address at a time, queues about six and rejects
 * further ones: https://github.com/open-meteo/open-meteo/issues/1493
 */
export const LOOKUPS_AT_ONCE = 5;

/** Returns one entry for each location, with an error if its lookup failed. Rejects if the request is aborted. */
export async function compareWeather(
  source: Source,
  { locations, units }: { locations: string[]; units: Units },
  ctx: ServerContext,
): Promise<CallToolResult> {
  const about = { units: UNIT_NAMES[units] };
  const done = progressOf(ctx, locations.length);
  const places = await inParallel(locations, LOOKUPS_AT_ONCE, async location => {
    const entry = await lookUp(source, location, units, ctx.mcpReq.signal);
    await done(entryText(entry, about));
    return entry;
  });
  const comparison = { ...about, places };
  return { content: [{ type: 'text', text: comparisonText(comparison) }], structuredContent: comparison };
}

async function lookUp(
  { openMeteo, onError }: Source,
  location: string,
  units: Units,
  signal: AbortSignal,
): Promise<ComparisonEntry> {
  try {
    const places = await findPlaces(openMeteo, location, signal);
    const [place] = places;
    if (!place) return { status: 'error', location, error: unknownPlace(location) };
    if (places.length > 1) return { status: 'error', location, error: severalPlaces(location, places) };
    return toEntry(location, toReport(place, await openMeteo.forecast(place, units, signal), units));
  } catch (error) {
    signal.throwIfAborted();
    return { status: 'error', location, error: explain(error, onError) };
  }
}

function toEntry(location: string, { place, current, outlook: [today] }: WeatherReport): ComparisonEntry {
  if (!today) throw new TypeError('the forecast has no days');
  return { status: 'ok', location, place, current, today };
}

/**
 * Runs `work` for all items, at most `limit` at the same time, and returns the results in the order of `items`. Stops after a
 * failure.
 */
async function inParallel<Item, Result>(
  items: readonly Item[],
  limit: number,
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  // The workers share one generator. A worker that throws closes it, so the others end after their current item.
  const queue = entriesOf(items);
  const worker = async (): Promise<void> => {
    for (const [at, item] of queue) results[at] = await work(item);
  };
  await Promise.all(Array.from({ length: limit }, worker));
  return results;
}

function* entriesOf<Item>(items: readonly Item[]): Generator<[number, Item]> {
  yield* items.entries();
}

/** Returns a function that reports one more of `total` as done, if the client requested progress. */
function progressOf({ mcpReq }: ServerContext, total: number): (message: string) => Promise<void> {
  const progressToken = mcpReq._meta?.progressToken;
  let progress = 0;
  return async function reportOneMore(message) {
    progress += 1;
    if (progressToken === undefined) return;
    const params = { progressToken, progress, total, message };
    await mcpReq.notify({ method: 'notifications/progress', params });
  };
}
