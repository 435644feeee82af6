/**
 * Measures the memory that a call keeps after its response. V8 frees it only in a full garbage collection, which takes tens of
 * milliseconds of a vCPU, and half a second with 1/14 of a vCPU. A WeakMap, an accessor of a single object or a function that is
 * assigned to a property keep memory in this way. The test fails if the framework, the SDK or the runtime client adds one.
 */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Environment } from '../../../../app/framework/local-lambda/environment.ts';
import { call } from '../../../../scripts/bench/measure.ts';
import { ours } from '../../../../scripts/bench/subjects.ts';
import { DIST, ROOT } from '../../../helpers/local-lambda.ts';

/** The fixture reports four times during these calls. V8 also keeps compiled code, so the lowest of the four counts. */
const CALLS = 2_001;
/** The usual values are 1,000 and 8,000 bytes per call, the latter for Node's streams. Without the diffs of scripts/build/patches they are 30,000 and 34,000. */
const BYTES = { modern: 5_000, legacy: 15_000 };

test.each(['modern', 'legacy'] as const)('a call of the %s era keeps only a few kB of memory', async era => {
  const row = ours().find(each => each.era === era);
  if (!row) expect.fail(`ours() has no row of the ${era} era`);
  let output = '';
  const environment = new Environment({
    command: [process.execPath, '--expose-gc', join(DIST, 'ric/index.mjs')],
    env: {
      PATH: process.env.PATH,
      MCP_AUTH: 'none',
      KEEPING_OF: DIST,
      _HANDLER: 'retention-app.stream',
      LAMBDA_TASK_ROOT: join(ROOT, 'test/fixtures'),
      AWS_REGION: 'us-east-1',
      AWS_LAMBDA_FUNCTION_NAME: 'keeping',
      AWS_LAMBDA_FUNCTION_VERSION: '1',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '512',
      AWS_LAMBDA_LOG_GROUP_NAME: 'keeping',
      AWS_LAMBDA_LOG_STREAM_NAME: 'keeping',
    },
    timeout: 60,
    initTimeout: 30,
    memory: 4096,
    freeze: false,
    output: text => {
      output += text;
    },
  });
  try {
    await environment.init();
    for (let i = 0; i < CALLS; i += 1) await call(environment, row.subject);
  } finally {
    environment.kill();
    await environment.exited;
  }
  const kept = [...output.matchAll(/kept (-?\d+) bytes a call/g)].map(([, bytes]) => Number(bytes));
  expect(output.match(/"cold":true/g), 'the number of reports with "cold":true').toHaveLength(1);
  expect(output.match(/set --.*/g)).toEqual(['set --efficiency-mode after 1 calls']);
  expect(kept, output.slice(-500)).toHaveLength(4);
  expect(Math.min(...kept), `the lowest of ${kept}`).toBeLessThan(BYTES[era]);
});
