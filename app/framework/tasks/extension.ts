/**
 * Adds the tasks extension to a server: the capability and the methods `tasks/get`, `tasks/update` and `tasks/cancel`.
 *
 * https://modelcontextprotocol.io/extensions/tasks, sections "Task Polling", "Task Update Requests", "Task Cancellation",
 * "Protocol Errors". `tasks/list` and `tasks/result` belong to an older draft and are not supported.
 */
import {
  type McpServer,
  ProtocolError,
  ProtocolErrorCode,
  type Server,
  type ServerContext,
} from '@modelcontextprotocol/server';
import * as z from 'zod';
import type { CallerTasks } from './caller-tasks.ts';
import { EXTENSION, toDetailedTask } from './task.ts';
import { missingExtension } from './task-errors.ts';

/** Key of the client's capabilities in a request's `_meta`. */
export const CAPABILITIES = 'io.modelcontextprotocol/clientCapabilities';

const params = z.object({ taskId: z.string().max(200) });

export function sdkServerOf(server: McpServer | Server): Server {
  return 'server' in server ? server.server : server;
}

/** Adds the extension to a server that is not connected yet. */
export function addExtension(given: McpServer | Server, tasks: CallerTasks, pollIntervalMs: number): void {
  const server = sdkServerOf(given);
  server.registerCapabilities({ extensions: { [EXTENSION]: {} } });
  server.setRequestHandler('tasks/get', { params }, async ({ taskId }, ctx) => {
    requireExtension(ctx);
    return toDetailedTask(await tasks.get(taskId), taskId, pollIntervalMs);
  });
  server.setRequestHandler('tasks/update', { params }, async ({ taskId }, ctx) => {
    requireExtension(ctx);
    // The SDK moves the responses from the parameters to the context, and drops malformed ones.
    const { inputResponses } = ctx.mcpReq;
    if (!inputResponses)
      throw new ProtocolError(ProtocolErrorCode.InvalidParams, 'inputResponses is missing.');
    await tasks.provideInput(taskId, inputResponses);
    return {};
  });
  server.setRequestHandler('tasks/cancel', { params }, async ({ taskId }, ctx) => {
    requireExtension(ctx);
    await tasks.cancel(taskId);
    return {};
  });
}

/** Returns whether a client declares the extension in its capabilities. */
export function supportsExtension(capabilities: unknown): boolean {
  const { extensions } = (capabilities ?? {}) as { extensions?: unknown };
  return typeof extensions === 'object' && extensions !== null && Object.hasOwn(extensions, EXTENSION);
}

function requireExtension({ mcpReq }: ServerContext): void {
  if (!supportsExtension((mcpReq.envelope as Record<string, unknown> | undefined)?.[CAPABILITIES]))
    throw missingExtension();
}
