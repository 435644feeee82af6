/**
 * The only importer of hono/aws-lambda: a Lambda event in, a fetch-style app asked, the answer back as a buffered result
 * or a response stream. `@hono/aws-lambda`, its announced successor, will change one line.
 *
 * Before the adapter, the event is checked (event.ts); after it, every answer is guarded (guarded-fetch.ts).
 */

import type { Hono } from 'hono';
import {
  defaultIsContentTypeBinary,
  handle,
  type LambdaContext,
  type LambdaEvent,
  streamHandle,
} from 'hono/aws-lambda';
import { type EventProblem, eventProblem } from './event.ts';
import { type Fetch, guardedFetch } from './guarded-fetch.ts';
import { beginInvocation } from './invocation.ts';

/** What the adapter hands to the app as its environment (Hono's `c.env`). */
export interface LambdaBindings {
  event: LambdaEvent;
  requestContext: unknown;
  /** The function context; the streaming adapter calls it `context`, the buffered one `lambdaContext`. */
  context?: LambdaContext;
  lambdaContext?: LambdaContext;
}

type BufferedHandler = (event: unknown, context?: LambdaContext) => Promise<unknown>;
type StreamingHandler = (event: unknown, responseStream: unknown, context: LambdaContext) => Promise<void>;

/** A handler for HTTP APIs, load balancers, buffered REST APIs and Function URLs with invoke mode BUFFERED. */
export function bufferedHandler(fetch: Fetch): BufferedHandler {
  const refusals: Refusals = new WeakMap();
  const adapted = handle(asHono(guarded(fetch, refusals)), {
    // SSE is text. Base64 would be right too, but a client behind a front that does not decode it sees nothing else.
    isContentTypeBinary: type => !type.startsWith('text/') && defaultIsContentTypeBinary(type),
  });
  return function buffered(event, context) {
    return adapted(servable(event, refusals), context);
  };
}

/** A handler for Function URLs and REST APIs that stream. Needs RIC's global `awslambda`. */
export function streamingHandler(fetch: Fetch): StreamingHandler {
  const refusals: Refusals = new WeakMap();
  const answer = guarded(fetch, refusals);
  const adapted = streamHandle(
    asHono(async (request, env) => withSomeBody(await answer(request, env), request)),
  );
  return function stream(event, responseStream, context) {
    // The adapter's type has the buffered handler's parameters; a streaming one is called with the stream in between.
    const call = adapted as unknown as StreamingHandler;
    return call(servable(event, refusals), responseStream, context);
  };
}

type Refusals = WeakMap<object, EventProblem>;

function guarded(
  fetch: Fetch,
  refusals: Refusals,
): (request: Request, env: LambdaBindings) => Promise<Response> {
  return async function guardedApp(request, env) {
    const refused = refusals.get(env.event);
    if (refused)
      return Response.json({ error: 'bad_event', message: refused.message }, { status: refused.status });
    const invocation = beginInvocation(env.context ?? env.lambdaContext);
    return guardedFetch(fetch, request, env, invocation, () => bodyText(env.event));
  };
}

/** The event itself, or one that the adapter can read in the place of one that it cannot, marked as refused. */
function servable(event: unknown, refusals: Refusals): LambdaEvent {
  const problem = eventProblem(event);
  if (!problem) return event as LambdaEvent;
  console.warn(`Refused an event: ${problem.message}`);
  const standIn = standInFor(event);
  refusals.set(standIn, problem);
  return standIn;
}

/** Keeps the kind of the event, since the kind decides the shape of the result. */
function standInFor(event: unknown): LambdaEvent {
  const given = event as { requestContext?: object; httpMethod?: string; multiValueHeaders?: object } | null;
  const context = given?.requestContext;
  const line = { path: '/', httpMethod: 'POST', headers: { host: 'refused.invalid' } };
  const multiValue = given?.multiValueHeaders ? { multiValueHeaders: { host: ['refused.invalid'] } } : {};
  if (typeof context === 'object' && context !== null && 'elb' in context)
    return { ...line, ...multiValue, requestContext: { elb: {} } } as unknown as LambdaEvent;
  if (typeof given?.httpMethod === 'string')
    return { ...line, ...multiValue, requestContext: {} } as unknown as LambdaEvent;
  const http = { method: 'POST', path: '/' };
  const v2 = { version: '2.0', rawPath: '/', rawQueryString: '', headers: line.headers };
  return { ...v2, requestContext: { http, domainName: 'refused.invalid' } } as unknown as LambdaEvent;
}

function bodyText({ body, isBase64Encoded }: LambdaEvent): string | undefined {
  if (!body) return undefined;
  return isBase64Encoded ? Buffer.from(body, 'base64').toString() : body;
}

/**
 * A streamed answer without a body has been seen to stay open for minutes behind a Function URL, so it gets a line end,
 * except where HTTP forbids one.
 */
function withSomeBody(response: Response, request: Request): Response {
  const forbidden = request.method === 'HEAD' || [204, 205, 304].includes(response.status);
  return response.body || forbidden ? response : new Response('\n', response);
}

/** The adapter asks for a Hono app and calls nothing but `fetch`. */
function asHono(fetch: (request: Request, env: LambdaBindings) => Promise<Response>): Hono {
  return { fetch } as unknown as Hono;
}
