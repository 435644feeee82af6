/**
 * `dynamoTasks({ tools })`: tools of a route that run for longer than a client waits, for {@link McpOptions.tasks}.
 *
 * If the client supports the tasks extension, a call of such a tool is stored in the DynamoDB table and returns a task. The
 * function then invokes itself asynchronously and runs the tool there, by the route's own server, so the tool is written like
 * any other. Its progress becomes the task's status message. A tool that requests input (SEP-2322) is called again with the
 * responses; nothing runs in between.
 *
 * The caller is stored without the token: in a task `ctx.http.authInfo.token` is empty.
 */
import { createAwsClient } from '../aws/aws-client.ts';
import type { TaskSupport } from '../mcp/task-types.ts';
import { createStore } from '../store/store.ts';
import { completeOptions, type DynamoTasksOptions } from './task-options.ts';
import { TaskRoute } from './task-route.ts';

/** Creates the option `tasks` of a route. Throws a TypeError if an option is out of range. */
export function dynamoTasks(options: DynamoTasksOptions): TaskSupport {
  const complete = completeOptions(options);
  const callAws = createAwsClient();
  const store = createStore(callAws);
  return host => new TaskRoute(host, complete, { callAws, store });
}
