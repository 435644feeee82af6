/**
 * The settings of the function, and the only reader of `process.env` in the app.
 *
 * Read on first use, never at import: the modules may be evaluated at build time, and what the environment says then
 * is nobody's setting. The Lambda handler reads it once at init, so that a bad value stops the environment from
 * starting with every problem named, instead of failing on a request.
 *
 * The local Lambda has settings of its own (`LAMBDA_*`, `PORT`), see app/local/README.md.
 */
import * as z from 'zod';

const httpUrl = z.url({ protocol: /^https?$/, error: 'must be an http or https URL' });

/** Every variable the app reads: its meaning, unit and default. The README's table is held against this. */
export const settings = z.object({
  WEATHER_GEOCODING_URL: httpUrl
    .default('https://geocoding-api.open-meteo.com')
    .describe('Base URL of the geocoding API that the example server asks.'),
  WEATHER_FORECAST_URL: httpUrl
    .default('https://api.open-meteo.com')
    .describe('Base URL of the forecast API that the example server asks.'),
  WEATHER_TIMEOUT_MS: z.coerce
    .number({ error: 'must be a number of milliseconds' })
    .int()
    .min(100)
    .max(60_000)
    .default(5_000)
    .describe('Time limit for one attempt at an upstream answer, in milliseconds, 100 to 60000.'),
});

export type Config = z.infer<typeof settings>;

/** The environment is not usable: `problems` has one line a variable. Values are left out, they may be secrets. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly code = 'INVALID_CONFIGURATION';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(
      `The environment has ${problems.length} bad setting(s):\n${problems.map(p => `  - ${p}`).join('\n')}`,
    );
    this.problems = problems;
  }
}

/** Checks an environment. An empty variable counts as one that is not set, as in a Dockerfile's `ENV NAME=`. */
export function parseConfig(env: NodeJS.ProcessEnv): Config {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const parsed = settings.safeParse(given);
  if (parsed.success) return parsed.data;
  throw new ConfigError(parsed.error.issues.map(issue => `${issue.path.join('.')}: ${issue.message}`));
}

let current: Config | undefined;

/** The settings of this process, read and checked once. Throws {@link ConfigError}. */
export function config(): Config {
  current ??= parseConfig(process.env);
  return current;
}
