/**
 * The only importer of hono/aws-lambda: turns a Lambda event into a fetch Request, and a response into the result object of a
 * buffered invocation. Its announced successor, `@hono/aws-lambda`, will change only this file.
 *
 * Not here: validation of the event (validate-event.ts), the response stream (response-stream.ts). Hono's own `streamHandle`
 * is not used: it copies every body through three streams, which takes a fifth of the CPU time of a warm call.
 */
import type { Hono } from 'hono';
import { defaultIsContentTypeBinary, handle, type LambdaEvent } from 'hono/aws-lambda';
import { endpointContext } from '../endpoint-context.ts';
import { setKnownBody } from '../mcp/request-body.ts';
import type { Invocation, LambdaBindings, LambdaContext } from '../types.ts';
import { type EventProblem, hostOf, kindOf } from './validate-event.ts';

/** A request, ready for the app. */
export interface AdaptedRequest {
  request: Request;
  /** Hono's `c.env`. */
  bindings: LambdaBindings;
  /** Returns the body as text; undefined if there is none. */
  body: () => string | undefined;
}

/** Converts an event that {@link validateEvent} has accepted. */
export async function adaptRequest(
  event: unknown,
  context: LambdaContext | undefined,
  invocation: Invocation,
): Promise<AdaptedRequest> {
  const request = await requestOf(readable(event as LambdaEvent));
  const body = (): string | undefined => bodyText(event as LambdaEvent);
  setKnownBody(request, body);
  const { requestContext } = event as { requestContext: unknown };
  const endpoint = endpointContext(request, event);
  return { request, body, bindings: { event, requestContext, context, endpoint, invocation } };
}

/** Returns the event in the form that hono/aws-lambda expects. */
function readable(event: LambdaEvent): LambdaEvent {
  return withHost(isLattice(event) ? withQuery(event) : withoutStage(event));
}

/**
 * Removes the stage from the path. An HTTP API with a named stage has it in the path, except behind a custom domain: there `/mcp` is
 * the path of the server, even if the stage is called `mcp`.
 */
function withoutStage(event: LambdaEvent): LambdaEvent {
  const { rawPath, requestContext } = event as { rawPath?: string; requestContext: object };
  const { stage, domainName } = requestContext as { stage?: unknown; domainName?: unknown };
  if (typeof rawPath !== 'string' || typeof stage !== 'string' || stage === '$default') return event;
  if (!`${rawPath}/`.startsWith(`/${stage}/`)) return event;
  const rest = rawPath.slice(stage.length + 1);
  const isRoot = rest === '' || rest === '/';
  if (isRoot && !(typeof domainName === 'string' && domainName.includes('.execute-api.'))) return event;
  return { ...event, rawPath: rest || '/' } as LambdaEvent;
}

/** Adds a Host header if there is none, as in health checks of load balancers and VPC Lattice. */
function withHost(event: LambdaEvent): LambdaEvent {
  if (hostOf(event) !== undefined) return event;
  const { headers, multiValueHeaders } = event as { headers?: object; multiValueHeaders?: object };
  return {
    ...event,
    headers: { ...headers, host: isLattice(event) ? [NO_HOST] : NO_HOST },
    ...(multiValueHeaders && { multiValueHeaders: { ...multiValueHeaders, host: [NO_HOST] } }),
  } as LambdaEvent;
}

/** Adds the query of VPC Lattice to the path, where hono/aws-lambda reads it. */
function withQuery(event: LambdaEvent): LambdaEvent {
  const { path, queryStringParameters } = event as { path: string; queryStringParameters?: object };
  if (path.includes('?')) return event;
  const entries = Object.entries(queryStringParameters ?? {}) as [string, string | string[] | null][];
  const pairs = entries.flatMap(([name, values]) =>
    [values ?? []].flat().map((value): [string, string] => [name, value]),
  );
  return pairs.length > 0
    ? ({ ...event, path: `${path}?${new URLSearchParams(pairs)}` } as LambdaEvent)
    : event;
}

function isLattice(event: LambdaEvent): boolean {
  return kindOf(event as never, event.requestContext as never) === 'lattice';
}

/** Replaces a missing host. RFC 6761 reserves the name, so no server can have it. */
const NO_HOST = 'no-host.invalid';

const NOT_CONVERTED = 'hono/aws-lambda made no Request of an event that validateEvent() accepted.';

/**
 * Converts an event into a Request. hono/aws-lambda does not export this conversion, so an app captures the Request from its
 * `handle`.
 */
async function requestOf(event: LambdaEvent): Promise<Request> {
  return new Promise((resolve, reject) => {
    const app = asHono(request => {
      resolve(request);
      return new Promise(() => undefined); // Never resolves, so that no result object is created.
    });
    handle(app)(event).then(() => reject(new Error(NOT_CONVERTED)), reject);
  });
}

/** Converts a response into the result object that the endpoint of `event` expects. */
export async function bufferedResult(event: unknown, response: Response): Promise<unknown> {
  return handle(
    asHono(async () => response),
    // SSE is text. Base64 would be valid too, but a client behind an endpoint that does not decode it could not read it.
    { isContentTypeBinary: type => !type.startsWith('text/') && defaultIsContentTypeBinary(type) },
  )(event as LambdaEvent);
}

/** Logs the problem of an event and returns the response to it. */
export function rejection({ message, status }: EventProblem): Response {
  console.warn(`Rejected an event: ${message}`);
  return Response.json({ error: 'bad_event', message }, { status });
}

/** Returns the result object for an invalid event. Load balancers with multi-value headers require `multiValueHeaders`. */
export async function bufferedRejection(event: unknown, response: Response): Promise<object> {
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

/** Returns `fetch` as a Hono app, of which hono/aws-lambda calls nothing else. */
function asHono(fetch: (request: Request) => Promise<Response>): Hono {
  return { fetch } as unknown as Hono;
}
