/**
 * A task as it is stored, and as a client gets it.
 *
 * https://modelcontextprotocol.io/extensions/tasks (io.modelcontextprotocol/tasks, SEP-2663), section "Tasks".
 */

import type { AuthInfo } from '@modelcontextprotocol/server';
import type { JsonRpcError } from '../json-rpc.ts';
import { type Item, MAX_DATA_BYTES, type Store } from '../store/store.ts';

export const EXTENSION = 'io.modelcontextprotocol/tasks';

export type TaskStatus = 'working' | 'input_required' | 'completed' | 'failed' | 'cancelled';

/** The data of an item in the table. Times are in milliseconds since 1970. */
export interface StoredTask {
  status: TaskStatus;
  statusMessage?: string | undefined;
  created: number;
  updated: number;
  /** The request as it was received, and its caller. */
  call: TaskCall;
  /** Number of input requests so far. It is part of their keys, so that keys of different rounds differ. */
  round: number;
  inputRequests?: Record<string, unknown> | undefined;
  inputResponses?: Record<string, unknown> | undefined;
  /** The state of the tool between two rounds (SEP-2322). */
  requestState?: string | undefined;
  result?: Record<string, unknown>;
  error?: JsonRpcError;
  /** Invocations that have started the current round. */
  attempts: number;
  /** When the function last invoked itself for this task. */
  queued: number;
  /** The lease of the worker that runs the task. */
  lease?: string;
  leaseUntil?: number | undefined;
}

export type TaskItem = Item<StoredTask>;

/** Fields to set; undefined removes a field. */
export type TaskChanges = Partial<StoredTask>;

export interface TaskCall {
  message: { id?: unknown; method: string; params: Record<string, unknown> };
  authInfo?: AuthInfo;
}

/**
 * Returns the changes that remove the arguments and input of a task that has ended: they are no longer needed, and the result or
 * error needs the space. The caller and the name of the tool remain.
 */
export function ended({ call }: StoredTask): TaskChanges {
  const { message, ...others } = call;
  const { name } = message.params;
  return {
    call: { ...others, message: { method: message.method, params: { name } } },
    inputRequests: undefined,
    inputResponses: undefined,
    requestState: undefined,
    leaseUntil: undefined,
  };
}

export function isTerminal({ status }: StoredTask): boolean {
  return status !== 'working' && status !== 'input_required';
}

/** Space for the fields that change while a task runs: its lease, its attempts and its status message. */
const RESERVED_BYTES = 4 * 1024;

/** Returns whether the item of a task that has not ended has room for its progress. */
export function hasRoom(task: StoredTask): boolean {
  return Buffer.byteLength(JSON.stringify(task)) <= MAX_DATA_BYTES - RESERVED_BYTES;
}

/**
 * Reads a task, calls `next` for changes and writes them; repeats this if the task was written in the meantime. `next` returns
 * undefined for no change. Returns the current item, or undefined if there is none.
 */
export async function changeTask(
  store: Store,
  key: string,
  next: (task: StoredTask) => TaskChanges | undefined,
): Promise<{ item: TaskItem | undefined; changed: boolean }> {
  for (;;) {
    const item = await store.get<StoredTask>(key);
    const changes = item && next(item.data);
    if (!changes) return { item, changed: false };
    const data = { ...item.data, ...changes };
    const written = await store.update(item, isTerminal(data) ? { ...data, ...ended(data) } : data);
    if (written) return { item: written, changed: true };
  }
}

/** Returns the fields that CreateTaskResult and GetTaskResult have in common. */
export function toTask(
  { expires, data }: TaskItem,
  taskId: string,
  pollIntervalMs: number,
): Record<string, unknown> {
  const { status, statusMessage, created, updated } = data;
  return {
    taskId,
    status,
    ...(statusMessage !== undefined && { statusMessage }),
    createdAt: new Date(created).toISOString(),
    lastUpdatedAt: new Date(updated).toISOString(),
    ttlMs: expires * 1000 - created,
    pollIntervalMs,
  };
}

/** Returns a DetailedTask (section "Task Polling"). */
export function toDetailedTask(
  item: TaskItem,
  taskId: string,
  pollIntervalMs: number,
): Record<string, unknown> {
  const { status, inputRequests = {}, inputResponses = {}, result, error } = item.data;
  const open = Object.entries(inputRequests).filter(([key]) => !(key in inputResponses));
  return {
    ...toTask(item, taskId, pollIntervalMs),
    ...(status === 'input_required' && { inputRequests: Object.fromEntries(open) }),
    ...(status === 'completed' && { result }),
    ...(status === 'failed' && { error }),
  };
}
