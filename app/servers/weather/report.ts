/**
 * The weather as text and as JSON: the results of the tools, and their conversion from Open-Meteo's numbers.
 *
 * The schemas are what clients see as `outputSchema`. They are built once, when the module is loaded: the server that
 * uses them is created for every request.
 */
import * as z from 'zod';
import type { Forecast, Place, Units } from './open-meteo.ts';
import { label } from './places.ts';

const conditions = z.string().describe('The weather as text, for example "slight rain".');

const currentWeather = z.object({
  time: z.string().describe('Local time of the place, ISO 8601 without an offset.'),
  conditions,
  temperature: z.number(),
  feelsLike: z.number(),
  humidityPercent: z.number(),
  precipitation: z.number(),
  windSpeed: z.number(),
});

const day = z.object({
  date: z.string().describe('Local date, YYYY-MM-DD.'),
  conditions,
  high: z.number(),
  low: z.number(),
  precipitationChancePercent: z.number().optional().describe('Missing if unknown.'),
});

const unitNames = z.object({
  temperature: z.enum(['°C', '°F']),
  windSpeed: z.enum(['km/h', 'mph']),
  precipitation: z.enum(['mm', 'in']),
});

const somewhere = z.object({
  name: z.string().describe('Full name, with region and country.'),
  latitude: z.number(),
  longitude: z.number(),
  timezone: z.string().describe('IANA time zone.'),
});

export const weatherReport = z.object({
  place: somewhere,
  units: unitNames,
  current: currentWeather,
  outlook: z.array(day).describe('Today and the days after it.'),
});

const location = z.string().describe('The place as requested.');

export const weatherComparison = z.object({
  units: unitNames,
  places: z
    .array(
      z.discriminatedUnion('status', [
        z.object({
          status: z.literal('ok'),
          location,
          place: somewhere,
          current: currentWeather,
          today: day,
        }),
        z.object({ status: z.literal('error'), location, error: z.string() }),
      ]),
    )
    .describe('One entry for each location, in the order they were given.'),
});

export type WeatherReport = z.infer<typeof weatherReport>;
export type WeatherComparison = z.infer<typeof weatherComparison>;
export type ComparisonEntry = WeatherComparison['places'][number];

export const UNIT_NAMES: Record<Units, z.infer<typeof unitNames>> = {
  metric: { temperature: '°C', windSpeed: 'km/h', precipitation: 'mm' },
  imperial: { temperature: '°F', windSpeed: 'mph', precipitation: 'in' },
};

/** The licence of the data requires it: https://open-meteo.com/en/licence */
const SOURCE = 'Weather data by Open-Meteo.com (CC BY 4.0).';

export function toReport(place: Place, { timezone, current, daily }: Forecast, units: Units): WeatherReport {
  const { latitude, longitude } = place;
  return {
    place: { name: label(place), latitude, longitude, timezone },
    units: UNIT_NAMES[units],
    current: {
      time: current.time,
      conditions: inWords(current.weather_code),
      temperature: current.temperature_2m,
      feelsLike: current.apparent_temperature,
      humidityPercent: current.relative_humidity_2m,
      precipitation: current.precipitation,
      windSpeed: current.wind_speed_10m,
    },
    outlook: daily.map(each => ({
      date: each.time,
      conditions: inWords(each.weather_code),
      high: each.temperature_2m_max,
      low: each.temperature_2m_min,
      precipitationChancePercent: each.precipitation_probability_max ?? undefined,
    })),
  };
}

export function reportText({ place, units, current, outlook }: WeatherReport): string {
  const now = [
    `${place.name}: ${current.conditions}, ${current.temperature} ${units.temperature}`,
    `feels like ${current.feelsLike} ${units.temperature}`,
    `humidity ${current.humidityPercent} %`,
    `wind ${current.windSpeed} ${units.windSpeed}`,
    `precipitation ${current.precipitation} ${units.precipitation}`,
    `local time ${current.time} (${place.timezone})`,
  ];
  const days = outlook.map(each => `${each.date}: ${dayText(each, units.temperature)}`);
  return [now.join(', '), ...days, SOURCE].join('\n');
}

function dayText(each: z.infer<typeof day>, degrees: string): string {
  const chance = each.precipitationChancePercent;
  const rain = chance === undefined ? '' : `, ${chance} % chance of precipitation`;
  return `${each.conditions}, ${each.low} to ${each.high} ${degrees}${rain}`;
}

/** Returns an entry as one line, which is also the progress message. */
export function entryText(entry: ComparisonEntry, { units }: Pick<WeatherComparison, 'units'>): string {
  if (entry.status === 'error') return `${entry.location}: ${entry.error}`;
  const { place, current, today } = entry;
  return `${place.name}: ${current.conditions}, ${current.temperature} ${units.temperature}; today ${dayText(today, units.temperature)}`;
}

export function comparisonText(comparison: WeatherComparison): string {
  return [...comparison.places.map(entry => entryText(entry, comparison)), SOURCE].join('\n');
}

/**
 * The WMO codes that Open-Meteo uses, a subset of WMO table 4677.
 * https://open-meteo.com/en/docs#weather_variable_documentation
 */
const WMO_CODES: Record<number, string> = {
  0: 'clear sky',
  1: 'mainly clear',
  2: 'partly cloudy',
  3: 'overcast',
  45: 'fog',
  48: 'depositing rime fog',
  51: 'light drizzle',
  53: 'moderate drizzle',
  55: 'dense drizzle',
  56: 'light freezing drizzle',
  57: 'dense freezing drizzle',
  61: 'slight rain',
  63: 'moderate rain',
  65: 'heavy rain',
  66: 'light freezing rain',
  67: 'heavy freezing rain',
  71: 'slight snowfall',
  73: 'moderate snowfall',
  75: 'heavy snowfall',
  77: 'snow grains',
  80: 'slight rain showers',
  81: 'moderate rain showers',
  82: 'violent rain showers',
  85: 'slight snow showers',
  86: 'heavy snow showers',
  95: 'thunderstorm',
  96: 'thunderstorm with slight hail',
  99: 'thunderstorm with heavy hail',
};

/** Returns the description of a weather code. For an unknown or missing code the other values of the report are still valid. */
export function inWords(code: number | null): string {
  if (code === null) return 'conditions unknown';
  return WMO_CODES[code] ?? `weather code ${code}`;
}
