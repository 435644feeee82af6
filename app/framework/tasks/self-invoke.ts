/**
 * Starts a background job: the function invokes itself with invocation type Event and `{ "mcpBackgroundJob": job }`.
 * https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
 */
import type { CallAws } from '../aws/aws-client.ts';
import type { BackgroundJob } from '../mcp/task-types.ts';

/** `functionArn` is the ARN that was invoked: an alias has its own permissions, retries and destinations. */
export async function selfInvoke(
  callAws: CallAws,
  functionArn: string | undefined,
  job: BackgroundJob,
): Promise<void> {
  if (!functionArn)
    throw new Error(
      'Tasks need Lambda or the local Lambda, because the function invokes itself. Run npm start.',
    );
  await callAws('lambda', {
    path: `/2015-03-31/functions/${encodeURIComponent(functionArn)}/invocations`,
    headers: { 'content-type': 'application/json', 'x-amz-invocation-type': 'Event' },
    body: JSON.stringify({ mcpBackgroundJob: job }),
  });
}
