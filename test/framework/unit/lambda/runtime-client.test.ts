/**
 * The client of the Runtime API in JavaScript does what aws-lambda-ric's native part does: the same tests for both, each client in
 * a separate process against a Runtime API that records what it receives. The native part is tested where it is compiled.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  buildJavaScriptClient,
  hasNativeClient,
  RIC_FOLDER,
} from '../../../../scripts/build/runtime-client.ts';
import { describeWith, type Found } from '../../../helpers/skipped-suites.ts';

const folder = mkdtempSync(join(tmpdir(), 'runtime-client-'));
beforeAll(() => buildJavaScriptClient(folder));
afterAll(() => rmSync(folder, { recursive: true }));

const native: Found<string> = hasNativeClient()
  ? { found: join(RIC_FOLDER, 'rapid-client.node') }
  : { missing: 'The native client of aws-lambda-ric is not compiled. To compile it: npm run native' };

describe('the client in JavaScript', () => behavesAsNative(join(folder, 'runtime-client.cjs')));
describeWith(native, { inCi: 'skip' })('the native client', file => behavesAsNative(file));

interface Received {
  line: string;
  body: string;
  headers: IncomingMessage['headers'];
}

/** Responses are delayed, so that the test fails for a client that does not wait for them. */
const DELAY_MS = 100;
const EVENT_HEADERS = {
  'lambda-runtime-aws-request-id': 'id-1',
  'lambda-runtime-deadline-ms': '1795000000000',
  'lambda-runtime-invoked-function-arn': 'arn:aws:lambda:eu-central-1:123456789012:function:f',
  'lambda-runtime-trace-id': 'Root=1-2-3',
};

function behavesAsNative(file: string): void {
  let received: Received[] = [];
  let respond: (request: IncomingMessage, response: ServerResponse) => void;
  const server = createServer(async (request, response) => {
    const body = await text(request);
    await sleep(request.method === 'POST' ? DELAY_MS : 0);
    response.setHeader('content-type', 'application/json'); // The native part crashes without this header.
    received.push({ line: `${request.method} ${request.url}`, body, headers: request.headers });
    respond(request, response);
  });
  beforeAll(async () => {
    await once(server.listen(0, '127.0.0.1'), 'listening');
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  afterEach(() => {
    received = [];
  });

  /** Runs `script`, in which `client` is the client, until it exits. */
  async function run(script: string): Promise<{ code: number; stdout: string }> {
    const source = `const client = require(${JSON.stringify(file)});\n${script}`;
    const child = spawn(process.execPath, ['-e', source], {
      env: { AWS_LAMBDA_RUNTIME_API: `127.0.0.1:${(server.address() as AddressInfo).port}` },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [stdout, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
    return { code, stdout };
  }

  const accept = (_request: IncomingMessage, response: ServerResponse): void => {
    response.writeHead(202).end('{"status":"OK"}');
  };

  test('returns the event as text, the deadline as a number, and only headers that were sent', async () => {
    respond = (_request, response) => response.writeHead(200, EVENT_HEADERS).end('{"place":"Zürich"}');
    const { stdout } = await run(`client.next().then(next => console.log(JSON.stringify(next)))`);
    expect(JSON.parse(stdout)).toEqual({
      bodyJson: '{"place":"Zürich"}',
      headers: { ...EVENT_HEADERS, 'lambda-runtime-deadline-ms': 1795000000000 },
    });
  });

  test('returns the client context as UTF-8, and empty text for headers that are missing', async () => {
    const context = '{"place":"Zürich"}';
    respond = (_request, response) =>
      response
        .writeHead(200, {
          'lambda-runtime-aws-request-id': 'id-1',
          'lambda-runtime-client-context': Buffer.from(context).toString('latin1'),
        })
        .end('{}');
    const { stdout } = await run(`client.next().then(({ headers }) => console.log(JSON.stringify(headers)))`);
    expect(JSON.parse(stdout)).toEqual({
      'lambda-runtime-aws-request-id': 'id-1',
      'lambda-runtime-client-context': context,
      'lambda-runtime-deadline-ms': 0,
      'lambda-runtime-invoked-function-arn': '',
      'lambda-runtime-trace-id': '',
    });
  });

  test.each([403, 500])('rejects if the Runtime API responds with %i', async status => {
    respond = (_request, response) => response.writeHead(status).end('{}');
    const { stdout } = await run(`client.next().catch(error => console.log(error.message))`);
    expect(stdout).toMatch(new RegExp(`^Failed to get next invocation, error ${status}$`, 'm'));
  });

  test('rejects if the Runtime API is unreachable', async () => {
    respond = request => request.socket.destroy();
    const { stdout } = await run(`client.next().catch(error => console.log(error.message))`);
    expect(stdout).toMatch(/^Failed to get next invocation, error -1$/m);
  });

  test('delivers a response even if the process crashes directly afterwards', async () => {
    respond = accept;
    const { code } = await run(`client.done('id-1', '{"place":"Zürich"}'); process.exit(3)`);
    expect(code).toBe(3);
    expect(received).toMatchObject([
      {
        line: 'POST /2018-06-01/runtime/invocation/id-1/response',
        body: '{"place":"Zürich"}',
        headers: { 'content-type': 'application/json', 'content-length': '19' },
      },
    ]);
  });

  test('delivers an error with its X-Ray cause even if SIGKILL follows directly', async () => {
    respond = accept;
    await run(
      `client.error('id-1', '{"errorType":"Bad"}', '{"cause":1}'); process.kill(process.pid, 'SIGKILL')`,
    );
    expect(received).toMatchObject([
      {
        line: 'POST /2018-06-01/runtime/invocation/id-1/error',
        body: '{"errorType":"Bad"}',
        headers: { 'lambda-runtime-function-xray-error-cause': '{"cause":1}' },
      },
    ]);
  });

  test('delivers a response before it requests the next invocation', async () => {
    respond = (request, response) =>
      request.method === 'POST'
        ? accept(request, response)
        : response.writeHead(200, EVENT_HEADERS).end('{}');
    await run(`(async () => {
      for (let i = 0; i < 3; i += 1) { await client.next(); client.done('id-' + i, '1'); }
      process.exit();
    })()`);
    const next = 'GET /2018-06-01/runtime/invocation/next';
    const done = (i: number): string => `POST /2018-06-01/runtime/invocation/id-${i}/response`;
    expect(received.map(({ line }) => line)).toEqual([next, done(0), next, done(1), next, done(2)]);
  });

  test('delivers a complete response of 6 MB', async () => {
    respond = accept;
    await run(`client.done('id-1', JSON.stringify('x'.repeat(6e6))); process.exit()`);
    expect(received[0]?.body).toHaveLength(6e6 + 2);
  });

  test('continues if the Runtime API rejects a response or is unreachable', async () => {
    respond = (_request, response) => response.writeHead(413).end('{}');
    expect((await run(`client.done('id-1', '1'); console.log('on')`)).stdout).toMatch(/^on$/m);
    respond = request => request.socket.destroy();
    expect((await run(`client.done('id-1', '1'); console.log('on')`)).stdout).toMatch(/^on$/m);
  });
}
