/**
 * Handles errors that no code catches: an unhandled rejection or an uncaught exception.
 *
 * Without this file the Runtime Interface Client's process ends immediately, and the caller whose response is in progress gets
 * a 502 without a reason. Here the error is logged, the response ends with a JSON-RPC error, and then the process ends, because
 * its state can no longer be trusted: Lambda starts a new environment for the next invocation.
 */
import { INTERNAL_ERROR } from '../json-rpc.ts';
import { abortAll } from './invocation.ts';

/** How long responses may take to end after a crash, in milliseconds. */
const FINAL_RESPONSE_MS = 1_000;

interface FinishingStream {
  readonly writableFinished?: boolean;
  once(event: 'finish', listener: () => void): unknown;
}

/** True on the global object after a crash: lambda-ric/end-after-crash.diff reads it before it requests the next invocation. */
const CRASHED = Symbol.for('the execution environment has crashed');
const state: { [CRASHED]?: boolean } = globalThis as object;
let responding = 0;

/** Installs the handlers, which are global to the process: call it only in the process of the function. */
export function installCrashHandlers(): void {
  process.on('unhandledRejection', reason => onCrash('Unhandled promise rejection', reason));
  process.on('uncaughtException', error => onCrash('Uncaught exception', error));
}

function onCrash(kind: string, error: unknown): void {
  console.error(`${kind}: the execution environment ends`, error);
  state[CRASHED] = true;
  if (responding === 0) exit();
  setTimeout(exit, FINAL_RESPONSE_MS); // Even if the response does not end.
  abortAll({
    code: INTERNAL_ERROR,
    message: 'Internal error: the server process failed. Its log has the reason; try again.',
  });
}

function exit(): void {
  process.exit(1);
}

/** Keeps the process alive until {@link exitAfterCrash}, so that a crash does not cut off the response. */
export function responseStarts(): void {
  responding += 1;
}

/**
 * Ends the process if it has crashed, once the response is sent. A response stream emits `finish`. A buffered result is posted
 * by a synchronous call that the client makes in the next turn of the event loop. Then the client of a build ends the process
 * (scripts/build/patches/lambda-ric/end-after-crash.diff). Without that diff the process exits in the turn after that: Lambda may have
 * frozen it by then, and the next invocation fails.
 */
export async function exitAfterCrash(responseStream?: FinishingStream): Promise<void> {
  responding -= 1;
  if (!state[CRASHED]) return;
  if (!responseStream) setImmediate(() => setImmediate(exit));
  else if (responseStream.writableFinished) exit();
  else await new Promise(() => responseStream.once('finish', exit));
}
