/**
 * Stands between hono/aws-lambda and the app and sees to it that every answer ends well: within the deadline, with
 * status and headers even when the body is empty, and never by an error inside a response stream, which would end the
 * process (hono/aws-lambda with RIC 4: the destroyed response stream becomes an unhandled rejection).
 */

import { WholeResponse } from './buffered-response.ts';
import type { Invocation } from './invocation.ts';
import { type AbortReason, terminalErrorEvents, terminalErrorResponse } from './terminal-error.ts';

/** The app, as far as this file needs it. */
export type Fetch = (request: Request, env: object) => Response | Promise<Response>;

/** A piece of a body, its proper end, or the reason why there is no more. */
type Piece = Uint8Array | 'end' | AbortReason;

const BROKE_OFF: AbortReason = {
  code: -32603,
  message:
    'Internal error: the server could not finish this answer. Its log says why; trying again may help.',
};

/** An answer as it is sent: the head, and the body piece by piece. */
export interface Answer {
  status: number;
  headers: Headers;
  /** The next piece of the body, undefined at its end. Never rejects. */
  next(): Promise<Uint8Array | undefined>;
  /** The taker has left. Never rejects. */
  cancel(reason: unknown): Promise<void>;
}

/**
 * Answers `request` by `fetch` under `invocation`, which ends with the answer's last byte. Never rejects. `requestBody`
 * gives what the caller sent, for the ids that a last word must carry.
 */
export async function guardedResponse(
  fetch: Fetch,
  request: Request,
  env: object,
  invocation: Invocation,
  requestBody: () => string | undefined,
): Promise<Answer> {
  const answer = (async () => fetch(withSignal(request, invocation.signal), env))();
  const response = await Promise.race([answer, abortReason(invocation)]).catch(brokenOff);
  if (isResponse(response) && !invocation.signal.aborted) return guardBody(response, invocation, requestBody);
  answer.then(late => late.body?.cancel()).catch(brokenOff);
  const why: AbortReason = isResponse(response) ? invocation.signal.reason : response;
  invocation.end(why);
  return wholeAnswer(terminalErrorResponse(why, requestBody));
}

/** The same as a Response, whose body never fails either. */
export async function guardedFetch(...args: Parameters<typeof guardedResponse>): Promise<Response> {
  const { status, headers, next, cancel } = await guardedResponse(...args);
  let piece = await next();
  if (!piece) return new Response(null, { status, headers }); // An empty stream would lose status and headers on the way.
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      piece ??= await next();
      if (piece) controller.enqueue(piece);
      else controller.close();
      piece = undefined;
    },
    cancel,
  });
  return new Response(body, { status, headers });
}

/** Waits for the first piece: until then the answer may still become another one. */
async function guardBody(
  response: Response,
  invocation: Invocation,
  requestBody: () => string | undefined,
): Promise<Answer> {
  const { status, headers } = response;
  const text = WholeResponse.readBody(response);
  if (text !== undefined) return { status, headers, ...onePiece(Buffer.from(text), invocation) };
  if (!response.body) {
    invocation.end();
    return { status, headers, ...NO_BODY };
  }
  const { next, cancel } = pieces(response.body, invocation);
  const first = await next();
  if (first === 'end') return { status, headers, ...NO_BODY };
  if (!(first instanceof Uint8Array)) return wholeAnswer(terminalErrorResponse(first, requestBody));

  const events = headers.get('content-type')?.startsWith('text/event-stream');
  let piece: Piece | undefined = first;
  return {
    status,
    headers,
    async next() {
      const given = piece ?? (await next());
      piece = given instanceof Uint8Array ? undefined : 'end';
      if (given instanceof Uint8Array) return given;
      return given !== 'end' && events ? terminalErrorEvents(given, requestBody) : undefined;
    },
    cancel,
  };
}

const NO_BODY: Pick<Answer, 'next' | 'cancel'> = {
  next: async () => undefined,
  cancel: async () => undefined,
};

/** A body that is there in full. */
function onePiece(bytes: Uint8Array, invocation: Invocation): Pick<Answer, 'next' | 'cancel'> {
  let given = false;
  return {
    async next() {
      if (given || bytes.length === 0) {
        invocation.end();
        return undefined;
      }
      given = true;
      invocation.watcher?.piece(bytes);
      return bytes;
    },
    async cancel() {
      invocation.end();
    },
  };
}

/** Of the last word. */
export function wholeAnswer(response: Response): Answer {
  let given = false;
  return {
    status: response.status,
    headers: response.headers,
    async next() {
      if (given) return undefined;
      given = true;
      return new Uint8Array(await response.arrayBuffer());
    },
    cancel: NO_BODY.cancel,
  };
}

/** Reads `body` piece by piece. Whatever becomes of the body, the reader is told and never thrown at. */
function pieces(body: ReadableStream<Uint8Array>, invocation: Invocation) {
  const reader = body.getReader();
  // A cancelled reader ends at once, so no piece is waited for after that.
  invocation.onAbort(why => reader.cancel(why).catch(brokenOff));

  return {
    async next(): Promise<Piece> {
      const read = await reader.read().catch(brokenOff);
      if ('value' in read && !read.done) {
        invocation.watcher?.piece(read.value);
        return read.value;
      }
      const { signal } = invocation;
      const why = 'code' in read ? read : signal.aborted ? (signal.reason as AbortReason) : undefined;
      invocation.end(why);
      return why ?? 'end';
    },
    async cancel(reason: unknown): Promise<void> {
      invocation.end();
      await reader.cancel(reason).catch(brokenOff);
    },
  };
}

/** In place: to make another Request of this one would copy its headers and wrap its body, on every call. */
function withSignal(request: Request, signal: AbortSignal): Request {
  return Object.defineProperty(request, 'signal', { value: signal });
}

/** Not `instanceof`: a route may answer with the Response of `fetch`, which is another class in the bundle. */
function isResponse(answer: Response | AbortReason): answer is Response {
  return 'status' in answer;
}

function abortReason(invocation: Invocation): Promise<AbortReason> {
  return new Promise(resolve => invocation.onAbort(resolve));
}

function brokenOff(error: unknown): AbortReason {
  console.error('An answer broke off', error);
  return BROKE_OFF;
}
