/**
 * YOURS: the environment variables of your servers. They are checked during init, together with the framework's. Read them by
 * calling `settings()` in a tool or a server factory.
 */
import * as z from 'zod';
import { defineSettings } from '#framework';

const httpUrl = z.url({ protocol: /^https?$/, error: 'must be an http or https URL' });

export const settings = defineSettings({
  /** Base URL of the geocoding API that the weather server calls. */
  WEATHER_GEOCODING_URL: httpUrl.default('https://geocoding-api.open-meteo.com'),
  /** Base URL of the forecast API that the weather server calls. */
  WEATHER_FORECAST_URL: httpUrl.default('https://api.open-meteo.com'),
  /** Time limit of one attempt at an upstream response, in milliseconds, 100 to 60000. */
  WEATHER_TIMEOUT_MS: z.coerce
    .number({ error: 'must be a number of milliseconds' })
    .int()
    .min(100)
    .max(60_000)
    .default(5_000),
});
