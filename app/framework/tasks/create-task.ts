/** A task is made: kept in the table, and handed to Lambda. */
import { createHash, randomBytes } from 'node:crypto';
import { type AuthInfo, ProtocolError, ProtocolErrorCode } from '@modelcontextprotocol/server';
import type { ExtensionOptions } from './extension.ts';
import { TaskTooLargeError } from './store.ts';
import type { Task, TaskCall } from './task.ts';

/** Who has the ID, and is the caller, has the task: 192 bits that nobody guesses. */
export async function createTask(
  message: TaskCall['message'],
  caller: AuthInfo | undefined,
  ttlSeconds: number,
  { store, keyOf, start }: Pick<ExtensionOptions, 'store' | 'keyOf' | 'start'>,
): Promise<{ task: Task; taskId: string }> {
  const taskId = randomBytes(24).toString('base64url');
  const now = Date.now();
  const task: Task = {
    key: keyOf(taskId),
    version: 1,
    status: 'working',
    created: now,
    updated: now,
    expires: Math.floor(now / 1000) + ttlSeconds,
    call: { message, ...(caller && { authInfo: withoutToken(caller) }) },
    round: 0,
    attempts: 0,
    queued: now,
  };
  await store.create(task).catch(error => {
    throw error instanceof TaskTooLargeError ? tooLarge() : error;
  });
  await start(task.key);
  return { task, taskId };
}

/** The table knows neither task IDs nor callers by their names. */
export function keyOf(path: string, caller: AuthInfo | undefined, taskId: string): string {
  const { mode, subject, arn, claims } = (caller?.extra ?? {}) as Record<string, unknown>;
  const issuer = (claims as { iss?: unknown } | undefined)?.iss;
  const owner = caller ? [mode, issuer, caller.clientId, subject, arn] : [];
  return createHash('sha256')
    .update(JSON.stringify([path, owner, taskId]))
    .digest('base64url');
}

function withoutToken(caller: AuthInfo): AuthInfo {
  return { ...caller, token: '' };
}

function tooLarge(): ProtocolError {
  return new ProtocolError(
    ProtocolErrorCode.InvalidParams,
    'The arguments are larger than the 400 kB that can be kept with a task. Ask for less at once.',
  );
}
