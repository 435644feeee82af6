/** The two ways in which an invocation returns its response: a response stream, or a result object. */
import { bufferedRejection, bufferedResult } from './adapter.ts';
import { type OutgoingResponse, toResponse } from './response-guard.ts';
import { type ResponseStream, writeResponse } from './response-stream.ts';

export interface ResponseWriter<Result> {
  /** Resolves when the response is written, or its receiver has disconnected. `method` is the request's. */
  write(event: unknown, response: OutgoingResponse, method: string): Promise<Result>;
  /** Writes the response to an invalid event, whose kind may be unknown. */
  reject(event: unknown, response: OutgoingResponse): Promise<Result>;
  /** Writes an empty result after `job`, for an invocation that is not HTTP. Rejects if `job` rejects. */
  empty(job: Promise<void>): Promise<Result>;
  /** Resolves when the response has left the process, so that no later work delays it. A result object leaves after the handler. */
  sent(): Promise<void>;
  /** The response stream, if there is one. */
  stream?: ResponseStream;
}

/** Returns the result object that the endpoint of the event expects. */
export const bufferedWriter: ResponseWriter<unknown> = {
  write: async (event, response) => bufferedResult(event, await toResponse(response)),
  reject: async (event, response) => bufferedRejection(event, await toResponse(response)),
  async empty(job) {
    await job;
    return null;
  },
  sent: async () => undefined,
};

/** Writes to the response stream of the Runtime Interface Client. */
export function streamWriter(stream: ResponseStream): ResponseWriter<void> {
  return {
    write: (_event, response, method) => writeResponse(response, stream, method),
    reject: (_event, response) => writeResponse(response, stream, ''),
    async empty(job) {
      await job;
      stream.write('null');
      stream.end();
    },
    // Node's HTTP client writes to its socket before the next turn of the event loop.
    sent: () => new Promise(resolve => setImmediate(resolve)),
    stream,
  };
}
