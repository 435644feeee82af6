/**
 * Starts a background job: the function invokes itself with invocation type Event and `{ "mcpBackgroundJob": job }`.
 * https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
 */
import type { CallAws } from '../aws/aws-client.ts';
import type { BackgroundJob } from '../mcp/task-types.ts';

/** The function in the invocation that starts the job. */
export interface OwnFunction {
  /** The ARN that was invoked: an alias has its own permissions, retries and destinations. */
  functionArn: string | undefined;
  /** The tenant ID, with which the job runs in an environment of the same caller. */
  tenantId: string | undefined;
}

export async function selfInvoke(
  callAws: CallAws,
  { functionArn, tenantId }: OwnFunction,
  job: BackgroundJob,
): Promise<void> {
  if (!functionArn)
    throw new Error(
      'Tasks require Lambda or the local Lambda, because the function invokes itself. Run npm start.',
    );
  await callAws('lambda', {
    path: `/2015-03-31/functions/${encodeURIComponent(functionArn)}/invocations`,
    headers: {
      'content-type': 'application/json',
      'x-amz-invocation-type': 'Event',
      ...(tenantId !== undefined && { 'x-amz-tenant-id': tenantId }),
    },
    body: JSON.stringify({ mcpBackgroundJob: job }),
  });
}
