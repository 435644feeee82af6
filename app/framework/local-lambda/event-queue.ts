/**
 * Asynchronous invocations: the queue between the Invoke API, which has already returned 202, and the function.
 *
 * After a function error an event is retried after `retryDelay` and again after twice that time. If it is throttled, it goes back
 * into the queue and is retried after 1 s, 2 s, … 300 s, without a limit. An event that is too old, or whose last retry failed, is
 * dropped, with a line in the log and the record that a destination would get.
 * https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
 *
 * Not imitated: Lambda sometimes delivers an event twice without an error. The queue is lost with the process.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { bufferedPayload, type InvocationResult } from './invocation-result.ts';
import type { InvokeRequest, LocalFunction } from './local-function.ts';
import type { Log } from './log.ts';

export interface EventQueueOptions {
  /** Number of retries after a function error, 0 to 2. */
  retryAttempts: number;
  /** Seconds before the first retry; twice as many before the second. */
  retryDelay: number;
  /** Seconds after which an event is dropped. */
  eventAge: number;
}

/** The record for a destination. https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html */
export interface InvocationRecord {
  version: '1.0';
  timestamp: string;
  requestContext: {
    requestId: string;
    functionArn: string;
    condition: Condition;
    approximateInvokeCount: number;
  };
  requestPayload: unknown;
  responseContext?: { statusCode: 200; executedVersion: '$LATEST'; functionError?: 'Unhandled' };
  responsePayload?: unknown;
}

type Condition = 'Success' | 'RetriesExhausted' | 'EventAgeExceeded';

interface Queued {
  request: InvokeRequest;
  since: number;
  /** Number of invocations with this event. */
  invoked: number;
  /** Number of consecutive times that it was throttled. */
  throttled: number;
  last?: InvocationResult;
}

const MAX_THROTTLE_DELAY_MS = 300_000;

export class EventQueue {
  readonly #fn: LocalFunction;
  readonly #options: EventQueueOptions;
  readonly #log: Log;
  readonly #destination: (record: InvocationRecord) => void;
  readonly #ready: Queued[] = [];
  readonly #ending = new AbortController();
  #atWork = 0;
  /** Number of accepted events that are neither completed nor dropped. */
  #held = 0;

  constructor(
    fn: LocalFunction,
    options: EventQueueOptions,
    log: Log,
    destination: (record: InvocationRecord) => void,
  ) {
    this.#fn = fn;
    this.#options = options;
    this.#log = log;
    this.#destination = destination;
  }

  add(request: InvokeRequest): void {
    this.#held += 1;
    this.#ready.push({ request, since: Date.now(), invoked: 0, throttled: 0 });
    this.#serve();
  }

  /** Drops all events that are not completed and logs their number. */
  close(): void {
    if (this.#held > 0 && !this.#ending.signal.aborted)
      this.#log.note(`${this.#held} asynchronous invocation(s) were not completed and are lost.`);
    this.#ending.abort();
  }

  /** Invokes the function for queued events, in all environments but one: Lambda would start another one for a synchronous call. */
  #serve(): void {
    while (this.#atWork < Math.max(this.#fn.environments - 1, 1) && !this.#ending.signal.aborted) {
      const queued = this.#ready.shift();
      if (!queued) return;
      this.#atWork += 1;
      void this.#attempt(queued)
        .catch(error => this.#log.note(`An asynchronous invocation was lost: ${error.stack}`))
        .finally(() => {
          this.#atWork -= 1;
          this.#serve();
        });
    }
  }

  async #attempt(queued: Queued): Promise<void> {
    const { retryAttempts, retryDelay, eventAge } = this.#options;
    if (Date.now() - queued.since > eventAge * 1000) return this.#drop(queued, 'EventAgeExceeded');
    const invoked = await this.#fn.invoke(queued.request);
    if (invoked === 'throttled') {
      const delay = Math.min(1000 * 2 ** queued.throttled, MAX_THROTTLE_DELAY_MS);
      queued.throttled += 1;
      return this.#again(queued, delay);
    }
    queued.throttled = 0;
    queued.invoked += 1;
    queued.last = await bufferedPayload(invoked);
    await invoked.report;
    if (this.#ending.signal.aborted) return;
    if (!queued.last.error) return this.#end(queued, 'Success');
    if (queued.invoked > retryAttempts) return this.#drop(queued, 'RetriesExhausted');
    this.#log.note(
      `The asynchronous invocation ${queued.request.requestId} failed and is retried (${queued.invoked} of ${retryAttempts}).`,
    );
    this.#again(queued, retryDelay * 1000 * queued.invoked);
  }

  #again(queued: Queued, delay: number): void {
    void pause(delay, undefined, { signal: this.#ending.signal, ref: false }).then(
      () => {
        this.#ready.push(queued);
        this.#serve();
      },
      () => undefined, // The local Lambda is ending; close() has logged it.
    );
  }

  #drop(queued: Queued, condition: Condition): void {
    const { requestId } = queued.request;
    const why =
      condition === 'RetriesExhausted'
        ? `it failed ${queued.invoked} time(s)`
        : `it is older than ${this.#options.eventAge} s`;
    this.#log.note(`The asynchronous invocation ${requestId} is dropped (${condition}): ${why}.`);
    this.#end(queued, condition);
  }

  #end({ request, invoked, last }: Queued, condition: Condition): void {
    this.#held -= 1;
    this.#destination({
      version: '1.0',
      timestamp: new Date().toISOString(),
      requestContext: {
        requestId: request.requestId,
        functionArn: `${this.#fn.arn}:$LATEST`,
        condition,
        approximateInvokeCount: invoked,
      },
      requestPayload: asJson(request.payload),
      ...(last && {
        responseContext: {
          statusCode: 200,
          executedVersion: '$LATEST',
          ...(last.error && { functionError: 'Unhandled' as const }),
        },
        responsePayload: asJson(last.error?.body ?? last.payload),
      }),
    });
  }
}

/** Parses JSON. Returns other payloads, such as streamed responses, as text. */
function asJson(payload: string | Buffer): unknown {
  const text = payload.toString();
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
