/**
 * Runs a task in its own invocation: claims it, runs the tool, renews the lease with the progress, and writes the outcome.
 *
 * Lambda delivers an asynchronous invocation at least once, and retries it after a failure. One worker at a time holds the
 * lease and renews it with heartbeats; another delivery waits until the lease expires or is renewed. Every write requires that
 * the worker still holds the lease, so a worker that lost its lease cannot overwrite the result of its successor.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { INTERNAL_ERROR } from '../json-rpc.ts';
import { ItemTooLargeError, type Store } from '../store/store.ts';
import { runTool, type ServeRequest } from './run-tool.ts';
import { changeTask, hasRoom, isTerminal, type StoredTask, type TaskChanges } from './task.ts';
import { failure, LOST, OUT_OF_TIME, RESULT_TOO_LARGE } from './task-errors.ts';

export interface RunTaskOptions {
  store: Store;
  /** The tenant of the invocation, if the function has tenant isolation. */
  tenantId?: string | undefined;
  /** Serves a request by the route's own server. */
  serve: ServeRequest;
  /** Duration of a lease without a heartbeat, in milliseconds. There are three heartbeats in that time. */
  leaseMs: number;
  /** Returns the maximum number of attempts for a round of the task's tool. */
  attemptsOf(task: StoredTask): number;
}

/** Runs the task until it is terminal or needs input. `signal` is aborted shortly before the invocation ends. */
export async function runTask(key: string, signal: AbortSignal, options: RunTaskOptions): Promise<void> {
  while (await runRound(key, signal, options));
}

/**
 * Runs one round. Returns whether the next round follows immediately: the tool requested no input, but another call with its state.
 */
async function runRound(key: string, signal: AbortSignal, options: RunTaskOptions): Promise<boolean> {
  const lease = randomUUID();
  const task = await claim(key, lease, options);
  if (!task) return false; // It is terminal, or another delivery holds the lease.
  const work = new AbortController();
  const onAbort = (): void => work.abort(signal.reason?.code === INTERNAL_ERROR ? 'crash' : 'timeout');
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  const heartbeat = startHeartbeat(key, lease, options, () => work.abort('lease lost'));
  try {
    const outcome = await outcomeOf(task, work.signal, heartbeat.setStatusMessage, options);
    await heartbeat.stop();
    if (work.signal.reason === 'lease lost') return false;
    // The lease expires, and Lambda's retry of this failed invocation takes it.
    if (work.signal.reason === 'crash') throw new Error('The execution environment crashed during a task.');
    await finish(key, lease, outcome, options.store);
    return outcome.status === 'working';
  } finally {
    await heartbeat.stop();
    signal.removeEventListener('abort', onAbort);
  }
}

/** Takes the lease and returns the task; undefined if there is nothing to do. */
async function claim(key: string, lease: string, options: RunTaskOptions): Promise<StoredTask | undefined> {
  const { store, leaseMs, attemptsOf, tenantId } = options;
  let seenLeaseUntil: number | undefined;
  for (;;) {
    const { item, changed } = await changeTask(store, key, found => {
      if (tenantId !== undefined && found.call.authInfo?.extra?.tenant !== tenantId)
        throw new Error('The task and this execution environment belong to different callers.');
      if (found.status !== 'working' || (found.leaseUntil ?? 0) > Date.now()) return undefined;
      if (found.attempts >= attemptsOf(found)) return failure(LOST);
      const now = Date.now();
      return { lease, leaseUntil: now + leaseMs, attempts: found.attempts + 1, updated: now };
    });
    const task = item?.data;
    // True also if the write succeeded, but its response was lost.
    if (task?.lease === lease && task.status === 'working') return task;
    if (changed || task?.status !== 'working') return undefined;
    if (seenLeaseUntil !== undefined && task.leaseUntil !== seenLeaseUntil) return undefined; // Its worker is alive.
    seenLeaseUntil = task.leaseUntil;
    await pause(Math.max((task.leaseUntil ?? 0) - Date.now(), 0) + 10);
  }
}

/** Renews the lease, with the latest status message, until stopped. Calls `onLost` if the worker no longer holds the task. */
function startHeartbeat(
  key: string,
  lease: string,
  { store, leaseMs }: RunTaskOptions,
  onLost: () => void,
): { setStatusMessage(message: string): void; stop(): Promise<void> } {
  let statusMessage: string | undefined;
  let beat: Promise<void> | undefined;
  const renew = async (): Promise<void> => {
    const { changed } = await changeTask(store, key, task => {
      if (!isHeld(task, lease)) return undefined;
      const now = Date.now();
      const isNew = statusMessage !== undefined && statusMessage !== task.statusMessage;
      return { leaseUntil: now + leaseMs, ...(isNew && { statusMessage, updated: now }) };
    });
    if (!changed) onLost();
  };
  const timer = setInterval(() => {
    // After a failed heartbeat the next one tries again; after too many failures the lease expires.
    beat ??= renew()
      .catch(error => console.warn(`tasks: a heartbeat failed: ${(error as Error).message}`))
      .finally(() => {
        beat = undefined;
      });
  }, leaseMs / 3);
  return {
    setStatusMessage: message => {
      statusMessage = message;
    },
    async stop() {
      clearInterval(timer);
      await beat;
    },
  };
}

/** Runs the tool and returns the changes of the task. Resolves when the work is aborted, even if the tool ignores the signal. */
async function outcomeOf(
  task: StoredTask,
  signal: AbortSignal,
  onProgress: (message: string) => void,
  { serve }: RunTaskOptions,
): Promise<TaskChanges> {
  if (signal.aborted) return failure(OUT_OF_TIME);
  const aborted = new Promise<TaskChanges>(resolve => {
    signal.addEventListener('abort', () => resolve(failure(OUT_OF_TIME)), { once: true });
  });
  return Promise.race([aborted, runTool(task, signal, onProgress, serve)]);
}

async function finish(key: string, lease: string, outcome: TaskChanges, store: Store): Promise<void> {
  const write = (changes: TaskChanges) =>
    changeTask(store, key, task => {
      if (!isHeld(task, lease)) return undefined;
      const next = { ...task, ...changes };
      if (isTerminal(next) || hasRoom(next)) return changes;
      throw new ItemTooLargeError(
        'The input requests of the tool leave no room for the progress of its task.',
      );
    });
  try {
    await write(outcome);
  } catch (error) {
    if (!(error instanceof ItemTooLargeError)) throw error;
    console.error(`tasks: a result was not stored: ${error.message}`);
    await write(failure(RESULT_TOO_LARGE));
  }
}

function isHeld(task: StoredTask, lease: string): boolean {
  return task.status === 'working' && task.lease === lease;
}
