/**
 * Error messages for callers. A model reads them and decides what to do next, so each message names the next step. Details of the
 * error are passed to `onError` only.
 */
import type { CallToolResult, ServerContext } from '@modelcontextprotocol/server';
import { type OpenMeteo, type Place, UpstreamError, type UpstreamErrorCode } from './open-meteo.ts';
import { labels } from './places.ts';

export type OnError = (error: unknown) => void;

/** The source of weather data, and the handler of its errors. */
export interface Source {
  openMeteo: OpenMeteo;
  onError: OnError;
}

const WHAT_TO_DO: Record<UpstreamErrorCode, string> = {
  timeout: 'The weather service did not respond in time. Try again in a moment.',
  unavailable: 'The weather service is not available at the moment. Try again in a minute.',
  'rate-limited':
    'The weather service accepts no more requests for now. Wait a minute, then request fewer places.',
  'unexpected-response':
    'The weather service returned an invalid response. Trying again is unlikely to help: tell the user that this weather is not available now.',
};

export function explain(error: unknown, onError: OnError): string {
  onError(error);
  return error instanceof UpstreamError
    ? WHAT_TO_DO[error.code]
    : 'The server failed because of an internal error. Trying again may help; the log of the server has the reason.';
}

export function unknownPlace(location: string): string {
  return `No place called "${location}" is known. Check the spelling, or name a larger place nearby; add a region or country after a comma if necessary.`;
}

/** Returns the message for several places. `asked`: the user was asked already and chose none. */
export function severalPlaces(location: string, places: readonly Place[], asked = false): string {
  const next = asked
    ? 'The user was asked which one is meant and chose none of them. Do not guess: continue without it, or ask in the conversation.'
    : 'Call again with the full name of the one that is meant; if that is not clear, ask the user.';
  return `Several places are called "${location}". ${next} They are: ${labels(places).join('; ')}.`;
}

export function toolError(text: string): CallToolResult {
  return { content: [{ type: 'text', text }], isError: true };
}

/**
 * Runs a tool and returns exceptions as tool errors with a message for the caller. The SDK would send the message of any exception.
 */
export async function orToolError<Result>(
  { mcpReq }: ServerContext,
  onError: OnError,
  run: () => Promise<Result>,
): Promise<Result | CallToolResult> {
  try {
    return await run();
  } catch (error) {
    // A cancelled call is not an error, and its caller reads no response.
    if (mcpReq.signal.aborted) throw error;
    return toolError(explain(error, onError));
  }
}
