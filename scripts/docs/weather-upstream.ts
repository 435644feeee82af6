/** Imitates the two APIs of Open-Meteo with one place and constant weather, for pictures of the weather example. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const PLACE = {
  id: 2267057,
  name: 'Lisbon',
  latitude: 38.72509,
  longitude: -9.1498,
  country_code: 'PT',
  country: 'Portugal',
  admin1: 'Lisbon District',
  population: 517802,
  timezone: 'Europe/Lisbon',
  feature_code: 'PPLC',
};

const FORECAST = {
  latitude: 38.75,
  longitude: -9.125,
  timezone: 'Europe/Lisbon',
  current: {
    time: '2026-05-14T15:00',
    weather_code: 0,
    temperature_2m: 24.1,
    apparent_temperature: 23.4,
    relative_humidity_2m: 52,
    precipitation: 0,
    wind_speed_10m: 14.2,
  },
  daily: {
    time: ['2026-05-14', '2026-05-15', '2026-05-16'],
    weather_code: [0, 2, 61],
    temperature_2m_max: [25.2, 22.8, 19.6],
    temperature_2m_min: [15.1, 14.7, 13.9],
    precipitation_probability_max: [0, 12, 78],
  },
};

export interface WeatherUpstream extends AsyncDisposable {
  /** Settings with which the weather example uses it. */
  env: Record<string, string>;
}

export async function startWeatherUpstream(): Promise<WeatherUpstream> {
  const server = createServer(({ url = '' }, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(url.includes('/v1/search') ? { results: [PLACE] } : FORECAST));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    env: { WEATHER_GEOCODING_URL: url, WEATHER_FORECAST_URL: url },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
