/**
 * The HTTP side of the local Lambda: a request in, the event of the chosen front to the function, its answer back as
 * that front gives it. Statuses and bodies of every failure are the front's (fronts.ts).
 */
import { randomUUID } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import type { HttpBindings } from '@hono/node-server';
import type { Invoked } from '../environment.ts';
import { MAX_BUFFERED_RESPONSE, MAX_REQUEST, MAX_STREAMED_RESPONSE } from '../function-error.ts';
import { type LocalFunction, newTraceId } from '../local-function.ts';
import type { Log } from '../log.ts';
import type { StreamedAnswer } from '../runtime-api.ts';
import { streamOf } from '../stream-of.ts';
import type { HttpAnswer } from './buffered-result.ts';
import { jsonRpcCall } from './call-name.ts';
import { type Failure, FRONTS, type Front, type FrontName, type InvokeMode } from './fronts.ts';
import type { EventContext, IamIdentity } from './function-url.ts';
import { PRELUDE_CONTENT_TYPE, splitPrelude } from './prelude.ts';
import { RequestTooLarge, readRequest, type WireRequest } from './request.ts';
import { throughFront } from './response-headers.ts';

export interface FrontOptions {
  front: FrontName;
  invokeMode: InvokeMode;
  domainName?: string | undefined;
  /** Checks who signed the request; `'forbidden'` when nobody did, or not rightly. Absent: auth type NONE. */
  authorize?: ((request: WireRequest) => Promise<IamIdentity | 'forbidden'>) | undefined;
}

/** An answer on its way out: the body may still be coming. */
interface Outgoing {
  status: number;
  headers: [string, string][];
  body: Buffer | AsyncIterable<Buffer>;
}

export function createFront(fn: Pick<LocalFunction, 'invoke'>, options: FrontOptions, log: Log) {
  const front = FRONTS[options.front];
  const streaming = front.streams && options.invokeMode === 'RESPONSE_STREAM';

  return async function serveFront(incoming: HttpBindings['incoming']): Promise<Response> {
    const started = performance.now();
    const requestId = randomUUID();
    const traceId = String(incoming.headers['x-amzn-trace-id'] ?? newTraceId());
    const { request, failed, invoked } = await admit(incoming, { requestId, traceId });
    const added: [string, string][] = [
      ['x-amzn-requestid', requestId],
      ['x-amzn-trace-id', traceId],
    ];
    const call = request && jsonRpcCall(request);
    const line = { requestId, method: incoming.method ?? '', path: incoming.url ?? '', call };
    /** Called once, when the last byte is out or the caller has left: lets go of the environment. */
    const over = (status: number): void => {
      const duration = performance.now() - started;
      if (invoked?.answer.kind === 'streamed') invoked.answer.discard();
      void Promise.resolve(invoked?.report).then(report =>
        log.request({ ...line, status, duration, cold: report?.initDuration !== undefined }),
      );
    };
    try {
      const outgoing = failed ? failure(front, failed) : await answerOf(front, invoked, streaming, log);
      return toResponse(outgoing, added, over);
    } catch (error) {
      // For example a header with a line end in it.
      log.note(`The answer of the function is malformed: ${(error as Error).message}`);
      return toResponse(failure(front, 'fault'), added, over);
    }
  };

  /** Reads the request, checks who sends it, and invokes the function with its event. */
  async function admit(
    incoming: HttpBindings['incoming'],
    ids: { requestId: string; traceId: string },
  ): Promise<
    | { request?: WireRequest; failed?: Failure; invoked?: undefined }
    | { request: WireRequest; failed?: undefined; invoked: Invoked }
  > {
    let request: WireRequest;
    try {
      request = await readRequest(incoming as Parameters<typeof readRequest>[0], ids, MAX_REQUEST);
    } catch (error) {
      if (error instanceof RequestTooLarge) return { failed: 'tooLarge' };
      throw error;
    }
    const context: EventContext = { domainName: options.domainName };
    const identity = await options.authorize?.(request);
    if (identity === 'forbidden') return { request, failed: 'forbidden' };
    const payload = Buffer.from(JSON.stringify(front.event(request, { ...context, identity })));
    if (payload.length > MAX_REQUEST) return { request, failed: 'tooLarge' };
    const invoked = await fn.invoke({ requestId: ids.requestId, traceId: ids.traceId, payload });
    return invoked === 'throttled' ? { request, failed: 'throttled' } : { request, invoked };
  }
}

async function answerOf(
  front: Front,
  invoked: Invoked | undefined,
  streaming: boolean,
  log: Log,
): Promise<Outgoing> {
  const answer = invoked?.answer;
  if (!answer) return failure(front, 'fault');
  if (answer.kind === 'error')
    return failure(front, answer.error.type === 'Sandbox.Timeout' ? 'timeout' : 'fault');
  if (answer.kind === 'buffered') {
    // A streaming front does not interpret what a buffered handler returns: the caller gets it as it is.
    if (streaming) return { status: 200, headers: [['content-type', answer.contentType]], body: answer.body };
    return through(front.answer(answer.body)) ?? failure(front, 'fault');
  }
  if (streaming) return streamedAnswer(front, answer);
  log.note('A streaming handler behind a front that does not stream: deploy handler.buffered there.');
  const whole = await collect(answer.body, MAX_BUFFERED_RESPONSE);
  return (whole && !(await answer.ended) && through(front.answer(whole))) || failure(front, 'fault');
}

async function streamedAnswer(front: Front, answer: StreamedAnswer): Promise<Outgoing> {
  if (answer.contentType === PRELUDE_CONTENT_TYPE) {
    const split = await splitPrelude(answer.body);
    if (!split) return failure(front, 'fault');
    const { statusCode, headers, cookies } = split.prelude;
    const lines = [
      ...throughFront(Object.entries(headers)),
      ...cookies.map(c => ['set-cookie', c] as [string, string]),
    ];
    return { status: statusCode, headers: lines, body: upTo(split.rest, MAX_STREAMED_RESPONSE) };
  }
  // Before the first byte an error is still the whole answer; after it the stream just ends.
  const source = answer.body[Symbol.asyncIterator]();
  const first = await source.next();
  if (first.done && (await answer.ended)) return failure(front, 'fault');
  const rest = { [Symbol.asyncIterator]: () => source };
  const body = first.done ? Buffer.alloc(0) : upTo(prepend(first.value, rest), MAX_STREAMED_RESPONSE);
  return { status: 200, headers: [['content-type', answer.contentType]], body };
}

function failure(front: Front, kind: Failure): Outgoing {
  return front.failures[kind];
}

function through(answer: HttpAnswer | undefined): Outgoing | undefined {
  return answer && { ...answer, headers: throughFront(answer.headers) };
}

const NO_BODY = new Set([204, 205, 304]);

/** Throws, without having called `over`, for what HTTP does not allow. */
function toResponse(
  { status, headers, body }: Outgoing,
  added: [string, string][],
  over: (status: number) => void,
): Response {
  const all = new Headers([...headers, ...added]);
  const whole = NO_BODY.has(status) ? null : Buffer.isBuffer(body) ? new Uint8Array(body) : undefined;
  const response = new Response(
    whole === undefined ? streamOf(body as AsyncIterable<Buffer>, () => over(status)) : whole,
    { status, headers: all },
  );
  if (whole !== undefined) over(status);
  return response;
}

async function* prepend(first: Buffer, rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield first;
  yield* rest;
}

/** The chunks up to `limit` bytes; a streamed answer is cut there. */
async function* upTo(chunks: AsyncIterable<Buffer>, limit: number): AsyncGenerator<Buffer> {
  let left = limit;
  for await (const chunk of chunks) {
    yield chunk.length > left ? chunk.subarray(0, left) : chunk;
    left -= chunk.length;
    if (left <= 0) return;
  }
}

/** All chunks as one buffer, or undefined when they come to more than `limit` bytes. Takes them all either way. */
async function collect(chunks: AsyncIterable<Buffer>, limit: number): Promise<Buffer | undefined> {
  const kept: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes <= limit) kept.push(chunk);
  }
  return bytes <= limit ? Buffer.concat(kept) : undefined;
}
