/**
 * What a call has used is free when it is answered, without a collection of all of the memory: which takes tens of
 * milliseconds of a processor, and of a fourteenth of one half a second. Kept is what the engine holds on to (a WeakMap, an accessor of
 * an object of its own, a function assigned to a property), so this fails when such a thing comes back, here, in the SDK or
 * in the runtime's client.
 */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Environment } from '../../../../app/framework/local-lambda/environment.ts';
import { call } from '../../../../scripts/bench/measure.ts';
import { ours } from '../../../../scripts/bench/subjects.ts';
import { DIST, ROOT } from '../../../helpers/local-lambda.ts';

/** Of which the fixture tells four times; what the engine makes of code it keeps as well, so the least of them counts. */
const CALLS = 2_001;
/** Usual are 1,000 and 8,000, the latter for Node's own streams. Without the diffs of scripts/build/patches: 30,000 and 34,000. */
const BYTES = { modern: 5_000, legacy: 15_000 };

test.each(['modern', 'legacy'] as const)('of a %s call little is kept', { timeout: 120_000 }, async era => {
  const row = ours().find(each => each.era === era);
  if (!row) expect.fail('there is no such call');
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
  const told = [...output.matchAll(/kept (-?\d+) bytes a call/g)].map(([, bytes]) => Number(bytes));
  expect(output.match(/"cold":true/g), 'what is prewarmed in the init is not told').toHaveLength(1);
  expect(output.match(/told V8 .*/g)).toEqual(['told V8 --efficiency-mode after 1 calls']);
  expect(told, output.slice(-500)).toHaveLength(4);
  expect(Math.min(...told), `the least of ${told}`).toBeLessThan(BYTES[era]);
});
