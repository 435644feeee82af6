/**
 * The example server: the weather, by Open-Meteo. Copy it to write your own.
 *
 * It shows a tool that asks the user if a place is ambiguous, a tool that works in parallel and streams its progress, a resource, a
 * prompt, completion, errors that a model can act on, and an MCP App: a card.
 *
 * `mcp(weather)` in app/routes.ts adds HTTP, the revisions of the protocol and authentication.
 */
import {
  type CallToolResult,
  completable,
  type GetPromptResult,
  type InputRequiredResult,
  McpServer,
  ProtocolError,
  ProtocolErrorCode,
  type ReadResourceResult,
  ResourceNotFoundError,
  ResourceTemplate,
  type ServerContext,
} from '@modelcontextprotocol/server';
import * as z from 'zod';
import { settings } from '../../settings.ts';
import { answered, askWhich, canAsk } from './asking.ts';
import card from './card.html';
import { compareWeather } from './comparing.ts';
import {
  explain,
  type OnError,
  orToolError,
  type Source,
  severalPlaces,
  toolError,
  unknownPlace,
} from './errors.ts';
import icon from './icon.svg' with { type: 'text' };
import { type OpenMeteo, openMeteo, type Place, type Units } from './open-meteo.ts';
import { findPlaces, fold, labels } from './places.ts';
import { reportText, toReport, weatherComparison, weatherReport } from './report.ts';

export interface WeatherOptions {
  openMeteo: OpenMeteo;
  /** Called with every error and its details, which callers do not get. Does not change the response. @default writes to the log */
  onError?: OnError;
}

// Schemas and descriptions are built once, when the module is loaded: the server below is created for every request.

const location = z
  .string()
  .trim()
  .min(1)
  .max(200)
  .describe(
    'A place. If its name is common, add a region or country after a comma: "Springfield, Illinois".',
  );

const units = z
  .enum(['metric', 'imperial'])
  .default('metric')
  .describe('°C, km/h and mm, or °F, mph and inches.');

const annotations = { readOnlyHint: true, idempotentHint: true, openWorldHint: true };

const GET_WEATHER = {
  title: 'Weather at a place',
  description: 'Returns the current weather at a place, and the forecast for today and the next two days.',
  inputSchema: z.object({ location, units }),
  outputSchema: weatherReport,
  annotations,
  // Clients with MCP Apps show the result as a card. https://github.com/modelcontextprotocol/ext-apps
  _meta: { ui: { resourceUri: 'ui://weather/card' } },
};

const COMPARE_WEATHER = {
  title: 'Weather at many places',
  description:
    'Returns the current weather and the forecast for today at 2 to 100 places. If a place fails, its entry has an error, and the others have results.',
  inputSchema: z.object({ locations: z.array(location).min(2).max(100), units }),
  outputSchema: weatherComparison,
  annotations,
};

const CURRENT = {
  title: 'Current weather',
  description: 'The current weather at a place, in metric units.',
  mimeType: 'application/json',
  // Open-Meteo's current values change every 15 minutes.
  cacheHint: { ttlMs: 5 * 60_000 },
};

const CARD = {
  title: 'Weather card',
  description: 'The result of get_weather as a card, for clients that show MCP Apps.',
  mimeType: 'text/html;profile=mcp-app',
};

const INFO = {
  name: 'weather',
  title: 'Weather',
  version: '1.0.0',
  icons: [{ src: dataUrl('image/svg+xml', icon), mimeType: 'image/svg+xml', sizes: ['any'] }],
};

/** The lists never change while the server runs, so clients do not need to listen for changes. */
const capabilities = {
  tools: { listChanged: false },
  resources: { listChanged: false },
  prompts: { listChanged: false },
};

let fromSettings: (() => McpServer) | undefined;

/**
 * Creates the server with the settings of the environment. They are read on the first request, because the build loads the module
 * too.
 */
export function weather(): McpServer {
  fromSettings ??= createWeather({
    openMeteo: openMeteo({
      geocodingUrl: settings().WEATHER_GEOCODING_URL,
      forecastUrl: settings().WEATHER_FORECAST_URL,
      timeoutMs: settings().WEATHER_TIMEOUT_MS,
    }),
  });
  return fromSettings();
}

/** Returns the factory, which creates a server for each request. All use the same client. */
export function createWeather({ openMeteo, onError = logError }: WeatherOptions): () => McpServer {
  const source = { openMeteo, onError };
  const complete = (typed: string): Promise<string[]> => completeLocation(source, typed);
  const current = new ResourceTemplate('weather://current/{location}', {
    list: undefined,
    complete: { location: complete },
  });
  const planOutdoorDay = {
    title: 'Plan a day outdoors',
    description: 'Finds the best of the next three days for an activity at a place.',
    argsSchema: z.object({
      location: completable(z.string().describe('Where.'), complete),
      activity: z.string().describe('What, for example "a hike with children".'),
    }),
  };

  return function weather() {
    const server = new McpServer(INFO, { capabilities });
    server.registerTool('get_weather', GET_WEATHER, (args, ctx) =>
      orToolError(ctx, onError, () => getWeather(source, args, ctx)),
    );
    server.registerTool('compare_weather', COMPARE_WEATHER, (args, ctx) =>
      orToolError(ctx, onError, () => compareWeather(source, args, ctx)),
    );
    server.registerResource('current', current, CURRENT, (uri, variables, ctx) =>
      readCurrent(source, uri, String(variables.location), ctx),
    );
    server.registerResource('card', GET_WEATHER._meta.ui.resourceUri, CARD, ({ href: uri }) => ({
      // Without _meta.ui.csp, clients do not let it load anything.
      contents: [{ uri, mimeType: CARD.mimeType, text: card, _meta: { ui: { prefersBorder: true } } }],
    }));
    server.registerPrompt('plan_outdoor_day', planOutdoorDay, outdoorDay);
    return server;
  };
}

/**
 * Returns the weather. An ambiguous place is an error, not another form of the result: the model calls again, `structuredContent`
 * always contains weather, and `outputSchema` does not apply to errors.
 */
async function getWeather(
  { openMeteo }: Source,
  { location, units }: { location: string; units: Units },
  ctx: ServerContext,
): Promise<CallToolResult | InputRequiredResult> {
  const { signal } = ctx.mcpReq;
  const places = await findPlaces(openMeteo, location, signal);
  const place = places.length > 1 ? answered(ctx, places) : places[0];
  if (places.length === 0) return toolError(unknownPlace(location));
  if (place === 'none') return toolError(severalPlaces(location, places, true));
  if (!place) return canAsk(ctx) ? askWhich(location, places) : toolError(severalPlaces(location, places));
  const report = toReport(place, await openMeteo.forecast(place, units, signal), units);
  return { content: [{ type: 'text', text: reportText(report) }], structuredContent: report };
}

/** Reads the resource. Errors are protocol errors for the client, because a resource has no error text for a model. */
async function readCurrent(
  { openMeteo, onError }: Source,
  uri: URL,
  encoded: string,
  { mcpReq: { signal } }: ServerContext,
): Promise<ReadResourceResult> {
  try {
    const place = await onlyPlace(openMeteo, uri, encoded, signal);
    const report = toReport(place, await openMeteo.forecast(place, 'metric', signal), 'metric');
    const text = JSON.stringify({ place: report.place, units: report.units, current: report.current });
    return { contents: [{ uri: uri.href, mimeType: CURRENT.mimeType, text }] };
  } catch (error) {
    if (error instanceof ProtocolError || signal.aborted) throw error;
    throw new ProtocolError(ProtocolErrorCode.InternalError, explain(error, onError));
  }
}

async function onlyPlace(api: OpenMeteo, uri: URL, encoded: string, signal: AbortSignal): Promise<Place> {
  const location = decoded(encoded);
  const places = await findPlaces(api, location, signal);
  const [place] = places;
  if (!place) throw new ResourceNotFoundError(uri.href);
  if (places.length === 1) return place;
  const candidates = labels(places).map(name => `weather://current/${encodeURIComponent(name)}`);
  const details = { uri: uri.href, candidates };
  throw new ProtocolError(ProtocolErrorCode.InvalidParams, severalPlaces(location, places), details);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return ''; // Invalid percent-encoding, so not the name of a place.
  }
}

function outdoorDay({ location, activity }: { location: string; activity: string }): GetPromptResult {
  const text = [
    `Plan a day outdoors within the next three days: ${activity}, in ${location}.`,
    'Call get_weather for the place. Name the day that suits best and say why, with temperatures and the chance of rain.',
    'If none suits, say so, call compare_weather for a few towns within reach, and propose the best of them.',
  ].join('\n');
  return { messages: [{ role: 'user', content: { type: 'text', text } }] };
}

/** Returns completions. Errors are logged and return none, so that they do not disturb typing. */
async function completeLocation({ openMeteo, onError }: Source, typed: string): Promise<string[]> {
  const [name = '', ...areas] = typed.split(',');
  if (name.trim().length < 2) return [];
  try {
    // The API does not match an incomplete area, so it is matched here.
    const found = await openMeteo.search(name.trim(), areas.length > 0 ? 100 : 10);
    const names = [...new Set(labels(found))];
    return areas.length > 0 ? names.filter(each => fold(each).startsWith(fold(typed))) : names;
  } catch (error) {
    onError(error);
    return [];
  }
}

function dataUrl(type: string, text: string): string {
  return `data:${type};base64,${Buffer.from(text).toString('base64')}`;
}

function logError(error: unknown): void {
  console.warn('weather:', error);
}
