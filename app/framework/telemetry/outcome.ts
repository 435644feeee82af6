/** How a request ended: by the responses to its JSON-RPC messages, else by its HTTP status. */
import { REQUEST_TIMEOUT } from '../json-rpc.ts';
import type { AbortReason, MessageOutcome } from '../types.ts';

/**
 * In addition to {@link MessageOutcome}: `refused`: denied (401, 403, 429); `aborted`: aborted at the deadline.
 */
export type Outcome = MessageOutcome | 'refused' | 'aborted';

const REFUSED = new Set([401, 403, 429]);

/** Returns the outcome of a request. `message` is the outcome of the response to its message. */
export function outcomeOf(
  status: number | undefined,
  message: MessageOutcome | undefined,
  reason: AbortReason | undefined,
): Outcome {
  if (message) return message;
  if (reason) return reason.code === REQUEST_TIMEOUT ? 'aborted' : 'failed';
  if (status === undefined || status >= 500) return 'failed';
  if (REFUSED.has(status)) return 'refused';
  return status >= 400 ? 'protocol_error' : 'ok';
}
