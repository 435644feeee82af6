/** The SnapStart lifecycle of the image's process with AWS's own runtime core, which serves restore/next and restore/error. */
import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { v2Event } from '../../helpers/events.ts';
import { describeWith, type Found } from '../../helpers/skipped-suites.ts';
import { buildSnapStartApp, COMPILER, type SnapStartApp } from '../../helpers/snap-start-app.ts';
import { type AwsRuntimeCore, findAwsRuntimeCore } from './aws-runtime-core/build.ts';
import { type ControlPlane, startControlPlane } from './aws-runtime-core/control-plane.ts';

const needed: Found<AwsRuntimeCore> = 'missing' in COMPILER ? COMPILER : await findAwsRuntimeCore();

describeWith(needed)('SnapStart with AWS’s runtime core', core => {
  let app: SnapStartApp;
  beforeAll(() => {
    app = buildSnapStartApp();
  });
  afterAll(() => app?.[Symbol.dispose]());

  const start = (env: Record<string, string> = {}): Promise<ControlPlane> =>
    startControlPlane(core, {
      command: [process.execPath, join(app.folder, 'entry.mjs'), 'handler.stream'],
      folder: app.folder,
      snapStart: true,
      env: {
        MCP_AUTH: 'none',
        LAMBDA_TASK_ROOT: app.folder,
        // Lambda with SnapStart does not set these, although aws-lambda-ric requires them.
        AWS_LAMBDA_LOG_GROUP_NAME: '',
        AWS_LAMBDA_LOG_STREAM_NAME: '',
        ...env,
      },
    });

  /** Returns the error of init, which is the response to an invocation, before which the core repeats init. */
  async function initError(plane: ControlPlane): Promise<{ type: unknown; body: string }> {
    expect(await plane.initialized).toBe(false);
    const { result } = await plane.invoke({ payload: '{}', streaming: true });
    const { headers, body } = await result;
    return { type: headers['error-type'], body };
  }

  test('waits in restore/next until the environment is restored, then serves invocations', async () => {
    await using plane = await start();
    expect(await plane.initialized).toBe(true);
    expect(plane.output()).toContain('hook: snapshot a');
    expect(plane.output()).not.toContain('hook: restore');
    expect(await plane.restore()).not.toHaveProperty('restoreError');
    expect(plane.output()).toContain('hook: restore b');
    for (let n = 0; n < 2; n += 1) {
      const payload = JSON.stringify(v2Event({ method: 'GET', path: '/healthz' }));
      const { result, released } = await plane.invoke({ payload, streaming: true });
      const { body, trailers } = await result;
      expect(body).toContain('"status":"ok"');
      expect(trailers['end-of-response']).toBe('Complete');
      expect(await released).toBe(true);
    }
  });

  test('reports a failing hook before the snapshot as an error of init', async () => {
    await using plane = await start({ FIXTURE_FAILING_HOOK: 'snapshot' });
    const { type, body } = await initError(plane);
    expect(type).toBe('Runtime.BeforeSnapshotError');
    expect(JSON.parse(body)).toMatchObject({
      errorType: 'Runtime.BeforeSnapshotError',
      errorMessage: 'The hook "snapshot b" fails.',
    });
  });

  test('reports a failing hook after the restore as an error of the restore', async () => {
    await using plane = await start({ FIXTURE_FAILING_HOOK: 'restore' });
    expect(await plane.initialized).toBe(true);
    // The core's error type for a POST to restore/error. If the process only exited, it would be Runtime.ExitError.
    expect(await plane.restore()).toMatchObject({ restoreError: 'errRestoreHookUserError' });
    expect(plane.output()).toContain('Runtime.AfterRestoreError: Error: The hook "restore a" fails.');
  });

  test('refuses to start without the addon', async () => {
    const addon = join(app.folder, 'reseed.node');
    renameSync(addon, `${addon}.away`);
    try {
      await using plane = await start();
      const { type, body } = await initError(plane);
      expect(type).toBe('Runtime.BeforeSnapshotError');
      expect(JSON.parse(body).errorMessage).toContain('SnapStart needs reseed.node');
    } finally {
      renameSync(`${addon}.away`, addon);
    }
  });
});
