/**
 * Stands between hono/aws-lambda and the app and sees to it that every answer ends well: within the deadline, with
 * status and headers even when the body is empty, and never by an error inside a response stream, which would end the
 * process (hono/aws-lambda with RIC 4: the destroyed response stream becomes an unhandled rejection).
 */
import type { Invocation } from './invocation.ts';
import { type GivenUp, lastWordEvents, lastWordResponse } from './last-word.ts';

/** The app, as far as this file needs it. */
export type Fetch = (request: Request, env: object) => Response | Promise<Response>;

/** A piece of a body, its proper end, or the reason why there is no more. */
type Piece = Uint8Array | 'end' | GivenUp;

const BROKE_OFF: GivenUp = {
  code: -32603,
  message:
    'Internal error: the server could not finish this answer. Its log says why; trying again may help.',
};

/**
 * Answers `request` by `fetch` under `invocation`, which ends with the answer's last byte. Never rejects, and neither
 * does the body. `requestBody` gives what the caller sent, for the ids that a last word must carry.
 */
export async function guardedFetch(
  fetch: Fetch,
  request: Request,
  env: object,
  invocation: Invocation,
  requestBody: () => string | undefined,
): Promise<Response> {
  const { signal } = invocation;
  const answer = (async () => fetch(withSignal(request, signal), env))();
  const response = await Promise.race([answer, givenUp(signal)]).catch(brokenOff);
  if (isResponse(response) && !signal.aborted) return guardBody(response, invocation, requestBody);
  answer.then(late => late.body?.cancel()).catch(brokenOff);
  const why: GivenUp = isResponse(response) ? signal.reason : response;
  invocation.end(why);
  return lastWordResponse(why, requestBody);
}

async function guardBody(
  response: Response,
  invocation: Invocation,
  requestBody: () => string | undefined,
): Promise<Response> {
  if (!response.body) {
    invocation.end();
    return response;
  }
  const { next, cancel } = pieces(response.body, invocation);
  const first = await next();
  if (first === 'end') return new Response(null, response); // An empty stream would lose status and headers on the way.
  if (!(first instanceof Uint8Array)) return lastWordResponse(first, requestBody);

  const events = response.headers.get('content-type')?.startsWith('text/event-stream');
  let piece: Piece | undefined = first;
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      piece ??= await next();
      if (piece instanceof Uint8Array) controller.enqueue(piece);
      else {
        if (piece !== 'end' && events) controller.enqueue(lastWordEvents(piece, requestBody));
        controller.close();
      }
      piece = undefined;
    },
    cancel,
  });
  return new Response(body, response);
}

/** Reads `body` piece by piece. Whatever becomes of the body, the reader is told and never thrown at. */
function pieces(body: ReadableStream<Uint8Array>, invocation: Invocation) {
  const { signal } = invocation;
  const reader = body.getReader();
  // A cancelled reader ends at once, so no piece is waited for after the signal.
  signal.addEventListener('abort', () => reader.cancel(signal.reason).catch(brokenOff), { once: true });

  return {
    async next(): Promise<Piece> {
      const read = await reader.read().catch(brokenOff);
      if ('value' in read && !read.done) {
        invocation.watcher?.piece(read.value);
        return read.value;
      }
      const why = 'code' in read ? read : signal.aborted ? (signal.reason as GivenUp) : undefined;
      invocation.end(why);
      return why ?? 'end';
    },
    /** The taker has left. */
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
function isResponse(answer: Response | GivenUp): answer is Response {
  return 'status' in answer;
}

function givenUp(signal: AbortSignal): Promise<GivenUp> {
  return new Promise(resolve => {
    signal.addEventListener('abort', () => resolve(signal.reason), { once: true });
  });
}

function brokenOff(error: unknown): GivenUp {
  console.error('An answer broke off', error);
  return BROKE_OFF;
}
