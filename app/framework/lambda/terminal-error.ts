/**
 * The last thing a caller hears when an answer cannot be finished: a JSON-RPC error, as one JSON body or as a final SSE
 * event, with the id (or the ids of a batch) that the request asked under.
 *
 * https://www.jsonrpc.org/specification#error_object. -32603 is its "Internal error"; -32001 is what the MCP SDKs use
 * for a request that timed out.
 */

/** Why an answer was given up. */
export interface AbortReason {
  code: -32001 | -32603;
  /** For the caller: what happened and what to do next. Never the text of an unforeseen error. */
  message: string;
}

type JsonRpcId = string | number;

/**
 * The error as a whole response. Where a JSON-RPC request asked, HTTP 200, because clients read a JSON-RPC error only
 * there; else 504 when time ran out and 500 otherwise.
 */
export function terminalErrorResponse(
  abortReason: AbortReason,
  requestBody: () => string | undefined,
): Response {
  const errors = errorsFor(abortReason, requestBody);
  const init = { headers: { 'content-type': 'application/json', 'cache-control': 'no-store' } };
  if (errors.length > 0) return new Response(JSON.stringify(errors.length === 1 ? errors[0] : errors), init);
  const late = abortReason.code === -32001;
  const body = { error: late ? 'timeout' : 'internal_error', message: abortReason.message };
  return new Response(JSON.stringify(body), { ...init, status: late ? 504 : 500 });
}

/** The error as the last events of a stream that is open already. */
export function terminalErrorEvents(
  abortReason: AbortReason,
  requestBody: () => string | undefined,
): Uint8Array {
  const events = errorsFor(abortReason, requestBody).map(
    error => `event: message\ndata: ${JSON.stringify(error)}\n\n`,
  );
  // The blank line closes an event that may have been cut short.
  return new TextEncoder().encode(`\n\n${events.join('')}`);
}

function errorsFor({ code, message }: AbortReason, requestBody: () => string | undefined): object[] {
  return requestIds(requestBody).map(id => ({ jsonrpc: '2.0', id, error: { code, message } }));
}

/** The ids under which answers are owed: of the JSON-RPC request, or of each one in a batch. */
function requestIds(requestBody: () => string | undefined): JsonRpcId[] {
  let parsed: unknown;
  try {
    // A byte order mark is passed over, as the app does by reading the body as text.
    parsed = JSON.parse(requestBody()?.replace(/^\ufeff/, '') ?? 'null');
  } catch {
    return []; // Not JSON, so nobody asked by JSON-RPC.
  }
  return (Array.isArray(parsed) ? parsed : [parsed])
    .map(message => (message as { id?: unknown } | null)?.id)
    .filter(id => typeof id === 'string' || typeof id === 'number');
}
