/**
 * The HTTP side of the local Lambda: converts a request into the event of the chosen endpoint, invokes the function, and converts its
 * response by the rules of that endpoint. endpoints.ts has statuses and bodies of failures.
 */
import { randomUUID } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import type { HttpBindings } from '@hono/node-server';
import type { Invoked } from '../environment.ts';
import { MAX_BUFFERED_RESPONSE, MAX_REQUEST, MAX_STREAMED_RESPONSE } from '../function-error.ts';
import { type InvokeRequest, type LocalFunction, newTraceId } from '../local-function.ts';
import type { Log } from '../log.ts';
import type { Isolation } from '../options.ts';
import type { StreamedResponse } from '../runtime-api.ts';
import { streamOf } from '../stream-of.ts';
import { type Authorize, type Authorized, isRefused } from './authorization.ts';
import type { HttpResponse } from './buffered-result.ts';
import { ENDPOINTS, type Endpoint, type EndpointType, type Failure, type InvokeMode } from './endpoints.ts';
import { hostOf } from './function-url.ts';
import { jsonRpcCall } from './json-rpc-label.ts';
import { PRELUDE_CONTENT_TYPE, splitPrelude } from './prelude.ts';
import { RequestTooLarge, readRequest, type WireRequest } from './request.ts';
import { remapHeaders } from './response-headers.ts';
import { createThrottle, type Throttle } from './throttle.ts';

export interface EndpointOptions {
  endpoint: EndpointType;
  invokeMode: InvokeMode;
  /** Custom domain. With it, the stage of API Gateway is not in the path. */
  domainName?: string | undefined;
  /** Name of the stage, for API Gateway. @default '$default' */
  stage?: string | undefined;
  /** Authenticates requests. Absent: no authentication. */
  authorize?: Authorize | undefined;
  /** Throttling of the stage, for API Gateway. */
  throttle?: Throttle | undefined;
  /** Time that it waits for a complete response, in seconds. @default the endpoint's own limit */
  timeoutSeconds?: number | undefined;
  /**
   * `WWW-Authenticate` of a REST API's 401, which gateway responses can set and a function cannot. `{url}` is replaced by the URL of
   * the stage. Absent: the default of API Gateway, a 401 or 403 without the header.
   */
  challenge?: string | undefined;
  /** `per-caller`: the integration passes the tenant ID that the authorizer returned to Lambda. @default 'shared' */
  isolation?: Isolation | undefined;
}

/** The tenant ID of requests that are allowed without authorization, as the modules of terraform/ set it. */
const OPEN_TENANT = 'open';

/** A response that is being sent; the body may be a stream. */
interface Outgoing {
  status: number;
  headers: [string, string][];
  body: Buffer | AsyncIterable<Buffer>;
}

type DenialReason = Failure | HttpResponse;
type AdmissionResult =
  | { request?: WireRequest; refused: DenialReason }
  | { request: WireRequest; payload: Buffer; tenantId: string | undefined };
/** A response, and the invocation that it comes from, if there was one. */
type EndpointResponse = { outgoing: Outgoing; invoked?: Invoked };
interface Ids {
  requestId: string;
  traceId: string;
}

export function createEndpoint(
  fn: Pick<LocalFunction, 'invoke' | 'tenantProblem'>,
  options: EndpointOptions,
  log: Log,
) {
  const endpoint = ENDPOINTS[options.endpoint];
  const streaming = endpoint.streams && options.invokeMode === 'RESPONSE_STREAM';
  const { stage = '$default', domainName, authorize, isolation = 'shared' } = options;
  const stageInPath = options.endpoint === 'rest-api' && stage !== '$default' && !domainName;
  const admits = options.throttle && createThrottle(options.throttle);
  const timeoutSeconds =
    options.timeoutSeconds ?? (streaming ? endpoint.timeout.streamed : endpoint.timeout.whole);

  return async function serveEndpoint(incoming: HttpBindings['incoming']): Promise<Response> {
    const started = performance.now();
    const ids = {
      requestId: randomUUID(),
      traceId: String(incoming.headers['x-amzn-trace-id'] ?? newTraceId()),
    };
    const admitted = await admit(incoming, ids);
    const { request } = admitted;
    const { outgoing, invoked }: EndpointResponse =
      'refused' in admitted
        ? { outgoing: refusal(admitted.refused, request) }
        : await respondInTime(admitted, ids);
    const call = request && jsonRpcCall(request);
    const line = { requestId: ids.requestId, method: incoming.method ?? '', path: incoming.url ?? '', call };
    /** Called once, after the last byte or when the caller has disconnected. Discards the rest and logs the request. */
    const over = (status: number): void => {
      const duration = performance.now() - started;
      discardBody(invoked);
      void Promise.resolve(invoked?.report).then(report =>
        log.request({
          ...line,
          status,
          duration,
          cold: (report?.initDuration ?? report?.restoreDuration) !== undefined,
        }),
      );
    };
    const added = endpoint.added(ids.requestId, ids.traceId);
    try {
      return toResponse(outgoing, added, over);
    } catch (error) {
      noteMalformed(error);
      return toResponse(endpoint.failures.fault, added, over);
    }
  };

  /** Reads and authorizes the request, and creates its event. */
  async function admit(incoming: HttpBindings['incoming'], ids: Ids): Promise<AdmissionResult> {
    let request: WireRequest;
    try {
      request = await readRequest(incoming as Parameters<typeof readRequest>[0], ids, endpoint.maxBody);
    } catch (error) {
      if (error instanceof RequestTooLarge) return { refused: 'tooLarge' };
      throw error;
    }
    if (stageInPath) {
      const inside = withoutStage(request, stage);
      if (!inside) return { request, refused: 'notFound' };
      request = inside;
    }
    if (admits && !admits()) return { request, refused: 'rateLimited' };
    const outcome = (await authorize?.(request)) ?? {};
    if (isRefused(outcome))
      return { request, refused: 'refused' in outcome ? outcome.refused : outcome.response };
    const payload = Buffer.from(JSON.stringify(endpoint.event(request, { domainName, stage, ...outcome })));
    if (payload.length > MAX_REQUEST) return { request, refused: 'tooLarge' };
    const tenantId = isolation === 'shared' ? undefined : tenantOf(outcome);
    const problem = fn.tenantProblem(tenantId);
    // API Gateway passes on Lambda's error unchanged.
    return problem ? { request, refused: badRequest(problem) } : { request, payload, tenantId };
  }

  /** Returns the response, or a timeout of the endpoint. The function is not notified of the timeout and continues. */
  async function respondInTime(
    { payload, tenantId }: Pick<InvokeRequest, 'payload' | 'tenantId'>,
    ids: Ids,
  ): Promise<EndpointResponse> {
    const { promise: late, resolve } = Promise.withResolvers<'late'>();
    let timer: NodeJS.Timeout | undefined;
    // The timeout starts here, because on Lambda calls do not wait for an environment.
    const onStart = (): void => {
      timer = setTimeout(() => resolve('late'), timeoutSeconds * 1000);
    };
    const invoking = fn.invoke({ ...ids, payload, tenantId, onStart });
    const first = await Promise.race([invoking.then(respond), late]);
    clearTimeout(timer);
    if (first !== 'late') return first;
    void invoking.then(invoked => invoked !== 'throttled' && discardBody(invoked));
    return { outgoing: endpoint.failures.timeout };
  }

  async function respond(invoked: Invoked | 'throttled'): Promise<EndpointResponse> {
    if (invoked === 'throttled') return { outgoing: endpoint.failures.throttled };
    try {
      return { invoked, outgoing: await toOutgoing(endpoint, invoked, streaming, log) };
    } catch (error) {
      noteMalformed(error);
      return { invoked, outgoing: endpoint.failures.fault };
    }
  }

  /** Logs why a response is malformed, for example a header that contains a line end. */
  function noteMalformed(error: unknown): void {
    log.note(`The response of the function is malformed: ${(error as Error).message}`);
  }

  function refusal(refused: DenialReason, request: WireRequest | undefined): Outgoing {
    if (typeof refused !== 'string') return refused;
    const challenged = refused === 'unauthorized' || refused === 'denied';
    if (!options.challenge || !challenged || !request) return endpoint.failures[refused];
    const scheme = domainName ? 'https' : 'http';
    const url = `${scheme}://${domainName ?? hostOf(request)}${stageInPath ? `/${stage}` : ''}`;
    return challengeResponse(options.challenge.replaceAll('{url}', url));
  }
}

/** Discards the rest of the response, so that the runtime can finish it. */
function discardBody(invoked: Invoked | undefined): void {
  if (invoked?.response.kind === 'streamed') invoked.response.discard();
}

/** Returns the tenant ID of the request; undefined if the authorizer has returned none. */
function tenantOf({ open, authorizer }: Authorized): string | undefined {
  const { tenant } = (authorizer ?? {}) as { tenant?: string };
  return open ? OPEN_TENANT : tenant;
}

function badRequest(message: string): HttpResponse {
  return {
    status: 400,
    headers: [
      ['content-type', 'application/json'],
      ['x-amzn-errortype', 'InvalidParameterValueException'],
    ],
    body: Buffer.from(JSON.stringify({ message })),
  };
}

/** Returns the 401 of a REST API, with the gateway response of the modules of terraform/. */
function challengeResponse(challenge: string): HttpResponse {
  const error = { code: -32000, message: 'Valid credentials are required.' };
  return {
    status: 401,
    headers: [
      ['content-type', 'application/json'],
      ['www-authenticate', challenge],
    ],
    body: Buffer.from(JSON.stringify({ jsonrpc: '2.0', id: null, error })),
  };
}

/** Returns the request with its path below the stage; undefined if the path is not below it. */
function withoutStage(request: WireRequest, stage: string): WireRequest | undefined {
  const { rawPath } = request;
  if (rawPath !== `/${stage}` && !rawPath.startsWith(`/${stage}/`)) return undefined;
  return { ...request, rawPath: rawPath.slice(stage.length + 1) || '/' };
}

async function toOutgoing(
  endpoint: Endpoint,
  invoked: Invoked,
  streaming: boolean,
  log: Log,
): Promise<Outgoing> {
  const { response } = invoked;
  if (response.kind === 'error')
    return endpoint.failures[response.error.type === 'Sandbox.Timeout' ? 'timeout' : 'fault'];
  if (response.kind === 'buffered') {
    // A streaming endpoint does not interpret the result of a buffered handler: the caller gets it unchanged.
    if (streaming)
      return { status: 200, headers: [['content-type', response.contentType]], body: response.body };
    return through(endpoint.response(response.body)) ?? endpoint.failures.fault;
  }
  if (streaming) return streamedResponse(endpoint, response);
  log.note('A streaming handler behind an endpoint that does not stream: deploy handler.buffered there.');
  const whole = await collect(response.body, MAX_BUFFERED_RESPONSE);
  return (whole && !(await response.ended) && through(endpoint.response(whole))) || endpoint.failures.fault;
}

async function streamedResponse(endpoint: Endpoint, response: StreamedResponse): Promise<Outgoing> {
  if (response.contentType === PRELUDE_CONTENT_TYPE) {
    const split = await splitPrelude(response.body);
    if (!split) return endpoint.failures.fault;
    const { statusCode, headers, cookies } = split.prelude;
    const lines = [
      ...remapHeaders(Object.entries(headers)),
      ...cookies.map(c => ['set-cookie', c] as [string, string]),
    ];
    return { status: statusCode, headers: lines, body: limitBytes(split.rest, MAX_STREAMED_RESPONSE) };
  }
  // Before the first byte, an error replaces the response; after it, the stream ends without an error.
  const source = response.body[Symbol.asyncIterator]();
  const first = await source.next();
  if (first.done && (await response.ended)) return endpoint.failures.fault;
  const rest = { [Symbol.asyncIterator]: () => source };
  const body = first.done ? Buffer.alloc(0) : limitBytes(prepend(first.value, rest), MAX_STREAMED_RESPONSE);
  return { status: 200, headers: [['content-type', response.contentType]], body };
}

function through(response: HttpResponse | undefined): Outgoing | undefined {
  return response && { ...response, headers: remapHeaders(response.headers) };
}

const NO_BODY = new Set([204, 205, 304]);

/** Converts it into a Response. Throws, without calling `over`, for headers or statuses that HTTP does not allow. */
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

/** Yields the chunks up to `limit` bytes; a streamed response is truncated there. */
async function* limitBytes(chunks: AsyncIterable<Buffer>, limit: number): AsyncGenerator<Buffer> {
  let left = limit;
  for await (const chunk of chunks) {
    yield chunk.length > left ? chunk.subarray(0, left) : chunk;
    left -= chunk.length;
    if (left <= 0) return;
  }
}

/** Returns all chunks as one buffer; undefined if they exceed `limit` bytes. Reads all chunks in both cases. */
async function collect(chunks: AsyncIterable<Buffer>, limit: number): Promise<Buffer | undefined> {
  const kept: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes <= limit) kept.push(chunk);
  }
  return bytes <= limit ? Buffer.concat(kept) : undefined;
}
