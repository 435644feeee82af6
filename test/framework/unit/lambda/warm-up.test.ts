/** The warm-up during init, and whether it takes place. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { warmUpPays } from '../../../../app/framework/lambda/warm-up.ts';
import { DIST } from '../../../helpers/local-lambda.ts';

test.each([
  ['128', 'on-demand', true],
  ['1768', 'on-demand', true],
  ['1769', 'on-demand', false],
  ['10240', 'on-demand', false],
  ['1769', undefined, false],
  ['1769', 'provisioned-concurrency', true],
  ['10240', 'snap-start', true],
])('a function with %s MB, initialized %s: warm-up %s', (memory, initialization, expected) => {
  expect(
    warmUpPays({
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: memory,
      ...(initialization !== undefined && { AWS_LAMBDA_INITIALIZATION_TYPE: initialization }),
    }),
  ).toBe(expected);
});

/** Runs init of the build as under the Runtime Interface Client, and prints whether it served requests of the warm-up. */
const INIT = `
  const requests = [];
  globalThis.Request = class extends Request {
    constructor(...args) {
      super(...args);
      requests.push(new URL(this.url).hostname);
    }
  };
  globalThis.awslambda = { streamifyResponse: handler => handler };
  await import(${JSON.stringify(pathToFileURL(join(DIST, 'handler.mjs')).href)});
  console.log(requests.includes('warm-up.invalid'));`;

test.each([
  ['512', true],
  ['1769', false],
])('init with %s MB serves requests of the warm-up: %s', async (memory, expected) => {
  const env = { PATH: process.env.PATH, MCP_AUTH: 'none', AWS_LAMBDA_FUNCTION_MEMORY_SIZE: memory };
  const args = ['--input-type=module', '-e', INIT];
  const { stdout } = await promisify(execFile)(process.execPath, args, { env });
  expect(stdout.trim()).toBe(String(expected));
});
