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
  /** Counts the requests for input: keys of different rounds differ. */
  round: number;
  inputRequests?: Record<string, unknown> | undefined;
  inputResponses?: Record<string, unknown> | undefined;
  /** The tool's own state between two rounds (SEP-2322). */
  requestState?: string | undefined;
  result?: Record<string, unknown>;
  error?: JsonRpcError;
  /** Invocations that have started the current round. */
  attempts: number;
  /** When the function last invoked itself for this task. */
  queued: number;
  /** The worker that holds the task, and until when. */
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
 * Returns what a task that has ended keeps of its call: who may read it, and which tool it was. The arguments and the rounds of
 * input are not needed any more, and the result or error that ends the task needs their space.
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

/** For the fields that change while a task runs: its lease, its attempts and its status message. */
const RESERVED_BYTES = 4 * 1024;

/** Whether a task that has not ended leaves room for its progress. */
export function hasRoom(task: StoredTask): boolean {
  return Buffer.byteLength(JSON.stringify(task)) <= MAX_DATA_BYTES - RESERVED_BYTES;
}

/**
 * Reads a task, asks `next` for changes and writes them; repeats this if another writer came between. `next` returns undefined
 * to leave the task as it is. Returns the item as it is then, or undefined if there is none.
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
