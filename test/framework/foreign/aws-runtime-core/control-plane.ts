/**
 * Runs a runtime process with AWS's own Lambda runtime core: one execution environment, controlled as by Lambda's worker. The core
 * has no timers: the platform calls `reset('timeout')` at the timeout of an invocation.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import type { AwsRuntimeCore } from './build.ts';

export interface CoreOptions {
  /** The runtime's command line. */
  command: readonly string[];
  /** Working directory of the runtime. */
  folder?: string;
  /** Environment variables of the function. The five that aws-lambda-ric needs have defaults. */
  env?: Record<string, string>;
  /** Serves `restore/next` and `restore/error`. The function's AWS_LAMBDA_INITIALIZATION_TYPE is then `snap-start`. */
  snapStart?: boolean;
  /** Timeout of the function in milliseconds, for the deadline header. 60,000 by default. */
  timeoutMs?: number;
}

export interface CoreInvocation {
  payload: string;
  /** X-Ray trace header. */
  traceId?: string;
  functionArn?: string;
  /** The header Lambda-Runtime-Aws-Tenant-Id of the invocation. */
  tenantId?: string;
  /** The client context, as JSON. */
  clientContext?: string;
  cognitoIdentity?: { id: string; poolId: string };
  /** Uses the code path of aws-lambda-rie: complete responses up to 6 MiB, errors of the platform as the body, no other options. */
  byEmulator?: boolean;
  /** Streams the response without a limit, as InvokeWithResponseStream does. Otherwise it is buffered, as by Invoke. */
  streaming?: boolean;
}

/** The result of an invocation, as the platform receives it. */
export interface CoreResult {
  status: number;
  /** Headers of the runtime's response. `error-type` is the type of the error that ended the invocation. */
  headers: Record<string, string | string[] | undefined>;
  body: string;
  /** `end-of-response` is Complete, Truncated or Oversized. The other two trailers are those of an error during a stream. */
  trailers: Record<string, string | undefined>;
}

export interface StartedInvocation {
  /** The request ID. */
  id: string;
  /** Settles when the first bytes of the response have arrived. */
  begun: Promise<void>;
  /** Settles when the response is complete. */
  result: Promise<CoreResult>;
  /** Settles when the invocation has ended: true if the runtime has requested the next one, false if it has exited. */
  released: Promise<boolean>;
}

/** A platform event of the Telemetry API; `type` is for example `platform.runtimeDone`. */
export interface PlatformEvent {
  type: string;
  platformEvent: Record<string, unknown>;
}

export interface ControlPlane {
  /** Whether init succeeded: the runtime has called `invocation/next`, or `restore/next` if it is served. */
  initialized: Promise<boolean>;
  /** Responds to `restore/next`. Settles when the runtime requests an invocation; with `restoreError` if it does not. */
  restore(hookTimeoutMs?: number): Promise<{ restoreMs: string; restoreError?: string }>;
  /** Starts an invocation. Only one may run at a time. */
  invoke(invocation: CoreInvocation): Promise<StartedInvocation>;
  /** Ends the processes of the environment, as Lambda does after a failure or a timeout. The next invocation starts with an init. */
  reset(reason: 'failure' | 'timeout'): Promise<void>;
  events(): Promise<PlatformEvent[]>;
  /** Returns the output of the runtime and the core so far. */
  output(): string;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

const READY = /control plane at http:\/\/127\.0\.0\.1:(\d+)\n/;
const FUNCTION = 'function';
const RESET_MS = 2_000;
/** Attempts to reserve an invocation, and the time between them, in milliseconds. */
const RESERVATIONS = 50;
const RESERVATION_WAIT_MS = 100;

/** Starts the core and the init of the runtime. The caller closes it. */
export async function startControlPlane(
  { control }: AwsRuntimeCore,
  { command, folder = process.cwd(), env = {}, snapStart = false, timeoutMs = 60_000 }: CoreOptions,
): Promise<ControlPlane> {
  const flags = ['-log-level', 'warn', ...(snapStart ? ['-snap-start'] : []), '--'];
  const child = spawn(control, [...flags, ...command], {
    cwd: folder,
    env: { PATH: process.env.PATH, ...PLATFORM_ENV, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', chunk => {
      printed += chunk;
      child.emit('printed');
    });
  child.once('exit', () => child.emit('printed'));
  const port = await controlPort(child, () => printed);
  const call = (path: string, options: Call = {}): Promise<IncomingMessage> => send(port, path, options);
  const json = async (path: string, body?: object): Promise<{ status: number; text: string }> => {
    const response = await call(path, { body: JSON.stringify(body ?? {}) });
    return { status: response.statusCode ?? 0, text: await text(response) };
  };
  const started = await json('init', {
    functionName: FUNCTION,
    functionVersion: '1',
    invokeTimeoutMs: timeoutMs,
    handler: env._HANDLER ?? '',
    customer: {
      environment: { ...env, ...(snapStart && { AWS_LAMBDA_INITIALIZATION_TYPE: 'snap-start' }) },
    },
  });
  if (started.status !== 200) throw new Error(`The core refuses the init: ${started.text}`);

  const close = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    // Ends the runtime first, which would continue without the core.
    await json('reset', { reason: 'failure', timeoutMs: RESET_MS }).catch(() => undefined);
    const exit = once(child, 'exit');
    child.kill('SIGKILL');
    await exit;
  };
  /** The core refuses an invocation until the runtime has asked for the next one, which on a busy machine takes a while. */
  const reserve = async (traceId: string | undefined): Promise<IncomingMessage> => {
    for (let attempt = 1; ; attempt += 1) {
      const reserved = await call('reserve', { headers: { ...(traceId && { 'x-amzn-trace-id': traceId }) } });
      const detail = await text(reserved);
      if (reserved.statusCode === 200) return reserved;
      if (attempt === RESERVATIONS)
        throw new Error(`The core refuses the invocation (${reserved.statusCode}): ${detail}\n${printed}`);
      await pause(RESERVATION_WAIT_MS);
    }
  };
  return {
    initialized: json('waitUntilInitialized').then(({ status }) => status === 200),
    async restore(restoreHookTimeoutMs = 10_000) {
      return JSON.parse((await json('restore', { restoreHookTimeoutMs })).text);
    },
    async invoke(invocation) {
      const { payload, traceId, functionArn, tenantId, streaming, byEmulator } = invocation;
      const reserved = await reserve(traceId);
      const id = String(reserved.headers['invoke-id']);
      const path = byEmulator ? 'invoke' : `directInvoke/${reserved.headers['reservation-token']}`;
      const response = call(path, {
        body: payload,
        headers: {
          'content-type': 'application/json',
          'invoke-id': id,
          'invoked-function-version': String(reserved.headers['invoked-function-version']),
          'invoked-function-arn': functionArn ?? `arn:aws:lambda:us-east-1:123456789012:function:${FUNCTION}`,
          ...(tenantId && { 'tenant-id': tenantId }),
          'customer-headers': customerHeaders(invocation),
          invokeresponsemode: streaming ? 'Streaming' : 'Buffered',
          ...(streaming && { maxpayloadsize: '-1' }),
        },
      });
      const result = response.then(readResult);
      const begun = Promise.withResolvers<void>();
      response.then(incoming => incoming.once('readable', () => begun.resolve()), begun.reject);
      result.catch(() => undefined); // The caller gets the rejection from `result`.
      begun.promise.catch(() => undefined);
      const released = json('waitUntilRelease').then(({ status }) => status === 200);
      released.catch(() => undefined); // A caller that does not wait closes the core.
      return { id, begun: begun.promise, result, released };
    },
    async reset(reason) {
      await json('reset', { reason, timeoutMs: RESET_MS });
    },
    async events() {
      const response = await call('eventLog', { method: 'GET' });
      return (JSON.parse(await text(response)) as { events?: PlatformEvent[] }).events ?? [];
    },
    output: () => printed,
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** Environment variables that Lambda sets and aws-lambda-ric needs. */
const PLATFORM_ENV = {
  AWS_REGION: 'us-east-1',
  AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '128',
  AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${FUNCTION}`,
  AWS_LAMBDA_LOG_STREAM_NAME: 'stream',
  LAMBDA_TASK_ROOT: process.cwd(),
};

interface Call {
  method?: 'GET' | 'POST';
  headers?: Record<string, string>;
  body?: string;
}

/** Sends a request with node:http, because fetch does not return trailers. */
function send(
  port: number,
  path: string,
  { method = 'POST', headers, body }: Call,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, method, path: `/test/${path}`, headers, agent: false }, resolve)
      .once('error', reject)
      .end(body);
  });
}

async function readResult(response: IncomingMessage): Promise<CoreResult> {
  const body = await text(response);
  const { statusCode = 0, headers, trailers } = response;
  return { status: statusCode, headers, body, trailers };
}

async function controlPort(child: ChildProcess, printed: () => string): Promise<number> {
  for (;;) {
    const [, port] = READY.exec(printed()) ?? [];
    if (port) return Number(port);
    if (child.exitCode !== null) throw new Error(`The core ended with ${child.exitCode}:\n${printed()}`);
    await once(child, 'printed');
  }
}

/** Returns the headers that the front end of Lambda passes to the core. */
function customerHeaders({ clientContext, cognitoIdentity }: CoreInvocation): string {
  const headers = {
    'Client-Context': clientContext,
    'Cognito-Identity-Id': cognitoIdentity?.id,
    'Cognito-Identity-Pool-Id': cognitoIdentity?.poolId,
  };
  return Buffer.from(JSON.stringify(headers)).toString('base64');
}
