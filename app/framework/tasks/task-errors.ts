/** The errors of tasks: those of failed tasks, and those that a caller gets if no task is created. */
import {
  MissingRequiredClientCapabilityError,
  ProtocolError,
  ProtocolErrorCode,
} from '@modelcontextprotocol/server';
import { INTERNAL_ERROR, type JsonRpcError, REQUEST_TIMEOUT } from '../json-rpc.ts';
import { ItemTooLargeError, type Store } from '../store/store.ts';
import { EXTENSION, type TaskChanges } from './task.ts';

export const LOST: JsonRpcError = {
  code: INTERNAL_ERROR,
  message:
    'The task failed: its execution environment ended and the maximum number of attempts was reached. The reason is in the log of the function; call the tool again.',
};
export const OUT_OF_TIME: JsonRpcError = {
  code: REQUEST_TIMEOUT,
  message:
    'Request timed out: the tool did not finish within the timeout of the function. Request less at once, or raise the timeout.',
};
export const RESULT_TOO_LARGE: JsonRpcError = {
  code: INTERNAL_ERROR,
  message:
    'The result is larger than the 400 kB that a task can store. Request less at once; the tool may return a link to larger data.',
};

/** Returns the changes that end a task with an error; `failed` is for JSON-RPC errors only (section "Task Execution Errors"). */
export function failure(error: JsonRpcError): TaskChanges {
  return {
    status: 'failed',
    error,
    statusMessage: error.message,
    updated: Date.now(),
    leaseUntil: undefined,
  };
}

export function taskNotFound(): ProtocolError {
  return new ProtocolError(
    ProtocolErrorCode.InvalidParams,
    'Task not found: it does not exist, has expired, or belongs to another caller.',
  );
}

export function callerWithoutIdentity(): ProtocolError {
  return new ProtocolError(
    ProtocolErrorCode.InvalidParams,
    'A task requires a caller with a subject or a client id, to be accessible to this caller only. This token has neither.',
  );
}

export function missingExtension(): MissingRequiredClientCapabilityError {
  return new MissingRequiredClientCapabilityError(
    { requiredCapabilities: { extensions: { [EXTENSION]: {} } } },
    `Missing required client capability: the extension ${EXTENSION}`,
  );
}

/** Returns the error for the caller. The reason of an unexpected error is only logged, for the operator. */
export function toClientError(error: unknown): Error {
  if (error instanceof ProtocolError) return error;
  if (error instanceof ItemTooLargeError)
    return new ProtocolError(
      ProtocolErrorCode.InvalidParams,
      'The arguments are larger than the 400 kB that a task can store. Request less at once.',
    );
  console.error('tasks: a task could not be stored, read or started', error);
  return new ProtocolError(
    ProtocolErrorCode.InternalError,
    'The server cannot store tasks at the moment; the reason is in its log. Try again later.',
  );
}

/** Returns a store whose errors may be sent to callers. */
export function withClientErrors(store: Store): Store {
  const rethrow = (error: unknown): never => {
    throw toClientError(error);
  };
  return {
    get: <Data>(key: string) => store.get<Data>(key).catch(rethrow),
    putIfAbsent: item => store.putIfAbsent(item).catch(rethrow),
    update: (item, data) => store.update(item, data).catch(rethrow),
  };
}
