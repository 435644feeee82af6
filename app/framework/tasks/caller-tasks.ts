/**
 * The tasks of one caller at one route: create, get, answer, cancel. A task is found by its route, its caller and its ID
 * together, so another caller's task does not exist here.
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
  /** How long a worker may be silent, in milliseconds. */
  leaseMs: number;
  /** Returns how often a round of the task's tool may be started. */
  attemptsOf(task: StoredTask): number;
  /** Invokes the function for the task. */
  start(key: string): Promise<void>;
}

/** Lambda retries 1 and 2 minutes after a failure: a task without a worker for longer than that is started again. */
const IDLE_MS = 60_000;
/** As long as Lambda retries an event (maximum_event_age_in_seconds in terraform/modules/tasks): then the task has failed. */
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

  /** Returns the task. Starts it again if it has no worker, and fails it if that cannot help, so that no task works forever. */
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

  /** Adds the caller's input and continues the task when it is complete. Ignores keys that were not requested or are answered. */
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

  /** Starts the task if the change leaves it to be worked at. Rejects if the caller has no such task. */
  async #change(taskId: string, next: (task: StoredTask) => TaskChanges | undefined): Promise<TaskItem> {
    const { store, path, caller, start } = this.#options;
    const { item, changed } = await changeTask(store, keyOf(path, caller, taskId), next);
    if (!item) throw taskNotFound();
    if (changed && item.data.status === 'working') await start(item.key);
    return item;
  }
}

/** The table contains neither task IDs nor the names of callers in keys. */
function keyOf(path: string, caller: AuthInfo | undefined, taskId: string): string {
  const { mode, subject, arn, claims } = (caller?.extra ?? {}) as Record<string, unknown>;
  const issuer = (claims as { iss?: unknown } | undefined)?.iss;
  const owner = caller ? [mode, issuer, caller.clientId, subject, arn] : [];
  const digest = createHash('sha256').update(JSON.stringify([path, owner, taskId]));
  return `task#${digest.digest('base64url')}`;
}

/** A caller without a subject and a client would share its tasks with all others of that kind. */
function requireOwner(caller: AuthInfo | undefined): void {
  const { subject, arn } = (caller?.extra ?? {}) as Record<string, unknown>;
  if (!caller || subject || arn || (caller.clientId && caller.clientId !== UNKNOWN_CLIENT)) return;
  throw callerWithoutIdentity();
}

function withoutToken(caller: AuthInfo): AuthInfo {
  return { ...caller, token: '' };
}

/** A task that has no room left could be neither claimed nor ended. */
function requireRoom(task: StoredTask): void {
  if (!hasRoom(task)) throw toClientError(new ItemTooLargeError('The task leaves no room for its progress.'));
}
