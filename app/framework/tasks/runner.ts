/**
 * Does a task's work in an invocation of its own: takes the lease, serves the request as the route would have done, keeps
 * progress, and writes how it ended.
 *
 * Lambda delivers an asynchronous invocation at least once, and again after a failure. One environment at a time has the
 * lease, kept alive by a heartbeat; whoever comes meanwhile waits until it ends or is renewed. What is written asks that
 * the lease is still one's own, so that the result of one who was thought dead does not come through.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { McpHandlerRequestOptions } from '@modelcontextprotocol/server';
import { messagesOf } from '../mcp/message-stream.ts';
import { type Changes, change, type TaskStore, TaskTooLargeError } from './store.ts';
import type { Task, TaskError } from './task.ts';

export interface RunnerOptions {
  store: TaskStore;
  /** Serves a request by the route's own server. */
  serve(request: Request, options: McpHandlerRequestOptions): Promise<Response>;
  /** How long a lease lasts without a heartbeat, in milliseconds; there are three heartbeats in it. */
  leaseMs: number;
  /** How often a round of this task's tool may be begun. */
  attemptsOf(task: Task): number;
}

export async function runTask(key: string, signal: AbortSignal, options: RunnerOptions): Promise<void> {
  while (await runRound(key, signal, options));
}

/** Whether there is another one to do at once: the tool asked nothing, and wants to be called again with its state. */
async function runRound(key: string, signal: AbortSignal, options: RunnerOptions): Promise<boolean> {
  const lease = randomUUID();
  const task = await claim(key, lease, options);
  if (!task) return false; // It is over, or somebody is at it: delivered twice.
  const work = new AbortController();
  const outOfTime = (): void => work.abort('out of time');
  if (signal.aborted) outOfTime();
  signal.addEventListener('abort', outOfTime, { once: true });
  const keeper = keepLease(task.key, lease, options, () => work.abort('lost'));
  try {
    const outcome = await outcomeOf(task, work.signal, keeper.progress, options);
    await keeper.stop();
    if (work.signal.reason === 'lost') return false;
    await finish(task.key, lease, outcome, options.store);
    return outcome.status === 'working';
  } finally {
    await keeper.stop();
    signal.removeEventListener('abort', outOfTime);
  }
}

/** Takes the lease. Undefined when there is nothing to do here. */
async function claim(key: string, lease: string, options: RunnerOptions): Promise<Task | undefined> {
  const { store, leaseMs, attemptsOf } = options;
  let seen: number | undefined;
  for (;;) {
    const { task, changed } = await change(store, key, found => {
      if (found.status !== 'working' || (found.leaseUntil ?? 0) > Date.now()) return undefined;
      if (found.attempts >= attemptsOf(found)) return failure(LOST);
      return { lease, leaseUntil: Date.now() + leaseMs, attempts: found.attempts + 1, updated: Date.now() };
    });
    // Also where it was written by an attempt whose answer was lost.
    if (task?.lease === lease && task.status === 'working') return task;
    if (changed || task?.status !== 'working') return undefined;
    if (seen !== undefined && task.leaseUntil !== seen) return undefined; // Renewed: the other one is alive.
    seen = task.leaseUntil;
    await pause(Math.max((task.leaseUntil ?? 0) - Date.now(), 0) + 10);
  }
}

/** Renews the lease with the latest progress, until stopped. `onLost` when the task is no longer this worker's. */
function keepLease(key: string, lease: string, { store, leaseMs }: RunnerOptions, onLost: () => void) {
  let statusMessage: string | undefined;
  let beat: Promise<void> | undefined;
  const renew = async (): Promise<void> => {
    const { changed } = await change(store, key, task =>
      task.status === 'working' && task.lease === lease
        ? {
            leaseUntil: Date.now() + leaseMs,
            ...(statusMessage !== undefined &&
              statusMessage !== task.statusMessage && { statusMessage, updated: Date.now() }),
          }
        : undefined,
    );
    if (!changed) onLost();
  };
  const timer = setInterval(() => {
    // A heartbeat that does not get through is followed by the next; too many, and the lease ends by itself.
    beat ??= renew()
      .catch(error => console.warn(`tasks: a heartbeat failed: ${(error as Error).message}`))
      .finally(() => {
        beat = undefined;
      });
  }, leaseMs / 3);
  return {
    progress: (message: string): void => {
      statusMessage = message;
    },
    async stop(): Promise<void> {
      clearInterval(timer);
      await beat;
    },
  };
}

async function finish(key: string, lease: string, outcome: Changes, store: TaskStore): Promise<void> {
  const ifMine = (changes: Changes) => (task: Task) =>
    task.status === 'working' && task.lease === lease ? changes : undefined;
  try {
    await change(store, key, ifMine(outcome));
  } catch (error) {
    if (!(error instanceof TaskTooLargeError)) throw error;
    console.error(`tasks: a result was not kept: ${error.message}`);
    await change(store, key, ifMine(failure(TOO_LARGE)));
  }
}

/** Aborted when the work is, whatever the tool does about it. */
async function outcomeOf(
  task: Task,
  signal: AbortSignal,
  progress: (message: string) => void,
  { serve }: RunnerOptions,
): Promise<Changes> {
  if (signal.aborted) return failure(OUT_OF_TIME);
  const stopped = new Promise<Changes>(resolve => {
    signal.addEventListener('abort', () => resolve(failure(OUT_OF_TIME)), { once: true });
  });
  return Promise.race([stopped, served(task, signal, progress, serve)]);
}

async function served(
  task: Task,
  signal: AbortSignal,
  progress: (message: string) => void,
  serve: RunnerOptions['serve'],
): Promise<Changes> {
  const { authInfo } = task.call;
  const message = messageOf(task);
  const request = new Request('https://task.invalid/', {
    method: 'POST',
    headers: headersOf(message),
    signal,
  });
  const response = await serve(request, { ...(authInfo && { authInfo }), parsedBody: message });
  for await (const answer of messagesOf(response)) {
    if (answer.method === 'notifications/progress') progress(told(answer.params ?? {}));
    if (answer.error) return failure(answer.error as TaskError);
    if (answer.result) return ended(task, answer.result);
  }
  return failure(LOST);
}

/** The request as it came, with the answers to what was asked since, and a wish for progress. */
function messageOf({ call, inputResponses, requestState }: Task): Task['call']['message'] {
  const { _meta, ...params } = call.message.params;
  return {
    ...call.message,
    params: {
      ...params,
      ...(inputResponses && { inputResponses: unprefixed(inputResponses) }),
      ...(requestState !== undefined && { requestState }),
      _meta: { ...(_meta as object | undefined), progressToken: 'task' },
    },
  };
}

function headersOf({ method, params }: Task['call']['message']): Record<string, string> {
  const meta = params._meta as Record<string, unknown>;
  const revision = meta['io.modelcontextprotocol/protocolVersion'];
  return {
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    ...(typeof revision === 'string' && {
      'mcp-protocol-version': revision,
      'mcp-method': method,
      'mcp-name': encodedName(String(params.name)),
    }),
  };
}

/** SEP-2243: what a header cannot carry goes as Base64. */
function encodedName(name: string): string {
  return /^[\x21-\x7e]+$/.test(name) ? name : `=?base64?${Buffer.from(name).toString('base64')}?=`;
}

function ended(task: Task, { resultType, ...result }: Record<string, unknown>): Changes {
  const updated = Date.now();
  if (resultType !== 'input_required')
    return { status: 'completed', result, statusMessage: undefined, updated, leaseUntil: undefined };
  const round = task.round + 1;
  const asked = Object.entries((result.inputRequests ?? {}) as object);
  return {
    // Without questions the tool only wants to be called again with its state.
    status: asked.length > 0 ? 'input_required' : 'working',
    round,
    // "Each request key MUST be unique over the lifetime of a single task": a tool may ask under the same name again.
    inputRequests: Object.fromEntries(asked.map(([key, value]) => [`${round}.${key}`, value])),
    inputResponses: {},
    requestState: result.requestState as string | undefined,
    attempts: 0,
    leaseUntil: undefined,
    updated,
  };
}

function unprefixed(responses: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(responses).map(([key, value]) => [key.slice(key.indexOf('.') + 1), value]),
  );
}

function told({ message, progress, total }: Record<string, unknown>): string {
  const count = total === undefined ? `${progress}` : `${progress} of ${total}`;
  return typeof message === 'string' ? `${count}: ${message}` : count;
}

/** Changes that end a task with an error; `failed` is for errors of JSON-RPC alone (section "Task Execution Errors"). */
export function failure(error: TaskError): Changes {
  return {
    status: 'failed',
    error,
    statusMessage: error.message,
    updated: Date.now(),
    leaseUntil: undefined,
  };
}

export const LOST: TaskError = {
  code: -32603,
  message:
    'The work was begun and lost: the environment it ran in ended, as often as it may be tried. The log of the function says more; call the tool again.',
};
const OUT_OF_TIME: TaskError = {
  code: -32001,
  message:
    'Request timed out: the work did not end within the time limit of the function. Ask for less at once, or raise the timeout.',
};
const TOO_LARGE: TaskError = {
  code: -32603,
  message:
    'The result is larger than the 400 kB that can be kept. Ask for less at once; the tool may return a link to what is larger.',
};
