/**
 * Finds the place that a name refers to, or several if the name is ambiguous. The caller asks the user or lists them.
 */
import type { OpenMeteo, Place } from './open-meteo.ts';

/** Maximum number of candidates. */
const MOST_CANDIDATES = 10;

/** Minimum population of a candidate, as a share of the largest one with the same name. */
const COMPARABLE_POPULATION = 1 / 4;

/**
 * Returns the place called `location`; several, the largest first, if the name is ambiguous; none if it is unknown. "Springfield" is
 * ambiguous; "Springfield, Illinois" is not, and "Paris" is not, because the one in Texas is much smaller.
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
    // The API has filtered by the first area, including abbreviations and other languages ("OR", "Bayern"), so its result is used even
    // if no name here equals the area.
    const narrower = found.filter(lies);
    return mostLikely(name, narrower.length > 0 ? narrower : found);
  }
  if (areas.length === 0) return [];
  // The API supports regions and countries as areas, older versions none; counties are matched here.
  return mostLikely(name, (await openMeteo.search(name, 100, signal)).filter(lies));
}

/** Returns full names that {@link findPlaces} accepts, for a choice by the user. */
export function labels(places: readonly Place[]): string[] {
  const short = places.map(found => label(found));
  return places.map((found, index) => {
    const unique = short.filter(other => other === short[index]).length === 1;
    return unique ? label(found) : label(found, found.admin2);
  });
}

/** Returns a full name: "Springfield, Illinois, United States"; with `county`, the county before the region. */
export function label({ name, admin1, country }: Place, county = ''): string {
  return [name, county, admin1, country].filter((part, at) => part && (at === 0 || part !== name)).join(', ');
}

/** Returns a name in lower case and without accents, for comparisons. */
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
 * Returns the places with this name that have a comparable population. The best match of the API is always a candidate, because it
 * may have the name in another language: "Köln" is Cologne, not a hamlet with this spelling.
 */
function mostLikely(name: string, found: readonly Place[]): Place[] {
  const namesakes = found.filter((each, at) => at === 0 || fold(each.name) === fold(name));
  const distinct = namesakes.filter(each => !namesakes.some(other => isTownOf(other, each)));
  const bySize = distinct.toSorted((a, b) => b.population - a.population);
  const least = (bySize[0]?.population ?? 0) * COMPARABLE_POPULATION;
  return bySize.filter(each => each.population >= least).slice(0, MOST_CANDIDATES);
}

/** Returns whether a town has the name of its country, such as Luxembourg and Singapore: then the town is meant. */
function isTownOf(town: Place, around: Place): boolean {
  const isTown = (each: Place): boolean => each.feature_code.startsWith('PPL');
  return (
    isTown(town) &&
    !isTown(around) &&
    town.country_code === around.country_code &&
    fold(town.name) === fold(around.name)
  );
}
