/**
 * The methods of the tasks extension on a server: `tasks/get`, `tasks/update`, `tasks/cancel`, and the capability.
 *
 * https://modelcontextprotocol.io/extensions/tasks, sections "Task Polling", "Task Update Requests", "Task Cancellation",
 * "Protocol Errors". A task is found by its route, its caller and its ID together, so a foreign one is one that is not
 * there. `tasks/list` and `tasks/result` are of an older draft and not offered.
 */
import {
  type McpServer,
  MissingRequiredClientCapabilityError,
  ProtocolError,
  ProtocolErrorCode,
  type Server,
  type ServerContext,
} from '@modelcontextprotocol/server';
import * as z from 'zod';
import { failure, LOST } from './runner.ts';
import { change, type TaskStore } from './store.ts';
import { detailed, EXTENSION, isOver, type Task } from './task.ts';

/** Of a request's envelope. */
export const CAPABILITIES = 'io.modelcontextprotocol/clientCapabilities';

export interface ExtensionOptions {
  store: TaskStore;
  pollIntervalMs: number;
  /** A task that nobody has worked at for so long is handed to Lambda once more, in milliseconds. */
  idleMs: number;
  /** ... and for so long has failed. */
  lostMs: number;
  keyOf(taskId: string): string;
  /** See {@link RunnerOptions.attemptsOf}. */
  attemptsOf(task: Task): number;
  /** Hands the task to Lambda. */
  start(key: string): Promise<void>;
}

const named = z.object({ taskId: z.string().max(200) });

export function serverOf(given: McpServer | Server): Server {
  return 'server' in given ? given.server : given;
}

/** Before the server is connected. */
export function offerTasks(given: McpServer | Server, options: ExtensionOptions): void {
  const server = serverOf(given);
  server.registerCapabilities({ extensions: { [EXTENSION]: {} } });
  const { pollIntervalMs } = options;
  server.setRequestHandler('tasks/get', { params: named }, async ({ taskId }, ctx) => {
    requireTasks(ctx);
    return detailed(await current(taskId, options), taskId, pollIntervalMs);
  });
  server.setRequestHandler('tasks/update', { params: named }, async ({ taskId }, ctx) => {
    requireTasks(ctx);
    // The SDK takes them out of the parameters, and out of them what is no answer to anything.
    const { inputResponses } = ctx.mcpReq;
    if (!inputResponses)
      throw new ProtocolError(ProtocolErrorCode.InvalidParams, 'inputResponses is missing.');
    await update(taskId, inputResponses, options);
    return {};
  });
  server.setRequestHandler('tasks/cancel', { params: named }, async ({ taskId }, ctx) => {
    requireTasks(ctx);
    const { task } = await change(options.store, options.keyOf(taskId), found =>
      isOver(found) ? undefined : { status: 'cancelled', updated: Date.now(), leaseUntil: undefined },
    );
    if (!task) throw notFound();
    return {};
  });
}

export function declaresTasks(capabilities: unknown): boolean {
  const { extensions } = (capabilities ?? {}) as { extensions?: unknown };
  return typeof extensions === 'object' && extensions !== null && Object.hasOwn(extensions, EXTENSION);
}

export function missingExtension(): MissingRequiredClientCapabilityError {
  return new MissingRequiredClientCapabilityError(
    { requiredCapabilities: { extensions: { [EXTENSION]: {} } } },
    `Missing required client capability: the extension ${EXTENSION}`,
  );
}

function requireTasks({ mcpReq }: ServerContext): void {
  if (!declaresTasks((mcpReq.envelope as Record<string, unknown> | undefined)?.[CAPABILITIES]))
    throw missingExtension();
}

/** As it is now. One that nobody works at is started again, or has failed: nothing is "working" for ever. */
export async function current(taskId: string, options: ExtensionOptions): Promise<Task> {
  const { store, idleMs, lostMs, attemptsOf } = options;
  const key = options.keyOf(taskId);
  const idleFor = (task: Task): number =>
    task.status === 'working' ? Date.now() - Math.max(task.queued, task.leaseUntil ?? 0) : 0;
  const lostFor = (task: Task): number => Date.now() - Math.max(task.updated, task.leaseUntil ?? 0);
  // Nobody may begin it any more, and whoever did is gone.
  const isSpent = ({ status, leaseUntil = Infinity, attempts }: Task, most: number): boolean =>
    status === 'working' && leaseUntil < Date.now() && attempts >= most;
  const { task, changed } = await change(store, key, found => {
    if (isSpent(found, attemptsOf(found))) return failure(LOST);
    if (idleFor(found) < idleMs) return undefined;
    return lostFor(found) >= lostMs ? failure(LOST) : { queued: Date.now() };
  });
  if (!task) throw notFound();
  if (changed && task.status === 'working') await options.start(key);
  return task;
}

/** Keys that nobody has asked under, or that are answered, are passed over. */
async function update(
  taskId: string,
  given: Record<string, unknown>,
  { store, keyOf, start }: ExtensionOptions,
): Promise<void> {
  const key = keyOf(taskId);
  const { task, changed } = await change(store, key, found => {
    const { status, inputRequests = {}, inputResponses = {} } = found;
    const fresh = Object.entries(given).filter(
      ([name]) => Object.hasOwn(inputRequests, name) && !Object.hasOwn(inputResponses, name),
    );
    if (status !== 'input_required' || fresh.length === 0) return undefined;
    const answers = { ...inputResponses, ...Object.fromEntries(fresh) };
    const all = Object.keys(inputRequests).every(name => Object.hasOwn(answers, name));
    const updated = Date.now();
    return { inputResponses: answers, updated, ...(all && { status: 'working' as const, queued: updated }) };
  });
  if (!task) throw notFound();
  if (changed && task.status === 'working') await start(key);
}

function notFound(): ProtocolError {
  return new ProtocolError(
    ProtocolErrorCode.InvalidParams,
    'Task not found: there is no such task of yours here, or it has expired.',
  );
}
