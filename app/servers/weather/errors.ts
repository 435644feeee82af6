/**
 * What a caller is told when there is no weather to tell. A model reads these texts and decides what to do next, so each
 * says what that could be, and none says more of the fault than that: the fault itself goes to `onError`.
 */
import type { CallToolResult, ServerContext } from '@modelcontextprotocol/server';
import { type OpenMeteo, type Place, UpstreamError, type UpstreamErrorCode } from './open-meteo.ts';
import { labels } from './places.ts';

export type OnError = (error: unknown) => void;

/** Where the weather comes from, and who is told when it does not. */
export interface Source {
  openMeteo: OpenMeteo;
  onError: OnError;
}

const WHAT_TO_DO: Record<UpstreamErrorCode, string> = {
  timeout: 'The weather service did not answer in time. Try again in a moment.',
  unavailable: 'The weather service is not available at the moment. Try again in a minute.',
  'rate-limited':
    'The weather service takes no more requests for now. Wait a minute, then ask for fewer places.',
  'unexpected-answer':
    'The weather service gave an answer that makes no sense. Trying again is unlikely to help: tell the user that this weather cannot be had now.',
};

export function explain(error: unknown, onError: OnError): string {
  onError(error);
  return error instanceof UpstreamError
    ? WHAT_TO_DO[error.code]
    : 'The server failed to answer, by a fault of its own. Trying again may help; its operator finds the reason in the log.';
}

export function unknownPlace(location: string): string {
  return `No place called "${location}" is known. Check the spelling, or name a larger place nearby; a region or country may follow after a comma.`;
}

/** `asked`: whether the user was, and chose none. */
export function severalPlaces(location: string, places: readonly Place[], asked = false): string {
  const next = asked
    ? 'The user was asked which one is meant and chose none of them. Do not guess: go on without, or ask in the conversation.'
    : 'Call again with the full name of the one that is meant; if that is not clear, ask the user.';
  return `Several places are called "${location}". ${next} They are: ${labels(places).join('; ')}.`;
}

export function toolError(text: string): CallToolResult {
  return { content: [{ type: 'text', text }], isError: true };
}

/** The SDK would send the message of whatever a tool throws; this sends what is meant to be read. */
export async function orToolError<Result>(
  { mcpReq }: ServerContext,
  onError: OnError,
  run: () => Promise<Result>,
): Promise<Result | CallToolResult> {
  try {
    return await run();
  } catch (error) {
    // The caller reads no response, and a cancelled call is no error.
    if (mcpReq.signal.aborted) throw error;
    return toolError(explain(error, onError));
  }
}
