/**
 * Writes a response to the response stream of the Runtime Interface Client: status and headers precede the body, as
 * `awslambda.HttpResponseStream` writes them.
 *
 * https://docs.aws.amazon.com/lambda/latest/dg/response-streaming-tutorial.html
 */
import type { OutgoingResponse } from './response-guard.ts';

/** The part of the client's response stream that is used. It is similar to Node's Writable. */
export interface ResponseStream {
  readonly destroyed: boolean;
  readonly writableFinished?: boolean;
  /** Returns false if the writer should wait for `drain`. */
  write(chunk: Uint8Array | string): boolean;
  end(): void;
  once(event: 'drain' | 'close' | 'finish', listener: () => void): unknown;
  off(event: 'drain' | 'close', listener: () => void): unknown;
}

/** Resolves when everything is written, or the receiver has disconnected. `method` is the request's. */
export async function writeResponse(
  response: OutgoingResponse,
  to: ResponseStream,
  method: string,
): Promise<void> {
  const stream = awslambda.HttpResponseStream.from(to, head(response));
  let chunk = await response.next();
  if (!chunk) stream.write(needsBody(response.status, method) ? '\n' : '');
  while (chunk) {
    if (!stream.write(chunk)) await drained(stream);
    if (stream.destroyed) return response.cancel('The response stream was closed.');
    chunk = await response.next();
  }
  stream.end();
}

function head({ status, headers }: OutgoingResponse): object {
  const fields: Record<string, string> = {};
  const cookies: string[] = [];
  headers.forEach((value, name) => {
    if (name === 'set-cookie') cookies.push(value);
    else fields[name] = value;
  });
  return { statusCode: status, headers: fields, cookies };
}

/**
 * Returns whether an empty body must be replaced by a line feed: behind a Function URL, a streamed response without a body can stay
 * open for minutes. False if HTTP forbids a body.
 */
function needsBody(status: number, method: string): boolean {
  return method !== 'HEAD' && ![204, 205, 304].includes(status);
}

function drained(stream: ResponseStream): Promise<void> {
  if (stream.destroyed) return Promise.resolve();
  return new Promise(resolve => {
    const done = (): void => {
      stream.off('drain', done);
      stream.off('close', done);
      resolve();
    };
    stream.once('drain', done);
    stream.once('close', done);
  });
}
