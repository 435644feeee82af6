/**
 * The only importer of hono/aws-lambda: a Lambda event in, a fetch-style app asked, the answer back as a buffered result
 * or a response stream. `@hono/aws-lambda`, its announced successor, will change one line.
 *
 * Its `streamHandle` is not used: it takes every body through three streams and an aborted signal, a fifth of a warm call.
 * Its `handle` makes the Request; response-stream.ts writes the answer.
 *
 * Before the adapter, the event is checked (event.ts); after it, every answer is guarded (guarded-fetch.ts).
 */

import type { Hono } from 'hono';
import { defaultIsContentTypeBinary, handle, type LambdaContext, type LambdaEvent } from 'hono/aws-lambda';
import { rememberText } from '../mcp/request-text.ts';
import { type EventProblem, eventProblem } from './event.ts';
import { type Answer, type Fetch, guardedAnswer, guardedFetch, wholeAnswer } from './guarded-fetch.ts';
import { beginInvocation, type Invocation } from './invocation.ts';
import { type ResponseStream, writeAnswer } from './response-stream.ts';

/** What the adapter hands to the app as its environment (Hono's `c.env`). */
export interface LambdaBindings {
  event: LambdaEvent;
  requestContext: unknown;
  /** The function context; the streaming adapter calls it `context`, the buffered one `lambdaContext`. */
  context?: LambdaContext;
  lambdaContext?: LambdaContext;
  /** Set here: what the request log watches. */
  invocation?: Invocation;
}

type BufferedHandler = (event: unknown, context?: LambdaContext) => Promise<unknown>;
type StreamingHandler = (event: unknown, responseStream: unknown, context: LambdaContext) => Promise<void>;

/** A handler for HTTP APIs, load balancers, buffered REST APIs and Function URLs with invoke mode BUFFERED. */
export function bufferedHandler(fetch: Fetch): BufferedHandler {
  const refusals: Refusals = new WeakMap();
  const adapted = handle(
    asHono(async function bufferedApp(request, env: LambdaBindings) {
      const { event, lambdaContext } = env;
      const app = refusing(fetch, refusals.get(event));
      const text = (): string | undefined => bodyText(event);
      rememberText(request, text);
      env.invocation = beginInvocation(lambdaContext);
      return guardedFetch(app, request, env, env.invocation, text);
    }),
    {
      // SSE is text. Base64 would be right too, but a client behind a front that does not decode it sees nothing else.
      isContentTypeBinary: type => !type.startsWith('text/') && defaultIsContentTypeBinary(type),
    },
  );
  return function buffered(event, context) {
    return adapted(servable(event, refusals), context);
  };
}

/** A handler for Function URLs and REST APIs that stream. Needs RIC's global `awslambda`. */
export function streamingHandler(fetch: Fetch): StreamingHandler {
  const refusals: Refusals = new WeakMap();
  const adapted = handle(
    asHono(async function streamingApp(request, { event, requestContext, lambdaContext }: Carried) {
      const { context, responseStream } = lambdaContext;
      const invocation = beginInvocation(context);
      const env: LambdaBindings = { event, requestContext, context, invocation };
      const app = refusing(fetch, refusals.get(event));
      const text = (): string | undefined => bodyText(event);
      rememberText(request, text);
      const answer = await guardedAnswer(app, request, env, invocation, text);
      await writeAnswer(answer, responseStream, request.method);
      return WRITTEN;
    }),
  );
  return async function stream(event, responseStream, context) {
    const carrier = { context, responseStream } as unknown as LambdaContext;
    const result = await adapted(servable(event, refusals), carrier);
    // The adapter has an answer of its own to what it cannot make a Request of.
    if (result.body !== WRITTEN_BODY)
      await writeAnswer(answerOf(result), responseStream as ResponseStream, '');
  };
}

/** What the adapter hands on, with the stream in its luggage. */
interface Carried extends Pick<LambdaBindings, 'event' | 'requestContext'> {
  lambdaContext: { context: LambdaContext; responseStream: ResponseStream };
}

/** For the adapter, which makes a result of it that nobody looks at. */
const WRITTEN_BODY = '(written)';
const WRITTEN = { status: 200, headers: new Map(), text: async () => WRITTEN_BODY } as unknown as Response;

function answerOf({ statusCode, body }: { statusCode: number; body: string }): Answer {
  return wholeAnswer(new Response(body, { status: statusCode }));
}

type Refusals = WeakMap<object, EventProblem>;

/** The app, or what refuses in its place. */
function refusing(fetch: Fetch, refused: EventProblem | undefined): Fetch {
  if (!refused) return fetch;
  return () => Response.json({ error: 'bad_event', message: refused.message }, { status: refused.status });
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

/** The adapter asks for a Hono app and calls nothing but `fetch`. */
function asHono<Env>(fetch: (request: Request, env: Env) => Promise<Response>): Hono {
  return { fetch } as unknown as Hono;
}
