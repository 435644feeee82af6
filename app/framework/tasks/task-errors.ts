/** What a caller is told when the table or the invocation fails: the log has the reason, which only the operator should know. */
import { ProtocolError, ProtocolErrorCode } from '@modelcontextprotocol/server';
import { type TaskStore, TaskTooLargeError } from './store.ts';

/** Where the caller's own doing is the reason, the error stays as it is. */
export function unavailable(error: unknown): Error {
  if (error instanceof ProtocolError || error instanceof TaskTooLargeError) return error;
  console.error('tasks: a task could not be kept, found or begun', error);
  return new ProtocolError(
    ProtocolErrorCode.InternalError,
    'The server cannot keep tasks at the moment; its log says why. Try again later.',
  );
}

/** A store whose errors may be sent to callers. `open` may throw. */
export function tellingStore(open: () => TaskStore): TaskStore {
  const guarded = async <T>(does: (store: TaskStore) => Promise<T>): Promise<T> => {
    try {
      return await does(open());
    } catch (error) {
      throw unavailable(error);
    }
  };
  return {
    create: task => guarded(store => store.create(task)),
    get: key => guarded(store => store.get(key)),
    update: (task, changes) => guarded(store => store.update(task, changes)),
  };
}
