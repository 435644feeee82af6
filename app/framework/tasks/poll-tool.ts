/**
 * Tasks for clients without the extension: a tool call waits for its task and returns the result, or the ID with which
 * the tool `get_result` returns it.
 *
 * Tools that request input need a client with the extension.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { CallToolResult, McpServer, Server, ServerContext } from '@modelcontextprotocol/server';
import * as z from 'zod';
import type { CallerTasks } from './caller-tasks.ts';
import { isTerminal, type StoredTask } from './task.ts';

const POLL_TOOL = 'get_result';

const CONFIG = {
  title: 'Result of a long call',
  description:
    'Returns the result of a tool call that was still running when it returned a taskId. Call it again while the work is still in progress.',
  inputSchema: z.object({ taskId: z.string().max(200) }),
  annotations: { readOnlyHint: true, idempotentHint: true },
};
const CHECK_INTERVAL_MS = 1_000;

/** Throws a TypeError if the server is not an McpServer, to which a tool can be added. */
export function addPollTool(server: McpServer | Server, tasks: CallerTasks, waitMs: number): void {
  if (!('registerTool' in server))
    throw new TypeError(
      'dynamoTasks: fallback "poll-tool" adds a tool to the server, which must be an McpServer. Create one, or choose another fallback.',
    );
  server.registerTool(POLL_TOOL, CONFIG, ({ taskId }, ctx) => waitForResult(taskId, tasks, waitMs, ctx));
}

/** Returns the tool's own result, or the state of the task after `waitMs`. Rejects if the caller has no such task. */
export async function waitForResult(
  taskId: string,
  tasks: CallerTasks,
  waitMs: number,
  { mcpReq }: Pick<ServerContext, 'mcpReq'>,
): Promise<CallToolResult> {
  const deadline = Date.now() + waitMs;
  const progressToken = mcpReq._meta?.progressToken;
  let notified: string | undefined;
  for (let progress = 1; ; ) {
    const { data: task } = await tasks.get(taskId);
    const { statusMessage: message } = task;
    if (isTerminal(task) || task.status === 'input_required') return toToolResult(task);
    if (progressToken !== undefined && message !== undefined && message !== notified) {
      notified = message;
      const params = { progressToken, progress, message };
      await mcpReq.notify({ method: 'notifications/progress', params });
      progress += 1;
    }
    // If the client has disconnected, only the waiting ends, not the task.
    if (Date.now() + CHECK_INTERVAL_MS > deadline || mcpReq.signal.aborted)
      return inProgress(taskId, message);
    await pause(CHECK_INTERVAL_MS);
  }
}

function toToolResult({ status, result, error }: StoredTask): CallToolResult {
  if (status === 'completed') return result as CallToolResult;
  if (status === 'failed') return toolError(error?.message ?? 'The task failed.');
  if (status === 'cancelled') return toolError('The task was cancelled.');
  return toolError('The tool requests input from the user, which needs a client with the tasks extension.');
}

function inProgress(taskId: string, message: string | undefined): CallToolResult {
  const status = message === undefined ? '' : ` (${message})`;
  const text = `The work is still in progress${status}. Call the tool ${POLL_TOOL} with taskId "${taskId}" for its result.`;
  return { content: [{ type: 'text', text }] };
}

function toolError(text: string): CallToolResult {
  return { content: [{ type: 'text', text }], isError: true };
}
