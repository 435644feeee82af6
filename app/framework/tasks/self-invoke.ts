/**
 * The event by which the function invokes itself: `{ "mcpBackgroundJob": { path, taskKey } }`, sent with invocation type
 * Event. https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
 */

import type { CallAws } from '../aws/aws-client.ts';
import type { BackgroundJob } from '../mcp/task-types.ts';

/** `functionArn` as the function was called, with its alias: the alias's rights, retries and destinations are what count. */
export function selfInvocation(
  call: CallAws,
): (functionArn: string | undefined, job: BackgroundJob) => Promise<void> {
  return async function invokeSelf(functionArn, job) {
    if (!functionArn)
      throw new Error('Tasks need Lambda, or the local Lambda: the function is to invoke itself.');
    await call('lambda', {
      path: `/2015-03-31/functions/${encodeURIComponent(functionArn)}/invocations`,
      headers: { 'content-type': 'application/json', 'x-amz-invocation-type': 'Event' },
      body: JSON.stringify({ mcpBackgroundJob: job }),
    });
  };
}
