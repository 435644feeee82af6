/** Where tasks are kept: three operations, each whole or not at all. */
import type { Task } from './task.ts';

export type Changes = { [K in keyof Task]?: Task[K] | undefined };

export interface TaskStore {
  /** Settles when every later {@link get} finds it. Rejects with {@link TaskTooLargeError}. */
  create(task: Task): Promise<void>;
  /** Strongly consistent. */
  get(key: string): Promise<Task | undefined>;
  /**
   * Writes `changes` (undefined takes a field away) if nobody has written since `task` was read, and gives the task as it
   * is then; else undefined. Rejects with {@link TaskTooLargeError}.
   */
  update(task: Task, changes: Changes): Promise<Task | undefined>;
}

/** The task does not fit into one item. */
export class TaskTooLargeError extends Error {
  override readonly name = 'TaskTooLargeError';
  readonly code = 'TASK_TOO_LARGE';
}

/** Reads, asks `next` for changes and writes them, until nobody came in between. Undefined where there is nothing to change. */
export async function change(
  store: TaskStore,
  key: string,
  next: (task: Task) => Changes | undefined,
): Promise<{ task: Task | undefined; changed: boolean }> {
  for (;;) {
    const task = await store.get(key);
    const changes = task && next(task);
    if (!changes) return { task, changed: false };
    const written = await store.update(task, changes);
    if (written) return { task: written, changed: true };
  }
}
