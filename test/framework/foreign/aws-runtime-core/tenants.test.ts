/** The tenant of an invocation with AWS's runtime core, which passes it to the runtime client as Lambda does. */
import { join } from 'node:path';
import { expect } from 'vitest';
import { DIST, ROOT } from '../../../helpers/local-lambda.ts';
import { describeWith } from '../../../helpers/skipped-suites.ts';
import { describeTenants } from '../../unit/lambda/tenants.ts';
import { findAwsRuntimeCore } from './build.ts';
import { startControlPlane } from './control-plane.ts';

describeWith(await findAwsRuntimeCore())('tenants under AWS’s runtime core', core => {
  describeTenants(async env => {
    const plane = await startControlPlane(core, {
      command: [process.execPath, join(DIST, 'ric/index.mjs')],
      env: {
        ...env,
        _HANDLER: 'tenant-app.stream',
        LAMBDA_TASK_ROOT: join(ROOT, 'test/fixtures'),
      },
    });
    if (!(await plane.initialized)) throw new Error(`The init failed:\n${plane.output()}`);
    return {
      async invoke(event, tenantId) {
        const invocation = { payload: JSON.stringify(event), tenantId, streaming: true };
        const { result, released } = await plane.invoke(invocation);
        const { body, trailers } = await result;
        await released;
        // An error of a streaming function follows the body.
        const error = trailers['lambda-runtime-function-error-body'] ?? '';
        return body + Buffer.from(error, 'base64').toString();
      },
      async printed(pattern) {
        await expect.poll(() => plane.output()).toMatch(pattern);
      },
      close: () => plane.close(),
    };
  });
});
