/**
 * Managed Instances: with AWS_LAMBDA_MAX_CONCURRENCY the Runtime Interface Client starts worker threads, which wait for invocations at
 * the same time. https://docs.aws.amazon.com/lambda/latest/dg/lambda-managed-instances.html
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { DIST, ROOT } from '../../../helpers/local-lambda.ts';

/** More than the number of threads in libuv's pool. */
const WORKERS = 6;

test('every worker thread waits for invocations, and the file and DNS operations of the function complete', async () => {
  const waiting: ServerResponse[] = [];
  const responses: unknown[] = [];
  const api = createServer(async (request, response) => {
    if (request.method === 'GET') {
      waiting.push(response);
      return;
    }
    responses.push(JSON.parse(await text(request)));
    response.writeHead(202, { 'content-type': 'application/json' }).end('{"status":"OK"}');
  });
  await once(api.listen(0, '127.0.0.1'), 'listening');
  const { port } = api.address() as AddressInfo;
  const runtime = spawn(process.execPath, [join(DIST, 'entry.mjs')], {
    env: {
      PATH: process.env.PATH,
      AWS_LAMBDA_RUNTIME_API: `127.0.0.1:${port}`,
      AWS_LAMBDA_MAX_CONCURRENCY: '8',
      AWS_LAMBDA_NODEJS_WORKER_COUNT: String(WORKERS),
      AWS_LAMBDA_FUNCTION_NAME: 'f',
      AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '2048',
      AWS_LAMBDA_LOG_GROUP_NAME: 'g',
      AWS_LAMBDA_LOG_STREAM_NAME: 's',
      LAMBDA_TASK_ROOT: join(ROOT, 'test/fixtures'),
      _HANDLER: 'functions.resolve',
    },
    stdio: 'inherit',
  });
  try {
    await expect.poll(() => waiting.length).toBe(WORKERS);
    waiting.shift()?.writeHead(200, HEADERS).end('{"n":1}');
    await expect.poll(() => responses).toEqual([{ n: 1, address: true, read: true }]);
  } finally {
    runtime.kill('SIGKILL');
    api.closeAllConnections();
    api.close();
  }
});

const HEADERS = {
  'content-type': 'application/json',
  'lambda-runtime-aws-request-id': 'id-1',
  'lambda-runtime-deadline-ms': String(Date.now() + 60_000),
  'lambda-runtime-invoked-function-arn': 'arn:aws:lambda:eu-central-1:123456789012:function:f',
};
