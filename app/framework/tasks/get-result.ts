/**
 * Tasks for clients without the extension: a call of such a tool waits a while for its task and is answered by the result, or
 * by how to ask for it; the tool `get_result` does the same for a task that has begun before.
 *
 * Every client can call a tool, and every model can be told to. A tool that asks for input is not for this: the questions
 * are the extension's.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { CallToolResult, McpServer, Server, ServerContext } from '@modelcontextprotocol/server';
import * as z from 'zod';
import { current, type ExtensionOptions } from './extension.ts';
import { isOver, type Task } from './task.ts';

export const GET_RESULT = 'get_result';

const CONFIG = {
  title: 'Result of a long call',
  description:
    'Gives the result of a call that was still working when it was answered. Takes the taskId of that answer; call it again while it says that the work goes on.',
  inputSchema: z.object({ taskId: z.string().max(200) }),
  annotations: { readOnlyHint: true, idempotentHint: true },
};
/** How long between two looks at the task, in milliseconds. */
const LOOK_MS = 1_000;

/** Throws where the server is not an McpServer: the tools of others are not known. */
export function addGetResult(given: McpServer | Server, options: ExtensionOptions, waitMs: number): void {
  if (!('registerTool' in given))
    throw new TypeError(
      `dynamoTasks: fallback "poll-tool" needs an McpServer, to which a tool can be added.`,
    );
  given.registerTool(GET_RESULT, CONFIG, ({ taskId }, ctx) => resultWithin(taskId, options, waitMs, ctx));
}

/** The result as it would have been, or what has become of it so far. Rejects when there is no such task of the caller's. */
export async function resultWithin(
  taskId: string,
  options: ExtensionOptions,
  waitMs: number,
  { mcpReq }: Pick<ServerContext, 'mcpReq'>,
): Promise<CallToolResult> {
  const last = Date.now() + waitMs;
  const progressToken = mcpReq._meta?.progressToken;
  let told: string | undefined;
  for (let progress = 1; ; ) {
    const task = await current(taskId, options);
    const { statusMessage: message } = task;
    if (isOver(task) || task.status === 'input_required') return answer(task);
    if (progressToken !== undefined && message !== undefined && message !== told) {
      told = message;
      const params = { progressToken, progress, message };
      await mcpReq.notify({ method: 'notifications/progress', params });
      progress += 1;
    }
    // Whoever has hung up is not waited for; the work goes on.
    if (Date.now() + LOOK_MS > last || mcpReq.signal.aborted) return workingOn(taskId, message);
    await pause(LOOK_MS);
  }
}

function answer({ status, result, error }: Task): CallToolResult {
  if (status === 'completed') return result as CallToolResult;
  if (status === 'failed') return failed(`The work has failed. ${error?.message ?? ''}`.trim());
  if (status === 'cancelled') return failed('The work was cancelled.');
  return failed('The tool asks the user for something, which needs a client with the tasks extension.');
}

function workingOn(taskId: string, message: string | undefined): CallToolResult {
  const soFar = message === undefined ? '' : ` (${message})`;
  const text = `The work goes on${soFar}. Call the tool ${GET_RESULT} with taskId "${taskId}" for its result.`;
  return { content: [{ type: 'text', text }] };
}

function failed(text: string): CallToolResult {
  return { content: [{ type: 'text', text }], isError: true };
}
