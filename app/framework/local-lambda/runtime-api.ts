/**
 * The Lambda Runtime API of one execution environment: passes invocations to the runtime and receives its responses.
 *
 * https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html. Statuses and error types as in AWS's own
 * aws-lambda-runtime-interface-emulator (internal/lambda/rapi). environment.ts handles processes, timeouts and memory.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  type FunctionError,
  functionError,
  MAX_BUFFERED_RESPONSE,
  postedError,
  responseTooLarge,
} from './function-error.ts';
import { type Connection, foreignRequest } from './loopback-guard.ts';

/** One event for the function. */
export interface Invocation {
  readonly id: string;
  /** The event, as JSON. */
  readonly payload: string | Buffer;
  readonly functionArn: string;
  /** X-Ray trace header. */
  readonly traceId: string;
  /** Client context of the Invoke API, as JSON. */
  readonly clientContext?: string | undefined;
  /** The caller that the execution environment belongs to, if the function has tenant isolation. */
  readonly tenantId?: string | undefined;
}

/** The response of a runtime. */
export type RuntimeResponse =
  | { kind: 'error'; error: FunctionError }
  | { kind: 'buffered'; contentType: string; body: Buffer }
  | StreamedResponse;

export interface StreamedResponse {
  kind: 'streamed';
  contentType: string;
  /** Ends without an error in all cases. */
  body: AsyncIterable<Buffer>;
  /** Resolves when the runtime has sent the whole body, with the error if it failed. */
  ended: Promise<FunctionError | undefined>;
  /**
   * Discards the rest of the body, so that the runtime can finish it. The consumer of a response reads the body to its end or
   * calls this, even before the first chunk. It can be called at any time and several times.
   */
  discard(): void;
}

/** Credentials of the function's role, which the function reads with `token` in the Authorization header. */
export interface RuntimeCredentials {
  AccessKeyId: string;
  SecretAccessKey: string;
  Token: string;
  token: string;
}

/** Lifetime of the credentials, in milliseconds. */
const CREDENTIALS_MS = 6 * 3_600_000;

/** Receives events of the runtime. */
export interface RuntimeListener {
  /** The runtime requests an invocation: init, or the previous invocation, is over. */
  idle(): void;
  initError(error: FunctionError): void;
  /** With SnapStart: init is over, and the runtime waits to be restored. */
  snapshot?(): void;
  /** An after-restore hook of the runtime has failed. */
  restoreError?(error: FunctionError): void;
  response(response: RuntimeResponse): void;
}

type State = 'init' | 'snapshot' | 'restoring' | 'idle' | 'invoking' | 'responding' | 'responded' | 'failed';

/** Names of the states in messages of AWS. */
const STATE_NAMES: Record<State, string> = {
  init: 'Started',
  failed: 'InitError',
  idle: 'Ready',
  invoking: 'Running',
  responding: 'InvocationResponse',
  responded: 'RuntimeResponseSentState',
  snapshot: 'RestoreReady',
  restoring: 'Restoring',
};

const BASE = '/2018-06-01/runtime';
/** Path at which a function with SnapStart reads the credentials of its role. */
export const CREDENTIALS_PATH = '/2021-04-23/credentials';
const PING = '/2018-06-01/ping';
const NEXT = `${BASE}/invocation/next`;
const INIT_ERROR = `${BASE}/init/error`;
const RESTORE_NEXT = `${BASE}/restore/next`;
const RESTORE_ERROR = `${BASE}/restore/error`;
const INVOCATION = new RegExp(`^${BASE}/invocation/([^/]*)/(response|error)$`);
const TRUNCATED = functionError('Runtime.TruncatedResponse', 'The runtime did not complete the response.');

export class RuntimeApi {
  #state: State = 'init';
  #waiting: ServerResponse | undefined;
  /** The current invocation, or the last one. */
  #current: { invocation: Invocation; deadline: number } | undefined;
  #timedOut: FunctionError | undefined;
  readonly #server: Server;
  readonly #listener: RuntimeListener;
  readonly #credentials: RuntimeCredentials | undefined;

  /**
   * `isRuntime` returns whether the runtime has opened a connection; undefined if that is unknown. `credentials` are for SnapStart.
   */
  constructor(
    listener: RuntimeListener,
    isRuntime: (connection: Connection) => boolean | undefined = () => undefined,
    credentials?: RuntimeCredentials,
  ) {
    this.#listener = listener;
    this.#credentials = credentials;
    const strangers = new WeakSet<object>();
    // No timeouts: the connection of a runtime is idle while it waits for an invocation.
    this.#server = createServer({ keepAliveTimeout: 0, requestTimeout: 0 }, (request, response) => {
      const foreign = foreignRequest(request.headers);
      if (foreign !== undefined || strangers.has(request.socket)) {
        request.resume();
        return refuse(
          response,
          403,
          'Forbidden',
          foreign ?? 'Only the function itself may call its Runtime API.',
        );
      }
      this.#route(request, response).catch(error => {
        if (!response.headersSent) refuse(response, 500, 'InternalServerError', String(error));
      });
    });
    this.#server.on('connection', socket => {
      if (isRuntime(socket) === false) strangers.add(socket);
    });
  }

  /** Listens on a free loopback port and returns `host:port` for `AWS_LAMBDA_RUNTIME_API`. */
  async listen(): Promise<string> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject).listen(0, '127.0.0.1', resolve);
    });
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Closes all connections. `timedOut` is the error of a streamed response in progress, if the invocation timed out. */
  close(timedOut?: FunctionError): void {
    // The exit of the process calls close() again, before the connections have ended.
    this.#timedOut ??= timedOut;
    this.#server.close();
    this.#server.closeAllConnections();
  }

  /** Passes an invocation to the waiting runtime. Throws if the runtime is not idle. */
  dispatch(invocation: Invocation, deadline: number): void {
    const response = this.#waiting;
    if (!response)
      throw new Error(`The runtime is not waiting for an invocation, it is in state ${this.#state}.`);
    // First, because it throws for values that HTTP does not allow; the runtime then continues to wait.
    writeHeadOf(invocation, deadline, response);
    this.#waiting = undefined;
    this.#state = 'invoking';
    this.#current = { invocation, deadline };
    response.end(invocation.payload);
  }

  /** Responds to the runtime that has waited since the snapshot, as in a restored environment. */
  restore(): void {
    const response = this.#waiting;
    if (!response) throw new Error(`The runtime does not wait for a restore, it is in state ${this.#state}.`);
    this.#waiting = undefined;
    this.#state = 'restoring';
    response.writeHead(200).end();
  }

  async #route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [path = ''] = (request.url ?? '').split('?', 1);
    const [, id = '', what] = INVOCATION.exec(path) ?? [];
    const allowed = this.#methodOf(path, what);
    if (request.method !== allowed) {
      request.resume();
      return allowed ? refuseMethod(response, allowed) : sendText(response, 404, '404 page not found\n');
    }
    if (path === PING) return sendText(response, 200, 'pong');
    if (path === NEXT) return this.#next(response);
    if (path === INIT_ERROR) return this.#initError(request, response);
    if (path === RESTORE_NEXT) return this.#restoreNext(response);
    if (path === RESTORE_ERROR) return this.#restoreError(request, response);
    if (path === CREDENTIALS_PATH) return this.#sendCredentials(request, response);
    if (what) return this.#invocation(id, what, request, response);
  }

  /** Returns the method of a path; undefined for unknown paths. As in AWS's own core, some paths exist with SnapStart only. */
  #methodOf(path: string, what: string | undefined): 'GET' | 'POST' | undefined {
    if (path === NEXT || path === PING) return 'GET';
    if (path === INIT_ERROR || what) return 'POST';
    if (!this.#credentials) return undefined;
    if (path === RESTORE_NEXT || path === CREDENTIALS_PATH) return 'GET';
    return path === RESTORE_ERROR ? 'POST' : undefined;
  }

  #next(response: ServerResponse): void {
    if (this.#state === 'invoking' && this.#current) {
      const { invocation, deadline } = this.#current;
      writeHeadOf(invocation, deadline, response).end(invocation.payload);
      return;
    }
    if (this.#state !== 'init' && this.#state !== 'restoring' && this.#state !== 'responded') {
      this.#invalidState(response, 'Ready');
      return;
    }
    this.#wait('idle', response);
    this.#listener.idle();
  }

  #restoreNext(response: ServerResponse): void {
    if (this.#state !== 'init') {
      this.#invalidState(response, 'Ready');
      return;
    }
    this.#wait('snapshot', response);
    this.#listener.snapshot?.();
  }

  #wait(state: State, response: ServerResponse): void {
    this.#state = state;
    this.#waiting = response;
    response.once('close', () => {
      if (this.#waiting === response) this.#waiting = undefined;
    });
  }

  async #restoreError(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const error = await readError(request);
    if (this.#state !== 'restoring') return this.#invalidState(response, 'RuntimeRestoreErrorState');
    this.#state = 'failed';
    accept(response);
    this.#listener.restoreError?.(error);
  }

  #sendCredentials({ headers }: IncomingMessage, response: ServerResponse): void {
    const { token, ...credentials } = this.#credentials ?? {};
    if (!token || headers.authorization !== token) {
      refuse(response, 404, 'NotFound', 'cannot get credentials for the provided token');
      return;
    }
    const Expiration = new Date(Date.now() + CREDENTIALS_MS).toISOString();
    respond(response, 200, { ...credentials, Expiration });
  }

  async #initError(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const error = await readError(request);
    if (this.#state !== 'init') return this.#invalidState(response, 'InitError');
    this.#state = 'failed';
    accept(response);
    this.#listener.initError(error);
  }

  async #invocation(
    id: string,
    what: string,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    if (id !== this.#current?.invocation.id) {
      request.resume();
      return refuse(response, 400, 'InvalidRequestID', 'Invalid request ID');
    }
    if (this.#state !== 'invoking') {
      request.resume();
      return this.#invalidState(
        response,
        what === 'error' ? 'InvocationErrorResponse' : 'InvocationResponse',
      );
    }
    const mode = request.headers['lambda-runtime-function-response-mode'];
    this.#state = 'responding';
    if (what === 'response' && mode !== undefined && mode !== 'streaming') {
      request.resume();
      // The invocation has its response, and the runtime cannot leave this state.
      this.#listener.response({ kind: 'error', error: postedError('Runtime.InvalidResponseModeHeader', '') });
      return refuse(response, 400, 'InvalidFunctionResponseMode', 'Invalid function response mode');
    }
    if (what === 'error') await this.#error(request, response);
    else if (mode === 'streaming') await this.#streamed(request, response);
    else await this.#buffered(request, response);
  }

  async #error(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const error = await readError(request);
    this.#state = 'responded';
    this.#listener.response({ kind: 'error', error });
    accept(response);
  }

  async #buffered(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const contentType = request.headers['content-type'] ?? 'application/json';
    const body = await readUpTo(request, MAX_BUFFERED_RESPONSE).catch(() => undefined);
    this.#state = 'responded';
    if (body === undefined) return this.#listener.response({ kind: 'error', error: TRUNCATED });
    if (typeof body === 'number') {
      this.#listener.response({ kind: 'error', error: responseTooLarge() });
      return refuse(
        response,
        413,
        'RequestEntityTooLarge',
        `Exceeded maximum allowed payload size (${MAX_BUFFERED_RESPONSE} bytes).`,
      );
    }
    this.#listener.response({ kind: 'buffered', contentType, body });
    accept(response);
  }

  async #streamed(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const contentType = request.headers['content-type'] ?? 'application/octet-stream';
    const body = streamedBody(request, () => this.#timedOut ?? TRUNCATED);
    const streamed: StreamedResponse = { kind: 'streamed', contentType, ...body };
    this.#listener.response(streamed);
    await streamed.ended;
    this.#state = 'responded';
    if (request.complete) accept(response);
  }

  #invalidState(response: ServerResponse, to: string): void {
    const transition = `State transition from ${STATE_NAMES[this.#state]} to ${to} failed for runtime.`;
    const message = `${transition} Error: State transition is not allowed`;
    refuse(response, 403, 'InvalidStateTransition', message);
  }
}

function writeHeadOf(invocation: Invocation, deadline: number, response: ServerResponse): ServerResponse {
  const { id, functionArn, traceId, clientContext, tenantId } = invocation;
  return response.writeHead(200, {
    'Content-Type': 'application/json',
    'Lambda-Runtime-Aws-Request-Id': id,
    'Lambda-Runtime-Deadline-Ms': String(deadline),
    'Lambda-Runtime-Invoked-Function-Arn': functionArn,
    ...(traceId && { 'Lambda-Runtime-Trace-Id': traceId }),
    ...(clientContext && { 'Lambda-Runtime-Client-Context': clientContext }),
    ...(tenantId && { 'Lambda-Runtime-Aws-Tenant-Id': tenantId }),
  });
}

/**
 * Returns the chunks of a streamed response, with backpressure. If the consumer stops early, the rest is read and discarded: as on
 * Lambda, the function does not learn that its caller has disconnected.
 *
 * Not by the request's own iterator: if the request is resumed while the iterator returns, it stays paused forever.
 */
function streamedBody(
  request: IncomingMessage,
  whyTruncated: () => FunctionError,
): Pick<StreamedResponse, 'body' | 'ended' | 'discard'> {
  const { promise: ended, resolve } = Promise.withResolvers<FunctionError | undefined>();
  const truncated = (): void => resolve(whyTruncated());
  request.once('end', () => resolve(trailerError(request.trailers)));
  // A truncated stream ends without an error for the caller, as on Lambda; `ended` has the error.
  request.once('error', truncated).once('close', truncated);

  let state: 'open' | 'discarded' | 'ended' = 'open';
  let give: ((read: IteratorResult<Buffer>) => void) | undefined;
  const finish = (how: 'discarded' | 'ended'): void => {
    if (state === 'open') state = how;
    give?.(NO_MORE);
    request.resume();
  };
  request.pause().on('data', (chunk: Buffer) => {
    if (state !== 'open') return;
    request.pause();
    give?.({ value: chunk });
  });
  void ended.then(() => finish('ended'));

  const discard = (): void => finish('discarded');
  const iterator: AsyncIterator<Buffer> = {
    next: () =>
      new Promise(taken => {
        if (state !== 'open') return taken(NO_MORE);
        give = taken;
        request.resume();
      }),
    async return() {
      discard();
      return NO_MORE;
    },
  };
  return { body: { [Symbol.asyncIterator]: () => iterator }, ended, discard };
}

const NO_MORE: IteratorReturnResult<undefined> = { value: undefined, done: true };

/** Returns an error that occurred after the start of the response. It is in two trailers; the second one is JSON in base64. */
function trailerError(trailers: NodeJS.Dict<string>): FunctionError | undefined {
  const type = trailers['lambda-runtime-function-error-type'];
  if (!type) return undefined;
  const body = trailers['lambda-runtime-function-error-body'];
  return body ? { type, body: Buffer.from(body, 'base64').toString() } : functionError(type, type);
}

async function readError(request: IncomingMessage): Promise<FunctionError> {
  const body = await readUpTo(request, MAX_BUFFERED_RESPONSE);
  const type = String(request.headers['lambda-runtime-function-error-type'] ?? '');
  return postedError(type, typeof body === 'number' ? '' : body.toString());
}

/** Returns the body, or its number of bytes if it exceeds `limit`; the rest is then read and discarded. */
async function readUpTo(request: IncomingMessage, limit: number): Promise<Buffer | number> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes <= limit) chunks.push(chunk);
  }
  return bytes > limit ? bytes : Buffer.concat(chunks);
}

function accept(response: ServerResponse): void {
  respond(response, 202, { status: 'OK' });
}

function refuse(response: ServerResponse, status: number, errorType: string, errorMessage: string): void {
  respond(response, status, { errorMessage, errorType });
}

function refuseMethod(response: ServerResponse, allowed: string): void {
  response.writeHead(405, { Allow: allowed }).end();
}

function sendText(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8' }).end(text);
}

function respond(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
}
