/**
 * One invocation: the signal that the app works under, and what ends the work early.
 *
 * Lambda kills the work at the deadline and tells the caller nothing but 502, and it never tells the function that the
 * caller has gone. So the work is given up here, shortly before, while there is still time to say so.
 */
import type { AbortReason } from './terminal-error.ts';

/** What the function context says about time, of https://docs.aws.amazon.com/lambda/latest/dg/nodejs-context.html */
export interface InvocationContext {
  getRemainingTimeInMillis(): number;
}

/** Told of an answer while it goes out; for the request log. Must not throw. */
export interface Watcher {
  piece(bytes: Uint8Array): void;
  /** Once, when the last byte is out, or the answer was given up for `why`. */
  end(why: AbortReason | undefined): void;
}

export interface Invocation {
  /** Aborted when the answer is given up; the reason is the {@link AbortReason}. */
  readonly signal: AbortSignal;
  abort(why: AbortReason): void;
  /** Calls `heard` when the answer is given up, after the signal; for the one that answers, who needs no event for it. */
  onAbort(heard: (why: AbortReason) => void): void;
  /** Set by whoever wants to know. */
  watcher: Watcher | undefined;
  /** Ends the watch over the deadline, and tells the watcher. Called again it does nothing. */
  end(why?: AbortReason): void;
}

const underway = new Set<Invocation>();

/** The share of the time left that is kept back to answer in, and its bounds in milliseconds. */
const RESERVE = { share: 0.1, min: 100, max: 1_000 };

export function beginInvocation(context: InvocationContext | undefined): Invocation {
  const controller = new AbortController();
  const listeners: ((why: AbortReason) => void)[] = [];
  const abort = (why: AbortReason): void => {
    if (controller.signal.aborted) return;
    controller.abort(why);
    for (const heard of listeners) heard(why);
  };
  const timer = context && setTimeout(abort, timeToWork(context.getRemainingTimeInMillis()), DEADLINE);
  const invocation: Invocation = {
    signal: controller.signal,
    abort,
    onAbort: heard => void listeners.push(heard),
    watcher: undefined,
    end(why) {
      clearTimeout(timer);
      if (underway.delete(invocation)) invocation.watcher?.end(why);
    },
  };
  underway.add(invocation);
  return invocation;
}

/** Gives up every answer that is still owed. */
export function abortAll(why: AbortReason): void {
  for (const invocation of underway) invocation.abort(why);
}

const DEADLINE: AbortReason = {
  code: -32001,
  message:
    'Request timed out: the function reached its time limit. Ask for less at once, or raise its timeout.',
};

function timeToWork(remaining: number): number {
  const reserve = Math.min(Math.max(remaining * RESERVE.share, RESERVE.min), RESERVE.max);
  return Math.max(remaining - reserve, 0);
}
