/**
 * Makes every response end properly: within the deadline, with status and headers even if the body is empty, and never by an
 * error inside a response stream, which would end the process (with RIC 4 a destroyed response stream becomes an unhandled
 * rejection).
 */
import { INTERNAL_ERROR } from '../json-rpc.ts';
import type { AbortReason, Invocation, JsonRpcId } from '../types.ts';
import type { AdaptedRequest } from './adapter.ts';
import { observe } from './invocation.ts';
import { requestIds, terminalErrorEvents, terminalErrorResponse } from './terminal-error.ts';

/** The part of the app that this file needs. */
export type Fetch = (request: Request, env: object) => Response | Promise<Response>;

/** A chunk of a body, its end, or the reason why the body was aborted. */
type Chunk = Uint8Array | 'end' | AbortReason;

const BROKEN: AbortReason = {
  code: INTERNAL_ERROR,
  message:
    'Internal error: the server could not finish this response. Its log has the reason; trying again may help.',
};

/** A response as it is sent: the head, then the body in chunks. */
export interface OutgoingResponse {
  status: number;
  headers: Headers;
  /** Returns the next chunk of the body, undefined at its end. Never rejects. */
  next(): Promise<Uint8Array | undefined>;
  /** Call it when the receiver has disconnected. Never rejects. */
  cancel(reason: unknown): Promise<void>;
}

/** Runs the app and guards its response. The invocation ends with the last byte of the response. Never rejects. */
export async function guardResponse(
  fetch: Fetch,
  { request, bindings, body }: AdaptedRequest,
): Promise<OutgoingResponse> {
  const { invocation } = bindings;
  const pendingIds = (): readonly JsonRpcId[] => invocation.pendingIds?.() ?? requestIds(body());
  const responding = (async () => fetch(withSignal(request, invocation.signal), bindings))();
  const response = await Promise.race([responding, aborted(invocation)]).catch(broken);
  if (isResponse(response) && !invocation.signal.aborted) return guardBody(response, invocation, pendingIds);
  responding.then(late => late.body?.cancel()).catch(broken);
  const reason: AbortReason = isResponse(response) ? invocation.signal.reason : response;
  invocation.end(reason);
  return complete(terminalErrorResponse(reason, pendingIds()));
}

/** Converts a guarded response into a fetch Response, whose body never fails either. */
export async function toResponse({ status, headers, next, cancel }: OutgoingResponse): Promise<Response> {
  let chunk = await next();
  if (!chunk) return new Response(null, { status, headers }); // An empty stream would lose status and headers.
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      chunk ??= await next();
      if (chunk) controller.enqueue(chunk);
      else controller.close();
      chunk = undefined;
    },
    cancel,
  });
  return new Response(body, { status, headers });
}

/** Property with the body of a response of scripts/build/patches/mcp-server/complete-response.diff, as text, until it is read. */
const COMPLETE_TEXT = Symbol.for('text of a complete response');

/** Waits for the first chunk: until it is sent, the response can still be replaced by an error. */
async function guardBody(
  response: Response,
  invocation: Invocation,
  pendingIds: () => readonly JsonRpcId[],
): Promise<OutgoingResponse> {
  const { status, headers } = response;
  const reader = readerOf(response);
  if (!reader) {
    invocation.end();
    return { status, headers, ...NO_BODY };
  }
  const { next, cancel } = chunksOf(reader, invocation);
  const events = headers.get('content-type')?.startsWith('text/event-stream');
  const first = await next(events);
  if (first === 'end') return { status, headers, ...NO_BODY };
  if (!(first instanceof Uint8Array)) return complete(terminalErrorResponse(first, pendingIds()));

  let pending: Chunk | undefined = first;
  return {
    status,
    headers,
    async next() {
      const chunk = pending ?? (await next(events));
      pending = chunk instanceof Uint8Array ? undefined : 'end';
      if (chunk instanceof Uint8Array) return chunk;
      return chunk !== 'end' && events ? terminalErrorEvents(chunk, pendingIds()) : undefined;
    },
    cancel,
  };
}

const NO_BODY: Pick<OutgoingResponse, 'next' | 'cancel'> = {
  next: async () => undefined,
  cancel: async () => undefined,
};

/** Converts a complete response that needs no guard. */
export function complete(response: Response): OutgoingResponse {
  let sent = false;
  return {
    status: response.status,
    headers: response.headers,
    async next() {
      if (sent) return undefined;
      sent = true;
      return new Uint8Array(await response.arrayBuffer());
    },
    cancel: NO_BODY.cancel,
  };
}

/** The methods of a stream's reader that are used. */
type BodyReader = Pick<ReadableStreamDefaultReader<Uint8Array>, 'read' | 'cancel'>;

/** Returns a reader of the body, undefined if there is none. A text that is known is not read from a stream. */
function readerOf(response: Response & { [COMPLETE_TEXT]?: string }): BodyReader | undefined {
  const text = response[COMPLETE_TEXT];
  if (text === undefined) return response.body?.getReader();
  let rest: Uint8Array | undefined = Buffer.from(text);
  return {
    async read() {
      const value = rest;
      rest = undefined;
      return value ? { done: false, value } : { done: true, value };
    },
    async cancel() {
      rest = undefined;
    },
  };
}

/** Reads a body chunk by chunk; errors are returned, never thrown. */
function chunksOf(reader: BodyReader, invocation: Invocation) {
  // A cancelled reader ends immediately, so no chunk is awaited after that.
  invocation.onAbort(reason => reader.cancel(reason).catch(broken));

  return {
    /** Returns the next chunk. With `events`, a stream that ends before all requests have a response is an error. */
    async next(events = false): Promise<Chunk> {
      const read = await reader.read().catch(broken);
      if ('value' in read && !read.done) {
        const { value } = read;
        observe(() => invocation.observer?.chunk(value));
        return value;
      }
      const { signal } = invocation;
      const unfinished = events && invocation.pendingIds && invocation.pendingIds().length > 0;
      const reason =
        'code' in read
          ? read
          : signal.aborted
            ? (signal.reason as AbortReason)
            : unfinished
              ? broken(new Error('The stream ended without a response.'))
              : undefined;
      invocation.end(reason);
      return reason ?? 'end';
    },
    async cancel(reason: unknown): Promise<void> {
      invocation.end();
      await reader.cancel(reason).catch(broken);
    },
  };
}

/** Sets the signal in place: a new Request would copy the headers and wrap the body on every call. */
function withSignal(request: Request, signal: AbortSignal): Request {
  return Object.defineProperty(request, 'signal', { value: signal });
}

/**
 * Returns whether the result is a response. Not by `instanceof`: a route may return a Response of another class, for example of a
 * library.
 */
function isResponse(result: Response | AbortReason): result is Response {
  return 'status' in result;
}

function aborted(invocation: Invocation): Promise<AbortReason> {
  return new Promise(resolve => invocation.onAbort(resolve));
}

function broken(error: unknown): AbortReason {
  console.error('A response could not be finished', error);
  return BROKEN;
}
