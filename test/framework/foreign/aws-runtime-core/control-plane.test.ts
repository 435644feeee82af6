/** The control plane for AWS's runtime core, which the other suites of this folder use. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { DIST, ROOT } from '../../../helpers/local-lambda.ts';
import { describeWith } from '../../../helpers/skipped-suites.ts';
import { findAwsRuntimeCore } from './build.ts';
import { startControlPlane } from './control-plane.ts';

const RIC = [process.execPath, join(DIST, 'ric/index.mjs')] as const;
const TASK_ROOT = join(ROOT, 'test/fixtures');
const fixture = (handler: string) => ({ _HANDLER: `functions.${handler}`, LAMBDA_TASK_ROOT: TASK_ROOT });

describeWith(await findAwsRuntimeCore())('AWS’s runtime core', core => {
  test('runs a function under aws-lambda-ric, buffered', async () => {
    await using plane = await startControlPlane(core, { command: RIC, env: fixture('echoBuffered') });
    expect(await plane.initialized).toBe(true);
    const { result, released } = await plane.invoke({ payload: '{"n":1}' });
    const { status, body } = await result;
    expect([status, JSON.parse(body)]).toEqual([200, { statusCode: 200, body: '{"n":1}' }]);
    expect(await released).toBe(true);
  });

  test('runs a function under aws-lambda-ric, streamed', async () => {
    await using plane = await startControlPlane(core, { command: RIC, env: fixture('echo') });
    await plane.initialized;
    for (const n of [1, 2]) {
      const { result, released } = await plane.invoke({ payload: `{"n":${n}}`, streaming: true });
      const { body, trailers } = await result;
      expect(body.split('\0').at(-1)).toBe(`{"n":${n}}`);
      expect(trailers['end-of-response']).toBe('Complete');
      expect(await released).toBe(true);
    }
  });

  test('passes the tenant to the function', async () => {
    await using plane = await startControlPlane(core, { command: RIC, env: fixture('context') });
    await plane.initialized;
    const { result } = await plane.invoke({ payload: '{}', tenantId: 'tenant-1' });
    expect(JSON.parse((await result).body)).toMatchObject({ tenantId: 'tenant-1' });
  });

  test('responds to restore/next when the environment is restored', async () => {
    const command = [process.execPath, join(import.meta.dirname, 'snapshot-runtime.mjs')];
    await using plane = await startControlPlane(core, { command, snapStart: true });
    expect(await plane.initialized).toBe(true);
    expect(plane.output()).not.toContain('restored');
    expect(await plane.restore()).not.toHaveProperty('restoreError');
    expect(plane.output()).toContain('restored 200');
    const { result } = await plane.invoke({ payload: '{}' });
    expect((await result).body).toBe('"served"');
  });
});
