/**
 * The three functions of aws-lambda-ric's native part (rapid-client.node) over node:http, for machines on which npm did
 * not compile it. There, the build copies this file to ric/runtime-client.cjs; the image always has the native part.
 *
 * As in the native part, `done` and `error` return when the Runtime API has responded, so that no response is lost if the process
 * ends directly afterwards. node:http needs an event loop for that, so runtime-client-thread.ts sends the request while this
 * thread waits. aws-lambda-ric itself sends streamed responses, without that thread.
 */
import { Agent, get } from 'node:http';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';

/** A request for the thread. */
export interface RuntimePost {
  url: string;
  body: string;
  headers: Record<string, string>;
}

interface NextInvocation {
  bodyJson: string;
  headers: Record<string, string | number>;
}

const BASE = `http://${process.env.AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime/invocation`;
const REQUEST_ID = 'lambda-runtime-aws-request-id';
/** Headers that the native part returns, empty if the Runtime API has not sent them. */
const ALWAYS = [REQUEST_ID, 'lambda-runtime-trace-id', 'lambda-runtime-invoked-function-arn'];
const IF_SENT = [
  'lambda-runtime-client-context',
  'lambda-runtime-cognito-identity',
  'lambda-runtime-aws-tenant-id',
];
/** The native part's code for a request that failed without a status. */
const REQUEST_NOT_MADE = -1;

const agent = new Agent({ keepAlive: true });
let thread: Worker | undefined;
/** 1 if the thread has received the response. */
const responded = new Int32Array(new SharedArrayBuffer(4));

/** Waits for the next invocation. */
export function next(): Promise<NextInvocation> {
  return new Promise((resolve, reject) => {
    const fail = (code: number | undefined, cause?: Error): void =>
      reject(new Error(`Failed to get next invocation, error ${code}`, { cause }));
    const request = get(`${BASE}/next`, { agent }, response => {
      const chunks: Buffer[] = [];
      response.on('data', chunk => chunks.push(chunk));
      response.once('error', error => fail(REQUEST_NOT_MADE, error));
      response.once('end', () => {
        const { statusCode = 0, headers } = response;
        if (statusCode < 200 || statusCode > 299) return fail(statusCode);
        if (!headers[REQUEST_ID]) return fail(REQUEST_NOT_MADE);
        resolve({ bodyJson: Buffer.concat(chunks).toString(), headers: contextHeaders(headers) });
      });
    });
    request.once('error', error => fail(REQUEST_NOT_MADE, error));
  });
}

/** Sends the response of an invocation; `id` is URL-encoded. Returns when the Runtime API has responded. */
export function done(id: string, body: string): void {
  post({ url: `${BASE}/${id}/response`, body, headers: {} });
}

/** Sends the error of an invocation; `id` is URL-encoded. Returns when the Runtime API has responded. */
export function error(id: string, body: string, xrayCause: string): void {
  post({
    url: `${BASE}/${id}/error`,
    body,
    headers: { 'lambda-runtime-function-xray-error-cause': xrayCause },
  });
}

function post(request: RuntimePost): void {
  thread ??= startThread();
  Atomics.store(responded, 0, 0);
  thread.postMessage(request);
  Atomics.wait(responded, 0, 0);
}

function startThread(): Worker {
  const file = join(__dirname, 'runtime-client-thread.cjs');
  const worker = new Worker(file, { workerData: responded, execArgv: [] });
  worker.unref();
  return worker;
}

/** Returns the headers that aws-lambda-ric reads, as the native part does: the deadline is a number, text is UTF-8. */
function contextHeaders(headers: NodeJS.Dict<string | string[]>): Record<string, string | number> {
  const text = (name: string): string => Buffer.from(String(headers[name] ?? ''), 'latin1').toString();
  const sent = [...ALWAYS, ...IF_SENT.filter(name => headers[name])];
  return {
    'lambda-runtime-deadline-ms': Number(headers['lambda-runtime-deadline-ms'] ?? 0),
    ...Object.fromEntries(sent.map(name => [name, text(name)])),
  };
}
