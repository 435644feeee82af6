/**
 * Invocations that are not HTTP: background jobs that the function sends to itself (app/framework/tasks/self-invoke.ts).
 *
 * Fails closed. Sending this event requires lambda:InvokeFunction; it cannot be sent over HTTP, because every endpoint wraps
 * a request into an event with `requestContext`, where the caller's text is the value of a field. So an event is a job only
 * if `mcpBackgroundJob` is its only key and a route has jobs; any other event is handled as HTTP.
 */
import type { BackgroundJob, BackgroundJobHandler } from '../mcp/task-types.ts';

/** Returns the job in `event`, or undefined. */
export function backgroundJobOf(event: unknown): BackgroundJob | undefined {
  if (typeof event !== 'object' || event === null) return undefined;
  const { mcpBackgroundJob: job } = event as { mcpBackgroundJob?: Partial<BackgroundJob> };
  if (Object.keys(event).length !== 1 || typeof job !== 'object' || job === null) return undefined;
  const { path, taskKey } = job;
  return typeof path === 'string' && typeof taskKey === 'string' ? { path, taskKey } : undefined;
}

/** Returns the function that runs the job of `event`; undefined if the event is not a job, or the route at its path has no jobs. */
export function backgroundJob(
  event: unknown,
  handlers: ReadonlyMap<string, BackgroundJobHandler>,
): ((signal: AbortSignal, tenantId: string | undefined) => Promise<void>) | undefined {
  if (handlers.size === 0) return undefined;
  const job = backgroundJobOf(event);
  const run = job && handlers.get(job.path);
  return run && ((signal, tenantId) => run(job.taskKey, signal, tenantId));
}
