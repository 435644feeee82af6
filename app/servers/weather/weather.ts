/**
 * The example server: the weather, by Open-Meteo. Copy it to write your own.
 *
 * It shows a tool that asks the user when the question has several answers, a tool that does many things at once and
 * streams its progress, a resource, a prompt, completion, errors that a model can act on, and an MCP App: a card.
 *
 * Not here: HTTP, the protocol's revisions, who may call. `mcp(weather)` in app/routes.ts serves it.
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
  /** Told of every fault and its details; the caller learns only what to do next. Never changes an answer. @default the log */
  onError?: OnError;
}

// Schemas and descriptions are built once, when the module is loaded: the server below is created for every request.

const location = z
  .string()
  .trim()
  .min(1)
  .max(200)
  .describe('A place. Where its name is common, a region or country after a comma: "Springfield, Illinois".');

const units = z
  .enum(['metric', 'imperial'])
  .default('metric')
  .describe('°C, km/h and mm, or °F, mph and inches.');

const annotations = { readOnlyHint: true, idempotentHint: true, openWorldHint: true };

const GET_WEATHER = {
  title: 'Weather at a place',
  description: 'The weather at a place now, and the outlook for today and the two days after it.',
  inputSchema: z.object({ location, units }),
  outputSchema: weatherReport,
  annotations,
  // Clients with MCP Apps show the result as a card. https://github.com/modelcontextprotocol/ext-apps
  _meta: { ui: { resourceUri: 'ui://weather/card' } },
};

const COMPARE_WEATHER = {
  title: 'Weather at many places',
  description:
    'The weather now and the outlook for today at 2 to 100 places. A place that fails has its reason, and the others are answered.',
  inputSchema: z.object({ locations: z.array(location).min(2).max(100), units }),
  outputSchema: weatherComparison,
  annotations,
};

const CURRENT = {
  title: 'Current weather',
  description: 'The weather at a place now, in metric units.',
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

/** The lists below never change while this runs, so no client needs to listen for that. */
const capabilities = {
  tools: { listChanged: false },
  resources: { listChanged: false },
  prompts: { listChanged: false },
};

let fromSettings: (() => McpServer) | undefined;

/** The server as the environment configures it, read at the first request: the module may be loaded at build time. */
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

/** Makes the factory: a fresh server for each request, all of them upon one client. */
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
      // Without _meta.ui.csp, clients let it load nothing.
      contents: [{ uri, mimeType: CARD.mimeType, text: card, _meta: { ui: { prefersBorder: true } } }],
    }));
    server.registerPrompt('plan_outdoor_day', planOutdoorDay, outdoorDay);
    return server;
  };
}

/**
 * Not knowing which place is meant is an error rather than a second shape of answer: it is the model's turn to call
 * again, a client that reads `structuredContent` meets weather and nothing else, and `outputSchema` does not bind errors.
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

/** A resource has no text for a model to act on: what goes wrong is an error of the protocol, for the client. */
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
    return ''; // Not valid percent-encoding, so the name of no place.
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

/** Errors are logged and complete to nothing, so that they do not disturb typing. */
async function completeLocation({ openMeteo, onError }: Source, typed: string): Promise<string[]> {
  const [name = '', ...areas] = typed.split(',');
  if (name.trim().length < 2) return [];
  try {
    // An area that is half typed would narrow to nothing, so it is matched here.
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
