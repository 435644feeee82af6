/**
 * Lambda's own Invoke API over the function, so that `aws lambda invoke --endpoint-url` and the AWS SDKs work here.
 *
 * https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html and API_InvokeWithResponseStream.html. Signatures are
 * not checked, and an event invocation is run once, without the retries and destinations of the service.
 */
import { randomUUID } from 'node:crypto';
import { Hono } from 'hono';
import type { Invoked, Report } from './environment.ts';
import {
  type FunctionError,
  MAX_BUFFERED_RESPONSE,
  MAX_REQUEST,
  responseTooLarge,
} from './function-error.ts';
import { type LocalFunction, newTraceId } from './local-function.ts';

/** An error of the service, not of the function: status, exception name, message. */
type Refusal = readonly [status: 400 | 403 | 404 | 413 | 429, type: string, message: string];

const VERSION = { 'x-amz-executed-version': '$LATEST' };

export function createInvokeApi(fn: LocalFunction): Hono {
  const api = new Hono();

  api.post('/2015-03-31/functions/:name/invocations', async c => {
    const type = c.req.header('x-amz-invocation-type') ?? 'RequestResponse';
    const started = await start(fn, c.req.raw, c.req.param('name'), type);
    if (started instanceof Response) return started;
    const whole = wholeAnswer(started);
    if (type === 'Event') return new Response(null, { status: 202, headers: requestIdHeader() });
    const { payload, error } = await whole;
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
    const started = await start(
      fn,
      c.req.raw,
      c.req.param('name'),
      c.req.header('x-amz-invocation-type') ?? '',
    );
    if (started instanceof Response) return started;
    const headers = {
      'content-type': 'application/vnd.amazon.eventstream',
      ...VERSION,
      ...requestIdHeader(),
    };
    return new Response(ReadableStream.from(eventStream(started)), { headers });
  });

  return api;
}

/** Invokes the function as the request says, or answers in the service's own words. */
async function start(
  fn: LocalFunction,
  request: Request,
  name: string,
  type: string,
): Promise<Invoked | Response> {
  // A page in a browser has no business here: it could put any caller into an event.
  if (request.headers.has('origin'))
    return refuse([403, 'AccessDeniedException', 'Requests from browsers are refused.']);
  if (!fn.isNamed(decodeURIComponent(name))) {
    return refuse([
      404,
      'ResourceNotFoundException',
      `Function not found: ${decodeURIComponent(name)}; here is ${fn.arn}`,
    ]);
  }
  if (type === 'DryRun') return new Response(null, { status: 204, headers: requestIdHeader() });
  const payload = Buffer.from(await request.arrayBuffer());
  if (payload.length > MAX_REQUEST) {
    const message = `Request must be smaller than ${MAX_REQUEST} bytes for the InvokeFunction operation`;
    return refuse([413, 'RequestTooLargeException', message]);
  }
  const problem = jsonProblem(payload);
  if (problem)
    return refuse([
      400,
      'InvalidRequestContentException',
      `Could not parse request body into json: ${problem}`,
    ]);
  const context = request.headers.get('x-amz-client-context');
  const invoked = await fn.invoke({
    requestId: randomUUID(),
    traceId: request.headers.get('x-amzn-trace-id') ?? newTraceId(),
    payload: payload.length > 0 ? payload : '{}',
    clientContext: context ? Buffer.from(context, 'base64').toString() : undefined,
  });
  return invoked === 'throttled' ? refuse([429, 'TooManyRequestsException', 'Rate Exceeded.']) : invoked;
}

async function wholeAnswer({
  answer,
}: Invoked): Promise<{ payload: Buffer; error?: FunctionError | undefined }> {
  if (answer.kind === 'error') return { payload: Buffer.alloc(0), error: answer.error };
  if (answer.kind === 'buffered') return { payload: answer.body };
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of answer.body) {
    bytes += chunk.length;
    if (bytes <= MAX_BUFFERED_RESPONSE) chunks.push(chunk);
  }
  const error = bytes > MAX_BUFFERED_RESPONSE ? responseTooLarge(bytes) : await answer.ended;
  return { payload: Buffer.concat(chunks), error };
}

/** `PayloadChunk` events and a last `InvokeComplete`, in vnd.amazon.eventstream framing. */
async function* eventStream({ answer, report }: Invoked): AsyncGenerator<Uint8Array> {
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
  const chunks = answer.kind === 'streamed' ? answer.body : answer.kind === 'buffered' ? [answer.body] : [];
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

function refuse([status, type, message]: Refusal): Response {
  const headers = { 'x-amzn-errortype': type, ...requestIdHeader() };
  return Response.json({ Type: 'User', Message: message, message }, { status, headers });
}

function requestIdHeader(): { 'x-amzn-requestid': string } {
  return { 'x-amzn-requestid': randomUUID() };
}
