/**
 * The tasks of one caller at one route: create, get, provide input, cancel. The key of a task contains route, caller and ID, so
 * tasks of other callers cannot be found.
 */
import { createHash, randomBytes } from 'node:crypto';
import type { AuthInfo } from '@modelcontextprotocol/server';
import { ItemTooLargeError, type Store } from '../store/store.ts';
import { UNKNOWN_CLIENT } from '../types.ts';
import {
  changeTask,
  hasRoom,
  isTerminal,
  type StoredTask,
  type TaskCall,
  type TaskChanges,
  type TaskItem,
} from './task.ts';
import { callerWithoutIdentity, failure, LOST, taskNotFound, toClientError } from './task-errors.ts';

export interface CallerTasksOptions {
  store: Store;
  /** The path that was called. */
  path: string;
  caller: AuthInfo | undefined;
  ttlSeconds: number;
  /** Maximum time between heartbeats of a worker, in milliseconds. */
  leaseMs: number;
  /** Returns the maximum number of attempts for a round of the task's tool. */
  attemptsOf(task: StoredTask): number;
  /** Invokes the function for the task. */
  start(key: string): Promise<void>;
}

/** A task without a worker for this time is started again. (Lambda retries after 1 and 2 minutes.) */
const IDLE_MS = 60_000;
/**
 * Time for which Lambda retries an event (maximum_event_age_in_seconds in terraform/modules/tasks). After it, the task has failed.
 */
const LOST_MS = 600_000;

export class CallerTasks {
  readonly #options: CallerTasksOptions;

  constructor(options: CallerTasksOptions) {
    this.#options = options;
  }

  /** Stores a new task for a tool call, and starts it. */
  async create(message: TaskCall['message']): Promise<{ item: TaskItem; taskId: string }> {
    const { store, path, caller, ttlSeconds, start } = this.#options;
    requireOwner(caller);
    const taskId = randomBytes(24).toString('base64url');
    const now = Date.now();
    const data: StoredTask = {
      status: 'working',
      created: now,
      updated: now,
      call: { message, ...(caller && { authInfo: withoutToken(caller) }) },
      round: 0,
      attempts: 0,
      queued: now,
    };
    requireRoom(data);
    const item = { key: keyOf(path, caller, taskId), expires: Math.floor(now / 1000) + ttlSeconds, data };
    // The key is random: if it exists, an earlier attempt of this call wrote it.
    await store.putIfAbsent(item);
    await start(item.key);
    return { item: { ...item, version: 1 }, taskId };
  }

  /**
   * Returns the task. If it has no worker, starts it again, or fails it after the last attempt, so that no task stays `working`.
   */
  async get(taskId: string): Promise<TaskItem> {
    return this.#change(taskId, task => {
      const { attemptsOf, leaseMs } = this.#options;
      if (task.status !== 'working') return undefined;
      const { leaseUntil, queued, updated, attempts } = task;
      const now = Date.now();
      const workerGone = leaseUntil !== undefined && leaseUntil < now;
      if (workerGone && attempts >= attemptsOf(task)) return failure(LOST);
      if (now - Math.max(queued, leaseUntil ?? 0) < Math.max(IDLE_MS, leaseMs)) return undefined;
      return now - Math.max(updated, leaseUntil ?? 0) >= LOST_MS ? failure(LOST) : { queued: now };
    });
  }

  /**
   * Adds the caller's input and continues the task when the input is complete. Ignores keys that were not requested or already have
   * a value.
   */
  async provideInput(taskId: string, responses: Record<string, unknown>): Promise<void> {
    await this.#change(taskId, task => {
      const { status, inputRequests = {}, inputResponses = {} } = task;
      const fresh = Object.entries(responses).filter(
        ([name]) => Object.hasOwn(inputRequests, name) && !Object.hasOwn(inputResponses, name),
      );
      if (status !== 'input_required' || fresh.length === 0) return undefined;
      const known = { ...inputResponses, ...Object.fromEntries(fresh) };
      const complete = Object.keys(inputRequests).every(name => Object.hasOwn(known, name));
      const updated = Date.now();
      const changes = {
        inputResponses: known,
        updated,
        ...(complete && { status: 'working' as const, queued: updated }),
      };
      requireRoom({ ...task, ...changes });
      return changes;
    });
  }

  /** Ends the task; its worker stops at the next heartbeat. */
  async cancel(taskId: string): Promise<void> {
    await this.#change(taskId, task =>
      isTerminal(task) ? undefined : { status: 'cancelled', updated: Date.now(), leaseUntil: undefined },
    );
  }

  /** Changes the task, and starts it if its status is then `working`. Rejects if the caller has no such task. */
  async #change(taskId: string, next: (task: StoredTask) => TaskChanges | undefined): Promise<TaskItem> {
    const { store, path, caller, start } = this.#options;
    const { item, changed } = await changeTask(store, keyOf(path, caller, taskId), next);
    if (!item) throw taskNotFound();
    if (changed && item.data.status === 'working') await start(item.key);
    return item;
  }
}

/** Returns the key of a task: a digest, so that the table contains no task IDs and names of callers. */
function keyOf(path: string, caller: AuthInfo | undefined, taskId: string): string {
  const { mode, subject, arn, claims } = (caller?.extra ?? {}) as Record<string, unknown>;
  const issuer = (claims as { iss?: unknown } | undefined)?.iss;
  const owner = caller ? [mode, issuer, caller.clientId, subject, arn] : [];
  const digest = createHash('sha256').update(JSON.stringify([path, owner, taskId]));
  return `task#${digest.digest('base64url')}`;
}

/** Throws for a caller without subject and client: it would share its tasks with all such callers. */
function requireOwner(caller: AuthInfo | undefined): void {
  const { subject, arn } = (caller?.extra ?? {}) as Record<string, unknown>;
  if (!caller || subject || arn || (caller.clientId && caller.clientId !== UNKNOWN_CLIENT)) return;
  throw callerWithoutIdentity();
}

function withoutToken(caller: AuthInfo): AuthInfo {
  return { ...caller, token: '' };
}

/** Throws if the item of a task is too large to be claimed or ended. */
function requireRoom(task: StoredTask): void {
  if (!hasRoom(task)) throw toClientError(new ItemTooLargeError('The task leaves no room for its progress.'));
}
