/**
 * How a call ended, by its HTTP status and by the JSON-RPC messages of its answer, which are seen as they go out. An answer is
 * parsed only where its bytes may hold an error.
 */
import { INTERNAL_ERROR, REQUEST_TIMEOUT } from '../json-rpc.ts';
import type { AbortReason } from '../types.ts';

export const OUTCOMES = ['ok', 'tool_error', 'protocol_error', 'refused', 'failed', 'aborted'] as const;

/**
 * ok; tool_error: the tool says that it failed (`isError`); protocol_error: the request was not a right one; refused: the caller
 * may not (401, 403, 429); failed: the server is at fault; aborted: given up at the deadline.
 */
export type Outcome = (typeof OUTCOMES)[number];

const REFUSED = new Set([401, 403, 429]);

export function outcomeOf(status: number | undefined, reported: Outcome, abortReason?: AbortReason): Outcome {
  if (abortReason) return abortReason.code === REQUEST_TIMEOUT ? 'aborted' : 'failed';
  if (status === undefined || status >= 500) return 'failed';
  if (REFUSED.has(status)) return 'refused';
  if (status >= 400) return reported === 'failed' ? reported : 'protocol_error';
  return reported;
}

/** What a piece of an answer tells; `ok` where it tells of no error. */
export function outcomeOfChunk(piece: Uint8Array): Outcome {
  const bytes = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
  if (!bytes.includes('"isError":true') && !bytes.includes('"error":')) return 'ok';
  return mostSevere(messagesIn(bytes.toString()).map(outcomeOfMessage));
}

export function mostSevere(outcomes: readonly Outcome[]): Outcome {
  return outcomes.reduce((a, b) => (OUTCOMES.indexOf(b) > OUTCOMES.indexOf(a) ? b : a), 'ok');
}

function outcomeOfMessage(message: unknown): Outcome {
  const { result, error } = (message ?? {}) as { result?: { isError?: unknown }; error?: { code?: unknown } };
  if (error) return error.code === INTERNAL_ERROR ? 'failed' : 'protocol_error';
  return result?.isError === true ? 'tool_error' : 'ok';
}

/** One JSON body (a batch is several), or the events of a stream. A piece that begins or ends in mid-message has none. */
export function messagesIn(text: string): unknown[] {
  const lines = text.startsWith('{') || text.startsWith('[') ? [text] : text.split('\n');
  return lines.flatMap(line => {
    const json = line.startsWith('data:') ? line.slice(5) : line;
    if (!/^\s*[{[]/.test(json)) return [];
    try {
      return JSON.parse(json) as unknown;
    } catch {
      return []; // Cut off: the status and the other pieces tell.
    }
  });
}
