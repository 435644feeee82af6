/**
 * Streamed responses of the real runtime client to a Runtime API that reads them slowly or closes the connection, as for a slow
 * or a disconnected caller.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { Hono } from 'hono';
import { afterEach, expect, test, vi } from 'vitest';
import { createApp } from '../../../../app/framework/app.ts';
import { createPipeline, handlersOf } from '../../../../app/framework/lambda/create-handlers.ts';
import { writeResponse } from '../../../../app/framework/lambda/response-stream.ts';
import { PRELUDE_CONTENT_TYPE } from '../../../../app/framework/local-lambda/endpoints/prelude.ts';
import { v2Event } from '../../../helpers/events.ts';
import { DIST, ROOT } from '../../../helpers/local-lambda.ts';
import { createResponseStream } from '../../../helpers/response-stream.ts';

/** How long the Runtime API takes to accept a response, in milliseconds. */
const ACCEPTED_MS = 100;

/**
 * Passes invocations to a function one after another; the receiver of each reads the response as it arrives. Like Lambda's, it
 * rejects a request for the next invocation while a response is not yet accepted.
 */
class RuntimeApi {
  readonly #server = createServer((request, response) => this.#serve(request, response));
  readonly #invocations: { event: object; received: PromiseWithResolvers<IncomingMessage> }[] = [];
  #function: ChildProcess | undefined;
  #idle: ServerResponse | undefined;
  #given = 0;
  #unaccepted = 0;
  output = '';

  async start(handler: string): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    const { port } = this.#server.address() as AddressInfo;
    this.#function = spawn(process.execPath, [join(DIST, 'ric/index.mjs')], {
      env: {
        PATH: process.env.PATH,
        AWS_LAMBDA_RUNTIME_API: `127.0.0.1:${port}`,
        LAMBDA_TASK_ROOT: join(ROOT, 'test/fixtures'),
        _HANDLER: handler,
        AWS_LAMBDA_FUNCTION_NAME: 'local',
        AWS_LAMBDA_FUNCTION_VERSION: '1',
        AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '512',
        AWS_LAMBDA_LOG_GROUP_NAME: '/aws/lambda/local',
        AWS_LAMBDA_LOG_STREAM_NAME: 'local',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#function.once('exit', () => {
      for (const { received } of this.#invocations) received.reject(new Error(`It ended:\n${this.output}`));
    });
    for (const stream of [this.#function.stdout, this.#function.stderr])
      stream?.setEncoding('utf8').on('data', text => (this.output += text));
  }

  /** Returns the response as soon as its headers have arrived; its body is unread. */
  invoke(event: object): Promise<IncomingMessage> {
    const received = Promise.withResolvers<IncomingMessage>();
    this.#invocations.push({ event, received });
    if (this.#idle) this.#next(this.#idle);
    return received.promise;
  }

  get pid(): number | undefined {
    return this.#function?.exitCode === null && !this.#function.signalCode ? this.#function.pid : undefined;
  }

  get megabytesMade(): number {
    return Number([...this.output.matchAll(/made (\d+) MB/g)].at(-1)?.[1] ?? 0);
  }

  async close(): Promise<void> {
    if (this.pid) {
      this.#function?.kill('SIGKILL');
      if (this.#function) await once(this.#function, 'exit');
    }
    this.#server.closeAllConnections();
    this.#server.close();
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    if (request.url?.endsWith('/invocation/next')) {
      if (this.#unaccepted > 0) response.writeHead(403).end('{}');
      else this.#next(response);
      return;
    }
    request.once('end', () => {
      this.#unaccepted += 1;
      setTimeout(() => {
        this.#unaccepted -= 1;
        response.writeHead(202).end('{}');
      }, ACCEPTED_MS);
    });
    const invocation = request.url?.endsWith('/response') && this.#invocations.shift();
    if (invocation) invocation.received.resolve(request);
    else request.resume();
  }

  #next(response: ServerResponse): void {
    const [invocation] = this.#invocations;
    this.#idle = invocation ? undefined : response;
    if (!invocation) return;
    this.#given += 1;
    response.writeHead(200, {
      'content-type': 'application/json',
      'lambda-runtime-aws-request-id': String(this.#given),
      'lambda-runtime-deadline-ms': String(Date.now() + 60_000),
      'lambda-runtime-invoked-function-arn': 'arn:aws:lambda:eu-west-1:123456789012:function:local',
    });
    response.end(JSON.stringify(invocation.event));
  }
}

const FLOOD = v2Event({ method: 'GET', path: '/flood' });
let lambda: RuntimeApi | undefined;
afterEach(() => lambda?.close());
async function started(handler = 'misbehaving-app.stream'): Promise<RuntimeApi> {
  lambda = new RuntimeApi();
  await lambda.start(handler);
  return lambda;
}

async function bytesOf(response: IncomingMessage): Promise<number> {
  let bytes = 0;
  for await (const chunk of response) bytes += chunk.length;
  return bytes;
}

test('the app produces only what the buffers hold while its response is not read, and a slow reader gets all of it', async () => {
  const api = await started();
  const response = await api.invoke(FLOOD);
  await sleep(1000); // Without a reader, the app produces only what fits into the buffers.
  const made = api.megabytesMade;
  expect(made).toBeLessThan(32);
  await sleep(500);
  expect(api.megabytesMade).toBe(made);
  expect(await bytesOf(response)).toBeGreaterThanOrEqual(64 * 1024 * 1024);
  expect(api.output).not.toContain('the flood was stopped');
});

test('when the Runtime API closes the connection, the app stops and the execution environment ends and logs the reason', async () => {
  const api = await started();
  const response = await api.invoke(FLOOD);
  response.on('error', () => undefined); // The next line causes it.
  response.destroy();
  await expect.poll(() => api.pid).toBeUndefined();
  expect(api.output).toContain('the flood was stopped');
  expect(api.output).toMatch(/the execution environment ends.*(ECONNRESET|EPIPE)/);
  expect(api.megabytesMade).toBeLessThan(64);
});

test('after an error of the handler, the next invocation is requested when the Runtime API has accepted the error', async () => {
  const api = await started('functions.act');
  for (const act of ['throwBefore', 'throwMidway']) {
    const failed = await api.invoke({ queryStringParameters: { do: act } });
    await bytesOf(failed);
    expect(failed.trailers).toMatchObject({ 'lambda-runtime-function-error-type': 'TypeError' });
  }
  expect(await bytesOf(await api.invoke({ queryStringParameters: { do: 'ok' } }))).toBeGreaterThan(0);
  expect(api.output).not.toContain('Failed to get next invocation');
});

test('the log line of a request is written after the response has left', async () => {
  vi.stubEnv('MCP_AUTH', 'none');
  const events: string[] = [];
  const log = vi.spyOn(process.stdout, 'write').mockImplementation(() => events.push('log') > 0);
  const to = createResponseStream().once('finish', () => events.push('response'));
  const app = createApp(new Hono().get('/here', c => c.text('here')));
  const { stream } = handlersOf(createPipeline(app.fetch));
  await stream(v2Event({ method: 'GET', path: '/here' }), to, { getRemainingTimeInMillis: () => 60_000 });
  log.mockRestore();
  vi.unstubAllEnvs();
  expect(events).toEqual(['response', 'log']);
});

test.each([
  ['one chunk with the prelude', 64 * 1024, 1],
  ['a chunk of its own after the prelude', 64 * 1024 + 1, 2],
])('writeResponse sends the first part of a body as %s: %i bytes', async (_what, bytes, chunks) => {
  const body = Buffer.alloc(bytes, 'x');
  const parts: (Uint8Array | undefined)[] = [body, undefined];
  const setContentType = vi.fn();
  const to = Object.assign(createResponseStream(), { setContentType });
  const write = vi.spyOn(to, 'write');
  const headers = new Headers([
    ['set-cookie', 'a=1'],
    ['set-cookie', 'b=2'],
    ['x-name', 'ö'],
  ]);
  const next = async () => parts.shift();
  const written = writeResponse({ status: 201, headers, next, cancel: async () => undefined }, to, 'GET');
  const received = await buffer(to);
  await written;
  const end = received.indexOf(0);
  expect(setContentType).toHaveBeenCalledExactlyOnceWith(PRELUDE_CONTENT_TYPE);
  expect(JSON.parse(received.subarray(0, end).toString())).toEqual({
    statusCode: 201,
    headers: { 'x-name': 'ö' },
    cookies: ['a=1', 'b=2'],
  });
  expect(received.subarray(end, end + 8)).toEqual(Buffer.alloc(8));
  expect(received.subarray(end + 8)).toEqual(body);
  expect(write).toHaveBeenCalledTimes(chunks);
});

test.each([
  ['GET', 200, '\n'],
  ['HEAD', 200, ''],
  ['DELETE', 204, ''],
])('writeResponse sends an empty body of %s %i as %j', async (method, status, body) => {
  const to = createResponseStream();
  const headers = new Headers();
  const written = writeResponse(
    { status, headers, next: async () => undefined, cancel: async () => undefined },
    to,
    method,
  );
  expect(String(await buffer(to)).split('\0'.repeat(8))).toEqual([expect.any(String), body]);
  await written;
});

test('writeResponse cancels the response when its stream closes without an error', async () => {
  const to = createResponseStream();
  const cancel = vi.fn(async () => undefined);
  const next = vi.fn(async () => new Uint8Array(64 * 1024));
  const written = writeResponse({ status: 200, headers: new Headers(), next, cancel }, to, 'GET');
  await expect.poll(() => to.writableNeedDrain).toBe(true);
  to.destroy();
  await written;
  expect(cancel).toHaveBeenCalledOnce();
  const made = next.mock.calls.length;
  await sleep(50);
  expect(next.mock.calls.length).toBe(made);
});
