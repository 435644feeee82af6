/**
 * A task as it is kept, and as a client sees it.
 *
 * https://modelcontextprotocol.io/extensions/tasks (io.modelcontextprotocol/tasks, SEP-2663), section "Tasks".
 */
import type { AuthInfo } from '@modelcontextprotocol/server';

export const EXTENSION = 'io.modelcontextprotocol/tasks';

export type TaskStatus = 'working' | 'input_required' | 'completed' | 'failed' | 'cancelled';

/** A JSON-RPC error. */
export interface TaskError {
  code: number;
  message: string;
  data?: unknown;
}

/** Times are milliseconds since 1970. */
export interface Task {
  /** SHA-256 of the route, the caller and the task ID: who has another of these finds nothing. */
  key: string;
  /** Counts the writes: each asks for the one before it. */
  version: number;
  status: TaskStatus;
  statusMessage?: string;
  created: number;
  updated: number;
  /** Seconds since 1970, as DynamoDB's time to live has it. */
  expires: number;
  /** What is to be done: the request as it came, and who asked. */
  call: TaskCall;
  /** How often input has been asked for: keys of one round are never those of another. */
  round: number;
  inputRequests?: Record<string, unknown>;
  inputResponses?: Record<string, unknown>;
  /** The tool's own state between two rounds (SEP-2322). */
  requestState?: string;
  result?: Record<string, unknown>;
  error?: TaskError;
  /** Invocations that have begun the round so far. */
  attempts: number;
  /** When it was last handed to Lambda. */
  queued: number;
  /** Who works at it, and until when it is theirs alone. */
  lease?: string;
  leaseUntil?: number;
}

export interface TaskCall {
  message: { id?: unknown; method: string; params: Record<string, unknown> };
  authInfo?: AuthInfo;
}

export function isOver({ status }: Task): boolean {
  return status !== 'working' && status !== 'input_required';
}

/** What both CreateTaskResult and GetTaskResult have. */
export function seed(task: Task, taskId: string, pollIntervalMs: number): Record<string, unknown> {
  return {
    taskId,
    status: task.status,
    ...(task.statusMessage !== undefined && { statusMessage: task.statusMessage }),
    createdAt: new Date(task.created).toISOString(),
    lastUpdatedAt: new Date(task.updated).toISOString(),
    ttlMs: task.expires * 1000 - task.created,
    pollIntervalMs,
  };
}

/** Section "Task Polling", DetailedTask. */
export function detailed(task: Task, taskId: string, pollIntervalMs: number): Record<string, unknown> {
  const { status, inputRequests = {}, inputResponses = {}, result, error } = task;
  const open = Object.entries(inputRequests).filter(([key]) => !(key in inputResponses));
  return {
    ...seed(task, taskId, pollIntervalMs),
    ...(status === 'input_required' && { inputRequests: Object.fromEntries(open) }),
    ...(status === 'completed' && { result }),
    ...(status === 'failed' && { error }),
  };
}
