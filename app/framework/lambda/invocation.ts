/**
 * One invocation: its abort signal, its deadline, and the tasks that run after its response.
 *
 * At the deadline Lambda kills the environment and the caller gets a bare 502; Lambda never reports that the caller has
 * disconnected. So this file aborts the response shortly before the deadline, while an error can still be sent.
 */
import { REQUEST_TIMEOUT } from '../json-rpc.ts';
import type { AbortReason, Invocation, LambdaContext } from '../types.ts';

const underway = new Set<Invocation>();

/** The share of the remaining time that is reserved for sending the error, and its bounds in milliseconds. */
const RESERVE = { share: 0.1, min: 100, max: 1_000 };

/** Starts the deadline timer; without a context (outside Lambda) there is no deadline. */
export function beginInvocation(
  context: Pick<LambdaContext, 'getRemainingTimeInMillis'> | undefined,
): Invocation {
  const controller = new AbortController();
  const endTasks: (() => Promise<void>)[] = [];
  const listeners: ((reason: AbortReason) => void)[] = [];
  let endReason: AbortReason | undefined;
  const abort = (reason: AbortReason): void => {
    if (controller.signal.aborted) return;
    controller.abort(reason);
    for (const listener of listeners) listener(reason);
  };
  const timer = context && setTimeout(abort, timeToWork(context.getRemainingTimeInMillis()), DEADLINE);
  const invocation: Invocation = {
    signal: controller.signal,
    abort,
    onAbort: listener => void listeners.push(listener),
    onEnd: task => void endTasks.push(task),
    observer: undefined,
    pendingIds: undefined,
    end(reason) {
      clearTimeout(timer);
      if (underway.delete(invocation)) endReason = reason;
    },
    async runEndTasks() {
      observe(() => invocation.observer?.end(endReason));
      await Promise.all(endTasks.map(task => task()));
    },
  };
  underway.add(invocation);
  return invocation;
}

/** Aborts every response that is not finished. */
export function abortAll(reason: AbortReason): void {
  for (const invocation of underway) invocation.abort(reason);
}

/** Runs an observer's method and logs its error, which must not break the response. */
export function observe(notify: () => void): void {
  try {
    notify();
  } catch (error) {
    console.error('The request log failed; the response is not affected', error);
  }
}

const DEADLINE: AbortReason = {
  code: REQUEST_TIMEOUT,
  message:
    'Request timed out: the function reached its time limit. Request less at once, or increase its timeout.',
};

function timeToWork(remaining: number): number {
  const reserve = Math.min(Math.max(remaining * RESERVE.share, RESERVE.min), RESERVE.max);
  return Math.max(remaining - reserve, 0);
}
