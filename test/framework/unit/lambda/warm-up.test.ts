/** The warm-up during init, and whether it takes place. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import type { ClientRequest } from 'node:http';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import type { ResponseStream } from '../../../../app/framework/lambda/response-stream.ts';
import { warmUp, warmUpPlan } from '../../../../app/framework/lambda/warm-up.ts';
import { DIST } from '../../../helpers/local-lambda.ts';

test.each([
  ['128', 'on-demand', 'handler.stream', { calls: true, stream: true }],
  ['511', undefined, 'handler.stream', { calls: true, stream: true }],
  ['128', 'on-demand', 'handler.buffered', { calls: true, stream: false }],
  ['512', 'on-demand', 'handler.stream', { calls: true, stream: false }],
  ['1768', 'on-demand', 'handler.stream', { calls: true, stream: false }],
  ['1769', 'on-demand', 'handler.stream', { calls: false, stream: false }],
  ['10240', undefined, 'handler.stream', { calls: false, stream: false }],
  ['1769', 'provisioned-concurrency', 'handler.stream', { calls: true, stream: true }],
  ['10240', 'snap-start', 'handler.stream', { calls: true, stream: true }],
  ['10240', 'snap-start', 'handler.buffered', { calls: true, stream: false }],
])(
  'a function with %s MB, initialized %s, with %s, warms up %j',
  (memory, initialization, handler, expected) => {
    const env = { AWS_LAMBDA_FUNCTION_MEMORY_SIZE: memory, _HANDLER: handler };
    expect(
      warmUpPlan(
        initialization === undefined ? env : { ...env, AWS_LAMBDA_INITIALIZATION_TYPE: initialization },
      ),
    ).toEqual(expected);
  },
);

test.each([
  ['before the first byte', () => undefined],
  ['in mid-stream', (to: ResponseStream) => void to.write('half')],
])('a warm-up that fails %s rejects with the error, and leaves no other rejection', async (_when, write) => {
  const handlers = {
    buffered: async () => ({ body: 'structuredContent' }),
    async stream(_event: object, to: ResponseStream) {
      write(to);
      await once(to as unknown as ClientRequest, 'socket');
      throw new Error('expected');
    },
  };
  await expect(warmUp(() => handlers, { calls: true, stream: true })).rejects.toThrow('expected');
  await new Promise(setImmediate);
});

/** Runs init of the build as under the Runtime Interface Client, and prints whether it has served calls, and how many over HTTP. */
const INIT = `
  import { subscribe } from 'node:diagnostics_channel';
  let [calls, overHttp] = [0, 0];
  globalThis.Request = class extends Request {
    constructor(...args) {
      super(...args);
      if (new URL(this.url).hostname === 'warm-up.invalid') calls += 1;
    }
  };
  subscribe('http.server.request.start', () => { overHttp += 1; });
  globalThis.awslambda = { streamifyResponse: handler => handler };
  await import(${JSON.stringify(pathToFileURL(join(DIST, 'handler.mjs')).href)});
  console.log(JSON.stringify([calls > 0, overHttp]));`;

test.each([
  ['128', 'handler.stream', [true, 1]],
  ['128', 'handler.buffered', [true, 0]],
  ['512', 'handler.stream', [true, 0]],
  ['1769', 'handler.stream', [false, 0]],
])(
  'init of %s MB and %s serves calls, and one over HTTP if that pays: %j',
  async (memory, handler, expected) => {
    const env = {
      PATH: process.env.PATH,
      MCP_AUTH: 'none',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: memory,
      _HANDLER: handler,
    };
    const args = ['--input-type=module', '-e', INIT];
    const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { env });
    expect([JSON.parse(stdout), stderr]).toEqual([expected, '']);
  },
);
