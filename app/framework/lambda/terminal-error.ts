/**
 * The error that a caller receives when a response cannot be finished: a JSON-RPC error, as one JSON body or as the final SSE
 * events, for each id that still expects a response.
 */
import { isId, REQUEST_TIMEOUT } from '../json-rpc.ts';
import type { AbortReason, JsonRpcId } from '../types.ts';

/**
 * Returns the error as a complete response: HTTP 200 if the request was JSON-RPC, because clients read JSON-RPC errors only
 * there; else 504 for a timeout and 500 otherwise.
 */
export function terminalErrorResponse(abortReason: AbortReason, ids: readonly JsonRpcId[]): Response {
  const errors = errorsFor(abortReason, ids);
  const init = { headers: { 'content-type': 'application/json', 'cache-control': 'no-store' } };
  if (errors.length > 0) return new Response(JSON.stringify(errors.length === 1 ? errors[0] : errors), init);
  const timedOut = abortReason.code === REQUEST_TIMEOUT;
  const body = { error: timedOut ? 'timeout' : 'internal_error', message: abortReason.message };
  return new Response(JSON.stringify(body), { ...init, status: timedOut ? 504 : 500 });
}

/** Returns the error as the last events of a stream that is already open. */
export function terminalErrorEvents(abortReason: AbortReason, ids: readonly JsonRpcId[]): Uint8Array {
  const events = errorsFor(abortReason, ids).map(
    error => `event: message\ndata: ${JSON.stringify(error)}\n\n`,
  );
  // The blank line closes an event that may have been cut short.
  return new TextEncoder().encode(`\n\n${events.join('')}`);
}

function errorsFor({ code, message }: AbortReason, ids: readonly JsonRpcId[]): object[] {
  return ids.map(id => ({ jsonrpc: '2.0', id, error: { code, message } }));
}

/** Returns the ids in a request body: of the JSON-RPC request, or of each one in a batch. */
export function requestIds(body: string | undefined): JsonRpcId[] {
  let parsed: unknown;
  try {
    // The app ignores a byte order mark, because it reads the body as text.
    parsed = JSON.parse(body?.replace(/^\ufeff/, '') ?? 'null');
  } catch {
    return []; // Not JSON, so not a JSON-RPC request.
  }
  return (Array.isArray(parsed) ? parsed : [parsed])
    .map(message => (message as { id?: unknown } | null)?.id)
    .filter(isId);
}
