/**
 * The Invoke API of Lambda for the local function, so that `aws lambda invoke --endpoint-url` and the AWS SDKs work here.
 *
 * https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html and API_InvokeWithResponseStream.html. As on Lambda, an invoker can
 * put any caller into an event. So the API has a separate port that is not published, and requires a signature with auth type
 * AWS_IAM. event-queue.ts handles event invocations.
 */
import { randomUUID } from 'node:crypto';
import type { HttpBindings } from '@hono/node-server';
import { Hono } from 'hono';
import { type Authorize, isRefused } from './endpoints/authorization.ts';
import { RequestTooLarge, readRequest } from './endpoints/request.ts';
import type { Invoked, Report } from './environment.ts';
import type { EventQueue } from './event-queue.ts';
import { MAX_EVENT, MAX_REQUEST } from './function-error.ts';
import { bufferedPayload } from './invocation-result.ts';
import { type InvokeRequest, type LocalFunction, newTraceId } from './local-function.ts';
import { foreignRequest } from './loopback-guard.ts';
import { streamOf } from './stream-of.ts';

export interface InvokeApiOptions {
  /** Verifies the signature. Absent if requests need no signature. */
  authorize?: Authorize | undefined;
  /** Queue of event invocations. */
  queue: EventQueue;
}

/** An error of the service, not of the function: status, exception name, message. */
type DenialReason = readonly [status: 400 | 403 | 404 | 413 | 429, type: string, message: string];

const VERSION = { 'x-amz-executed-version': '$LATEST' };

export function createInvokeApi(
  fn: LocalFunction,
  options: InvokeApiOptions,
): Hono<{ Bindings: HttpBindings }> {
  const api = new Hono<{ Bindings: HttpBindings }>();

  api.use(async function refuseForeign(c, next) {
    const foreign = foreignRequest(c.env.incoming.headers);
    return foreign === undefined ? next() : refuse([403, 'AccessDeniedException', foreign]);
  });
  api.post('/2015-03-31/functions/:name/invocations', async c => {
    const type = c.req.header('x-amz-invocation-type') ?? 'RequestResponse';
    const request = await read(fn, options, c.env.incoming, c.req.param('name'), type);
    if (request instanceof Response) return request;
    if (type === 'Event') return enqueued(request, options.queue);
    const started = await start(fn, request);
    if (started instanceof Response) return started;
    const { payload, error } = await bufferedPayload(started);
    const log =
      c.req.header('x-amz-log-type') === 'Tail' ? { 'x-amz-log-result': tail(await started.report) } : {};
    const failed = error && { 'x-amz-function-error': 'Unhandled' };
    const headers = {
      'content-type': 'application/json',
      ...VERSION,
      ...requestIdHeader(),
      ...failed,
      ...log,
    };
    return new Response(error ? error.body : new Uint8Array(payload), { headers });
  });

  api.post('/2021-11-15/functions/:name/response-streaming-invocations', async c => {
    const type = c.req.header('x-amz-invocation-type') ?? '';
    const request = await read(fn, options, c.env.incoming, c.req.param('name'), type);
    if (request instanceof Response) return request;
    const started = await start(fn, request);
    if (started instanceof Response) return started;
    const headers = {
      'content-type': 'application/vnd.amazon.eventstream',
      ...VERSION,
      ...requestIdHeader(),
    };
    const { response } = started;
    const over = (): void => (response.kind === 'streamed' ? response.discard() : undefined);
    return new Response(streamOf(eventStream(started), over), { headers });
  });

  api.all('*', c =>
    refuse([
      404,
      'UnknownOperationException',
      `${c.req.method} ${c.req.path} is not implemented by the local Lambda.`,
    ]),
  );
  return api;
}

async function start(fn: LocalFunction, request: InvokeRequest): Promise<Invoked | Response> {
  const invoked = await fn.invoke(request);
  return invoked === 'throttled' ? refuse([429, 'TooManyRequestsException', 'Rate Exceeded.']) : invoked;
}

/** Queues an event and returns 202 without waiting for it. A client context is for synchronous invocations only. */
function enqueued({ clientContext: _, ...request }: InvokeRequest, queue: EventQueue): Response {
  if (Buffer.byteLength(request.payload) > MAX_EVENT) return refuse(EVENT_TOO_LARGE);
  queue.add(request);
  return new Response(null, { status: 202, headers: { 'x-amzn-requestid': request.requestId } });
}

/** Returns the invocation that a request describes, or the response of the Lambda service that rejects the request. */
async function read(
  fn: LocalFunction,
  { authorize }: InvokeApiOptions,
  incoming: HttpBindings['incoming'],
  name: string,
  type: string,
): Promise<InvokeRequest | Response> {
  const { headers } = incoming;
  // A web page could put any caller into an event.
  if (headers.origin !== undefined)
    return refuse([403, 'AccessDeniedException', 'Requests from browsers are denied.']);
  const ids = { requestId: randomUUID(), traceId: String(headers['x-amzn-trace-id'] ?? newTraceId()) };
  const request = await readRequest(incoming as Parameters<typeof readRequest>[0], ids, MAX_REQUEST).catch(
    error => {
      if (!(error instanceof RequestTooLarge)) throw error;
      return undefined;
    },
  );
  if (!request) return refuse(TOO_LARGE);
  if (isRefused((await authorize?.(request)) ?? {}))
    return refuse(headers.authorization === undefined ? NOT_SIGNED : BADLY_SIGNED);
  if (!fn.isNamed(name))
    return refuse([
      404,
      'ResourceNotFoundException',
      `Function not found: ${name}. The local function is ${fn.arn}`,
    ]);
  if (type === 'DryRun') return new Response(null, { status: 204, headers: requestIdHeader() });
  const problem = jsonProblem(request.body);
  if (problem)
    return refuse([
      400,
      'InvalidRequestContentException',
      `Could not parse request body into json: ${problem}`,
    ]);
  const context = headers['x-amz-client-context'];
  const clientContext = context === undefined ? undefined : clientContextOf(String(context));
  if (clientContext === 'malformed') return refuse(BAD_CONTEXT);
  const tenant = headers['x-amz-tenant-id'];
  const tenantId = tenant === undefined ? undefined : String(tenant);
  const tenantProblem = fn.tenantProblem(tenantId);
  if (tenantProblem) return refuse([400, 'InvalidParameterValueException', tenantProblem]);
  const payload = request.body.length > 0 ? request.body : '{}';
  return { ...ids, payload, clientContext, tenantId };
}

const TOO_LARGE: DenialReason = [
  413,
  'RequestTooLargeException',
  `Request must be smaller than ${MAX_REQUEST} bytes for the InvokeFunction operation`,
];
const EVENT_TOO_LARGE: DenialReason = [
  413,
  'RequestTooLargeException',
  `Request must be smaller than ${MAX_EVENT} bytes for the InvokeFunction operation`,
];
const NOT_SIGNED: DenialReason = [403, 'MissingAuthenticationTokenException', 'Missing Authentication Token'];
const BADLY_SIGNED: DenialReason = [
  403,
  'InvalidSignatureException',
  'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method.',
];
const BAD_CONTEXT: DenialReason = [
  400,
  'InvalidRequestContentException',
  'The client context must be the base64 of a JSON object.',
];

/**
 * Returns the context for a header of the Runtime API: JSON on one line with non-ASCII characters escaped, which parses to the
 * same value.
 */
function clientContextOf(base64: string): string | 'malformed' {
  try {
    const context: unknown = JSON.parse(Buffer.from(base64, 'base64').toString());
    if (typeof context !== 'object' || context === null || Array.isArray(context)) return 'malformed';
    return JSON.stringify(context).replace(
      /[^\x20-\x7e]/g,
      unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
    );
  } catch {
    return 'malformed';
  }
}

/** Yields `PayloadChunk` events and a last `InvokeComplete`, in vnd.amazon.eventstream framing. */
async function* eventStream({ response, report }: Invoked): AsyncGenerator<Uint8Array> {
  const { EventStreamCodec } = await import('@smithy/core/event-streams');
  const codec = new EventStreamCodec(
    bytes => (typeof bytes === 'string' ? bytes : Buffer.from(bytes).toString()),
    text => Buffer.from(text),
  );
  const frame = (event: string, contentType: string, body: Uint8Array): Uint8Array =>
    codec.encode({
      headers: {
        ':message-type': { type: 'string', value: 'event' },
        ':event-type': { type: 'string', value: event },
        ':content-type': { type: 'string', value: contentType },
      },
      body,
    });
  const chunks =
    response.kind === 'streamed' ? response.body : response.kind === 'buffered' ? [response.body] : [];
  for await (const chunk of chunks) yield frame('PayloadChunk', 'application/octet-stream', chunk);
  const { error } = await report;
  const complete = {
    ...(error && { ErrorCode: error.type, ErrorDetails: error.body }),
    LogResult: tail(await report),
  };
  yield frame('InvokeComplete', 'application/json', Buffer.from(JSON.stringify(complete)));
}

function tail({ logTail }: Report): string {
  return Buffer.from(logTail).toString('base64');
}

function jsonProblem(payload: Buffer): string | undefined {
  if (payload.length === 0) return undefined;
  try {
    JSON.parse(payload.toString());
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

function refuse([status, type, message]: DenialReason): Response {
  const headers = { 'x-amzn-errortype': type, ...requestIdHeader() };
  return Response.json({ Type: 'User', Message: message, message }, { status, headers });
}

function requestIdHeader(): { 'x-amzn-requestid': string } {
  return { 'x-amzn-requestid': randomUUID() };
}
