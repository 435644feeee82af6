/**
 * Which place is meant: turns what a person or a model calls a place into the place, or into the few it could be.
 *
 * Leaves it to the caller what to do with several: ask, or list them.
 */
import type { OpenMeteo, Place } from './open-meteo.ts';

/** More than this is no longer a choice but a reason to say where. */
const MOST_CANDIDATES = 10;

/** A namesake counts as about as likely when it has at least this share of the largest one's people. */
const COMPARABLE_POPULATION = 1 / 4;

/**
 * The place called `location`; several, largest first, when the name fits them about equally; none when it is unknown.
 * "Springfield" is several, "Springfield, Illinois" is one, and so is "Paris": the one in Texas is no match in size.
 */
export async function findPlaces(
  openMeteo: OpenMeteo,
  location: string,
  signal?: AbortSignal,
): Promise<Place[]> {
  const [name, ...areas] = partsOf(location);
  if (name === undefined) return [];
  const lies = (found: Place): boolean => areas.every(area => isIn(found, area));
  const found = await openMeteo.search([name, ...areas].join(', '), MOST_CANDIDATES, signal);
  if (found.length > 0) {
    // The API has narrowed by the first area, by abbreviations and other languages too ("OR", "Bayern"), so its answer
    // stands even where no name here equals the area.
    const narrower = found.filter(lies);
    return mostLikely(name, narrower.length > 0 ? narrower : found);
  }
  if (areas.length === 0) return [];
  // It knows regions and countries as areas; counties, and an API from before it knew any, are matched here.
  return mostLikely(name, (await openMeteo.search(name, 100, signal)).filter(lies));
}

/** Full names that {@link findPlaces} understands, for a person to choose from. */
export function labels(places: readonly Place[]): string[] {
  const short = places.map(found => label(found));
  return places.map((found, index) => {
    const unique = short.filter(other => other === short[index]).length === 1;
    return unique ? label(found) : label(found, found.admin2);
  });
}

/** "Springfield, Illinois, United States"; with a county before the region where one is given. */
export function label({ name, admin1, country }: Place, county = ''): string {
  return [name, county, admin1, country].filter((part, at) => part && (at === 0 || part !== name)).join(', ');
}

/** For comparing names as people type them: without case and accents. */
export function fold(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase().trim();
}

function partsOf(location: string): string[] {
  return location
    .split(',')
    .map(part => part.trim())
    .filter(part => part !== '');
}

function isIn(found: Place, area: string): boolean {
  return [found.admin2, found.admin1, found.country, found.country_code].some(
    known => fold(known) === fold(area),
  );
}

/**
 * The namesakes of comparable size. The API's best match is always in the running: it may bear the name in another
 * language, and "Köln" is then Cologne rather than a hamlet spelled the same.
 */
function mostLikely(name: string, found: readonly Place[]): Place[] {
  const namesakes = found.filter((each, at) => at === 0 || fold(each.name) === fold(name));
  const distinct = namesakes.filter(each => !namesakes.some(other => isTownOf(other, each)));
  const bySize = distinct.toSorted((a, b) => b.population - a.population);
  const least = (bySize[0]?.population ?? 0) * COMPARABLE_POPULATION;
  return bySize.filter(each => each.population >= least).slice(0, MOST_CANDIDATES);
}

/** Luxembourg is a city and a country, Singapore too: who names it wants the weather where the people are. */
function isTownOf(town: Place, around: Place): boolean {
  const isTown = (each: Place): boolean => each.feature_code.startsWith('PPL');
  return (
    isTown(town) &&
    !isTown(around) &&
    town.country_code === around.country_code &&
    fold(town.name) === fold(around.name)
  );
}
