/**
 * The only importer of hono/aws-lambda. Turns a Lambda event into a fetch Request, asks the app, and returns the answer as a
 * buffered result or writes it to the response stream.
 *
 * hono's own `streamHandle` is not used: it copies every body through three streams, a fifth of the CPU of a warm call.
 */
import type { Hono } from 'hono';
import { defaultIsContentTypeBinary, handle, type LambdaContext, type LambdaEvent } from 'hono/aws-lambda';
import { setKnownBody } from '../mcp/request-body.ts';
import { beginInvocation, type Invocation } from './invocation.ts';
import { type Fetch, guardedFetch, guardedResponse, wholeAnswer } from './response-guard.ts';
import { type ResponseStream, writeAnswer } from './response-stream.ts';
import { type EventProblem, validateEvent } from './validate-event.ts';

/** What the app gets as its environment (Hono's `c.env`). */
export interface LambdaBindings {
  event: LambdaEvent;
  requestContext: unknown;
  context?: LambdaContext;
  /** Set by the buffered handler in place of `context`, as hono/aws-lambda does. */
  lambdaContext?: LambdaContext;
  invocation?: Invocation;
}

type BufferedHandler = (event: unknown, context?: LambdaContext) => Promise<unknown>;
type StreamingHandler = (event: unknown, responseStream: unknown, context: LambdaContext) => Promise<void>;

/** A handler for HTTP APIs, load balancers, buffered REST APIs and Function URLs with invoke mode BUFFERED. */
export function bufferedHandler(fetch: Fetch): BufferedHandler {
  const adapted = handle(
    asHono(async (request, env: LambdaBindings) => {
      const body = () => bodyText(env.event);
      setKnownBody(request, body);
      env.invocation = beginInvocation(env.lambdaContext);
      return guardedFetch(fetch, request, env, env.invocation, body);
    }),
    // SSE is text. Base64 would be valid too, but a client behind an endpoint that does not decode it could not read it.
    { isContentTypeBinary: type => !type.startsWith('text/') && defaultIsContentTypeBinary(type) },
  );
  return async function buffered(event, context) {
    const problem = validateEvent(event);
    return problem ? bufferedRefusal(event, problem) : adapted(event as LambdaEvent, context);
  };
}

/** A handler for Function URLs and REST APIs that stream. Needs the global `awslambda` of the Runtime Interface Client. */
export function streamingHandler(fetch: Fetch): StreamingHandler {
  return async function stream(event, responseStream, context) {
    const out = responseStream as ResponseStream;
    const problem = validateEvent(event);
    if (problem) return writeAnswer(wholeAnswer(refusal(problem)), out, '');
    const { request, requestContext } = await requestOf(event as LambdaEvent);
    const body = () => bodyText(event as LambdaEvent);
    setKnownBody(request, body);
    const invocation = beginInvocation(context);
    const env: LambdaBindings = { event: event as LambdaEvent, requestContext, context, invocation };
    return writeAnswer(await guardedResponse(fetch, request, env, invocation, body), out, request.method);
  };
}

/** hono/aws-lambda exports no event-to-Request function; its `handle` passes the Request to the app, so the app hands it back. */
async function requestOf(event: LambdaEvent): Promise<{ request: Request; requestContext: unknown }> {
  let made: { request: Request; requestContext: unknown } | undefined;
  await handle(
    asHono(async (request, { requestContext }: LambdaBindings) => {
      made = { request, requestContext };
      return new Response('');
    }),
  )(event);
  if (!made) throw new Error('hono/aws-lambda made no Request of an event that validateEvent() accepted.');
  return made;
}

function refusal({ message, status }: EventProblem): Response {
  console.warn(`Refused an event: ${message}`);
  return Response.json({ error: 'bad_event', message }, { status });
}

/** Load balancers with multi-value headers read no other. */
async function bufferedRefusal(event: unknown, problem: EventProblem): Promise<object> {
  const response = refusal(problem);
  const { multiValueHeaders } = (event ?? {}) as { multiValueHeaders?: unknown };
  const headers = multiValueHeaders
    ? { multiValueHeaders: { 'content-type': ['application/json'] } }
    : { headers: { 'content-type': 'application/json' } };
  return { statusCode: response.status, ...headers, body: await response.text(), isBase64Encoded: false };
}

function bodyText({ body, isBase64Encoded }: LambdaEvent): string | undefined {
  if (!body) return undefined;
  return isBase64Encoded ? Buffer.from(body, 'base64').toString() : body;
}

/** hono/aws-lambda takes a Hono app and calls nothing of it but `fetch`. */
function asHono<Env>(fetch: (request: Request, env: Env) => Promise<Response>): Hono {
  return { fetch } as unknown as Hono;
}
