/**
 * Writes a response to the response stream of the Runtime Interface Client: status and headers precede the body, in the format of
 * `awslambda.HttpResponseStream`. That writes them in two chunks before the body's first one; here the three are one, because each
 * chunk passes Node's HTTP client and its streams.
 *
 * https://docs.aws.amazon.com/lambda/latest/dg/response-streaming-tutorial.html
 */
import type { OutgoingResponse } from './response-guard.ts';

/** The part of the client's response stream that is used. It is similar to Node's Writable. */
export interface ResponseStream {
  readonly destroyed: boolean;
  readonly writableFinished?: boolean;
  /** Sets the content type of the response to the Runtime API. */
  setContentType(type: string): void;
  /** Returns false if the writer should wait for `drain`. */
  write(chunk: Uint8Array | string): boolean;
  end(): void;
  once(event: 'drain' | 'close' | 'finish', listener: () => void): unknown;
  off(event: 'drain' | 'close', listener: () => void): unknown;
}

const PRELUDE_TYPE = 'application/vnd.awslambda.http-integration-response';
/** Null bytes between status and headers, as JSON, and the body. */
const DELIMITER = '\0'.repeat(8);
/** The longest first chunk, in bytes, that is copied after the prelude. */
const COPIED = 64 * 1024;

/** Resolves when everything is written, or the receiver has disconnected. `method` is the request's. */
export async function writeResponse(
  response: OutgoingResponse,
  to: ResponseStream,
  method: string,
): Promise<void> {
  to.setContentType(PRELUDE_TYPE);
  const prelude = Buffer.from(JSON.stringify(head(response)) + DELIMITER);
  let chunk: Uint8Array | undefined =
    (await response.next()) ?? Buffer.from(needsBody(response.status, method) ? '\n' : '');
  if (chunk.length > COPIED) to.write(prelude);
  else chunk = Buffer.concat([prelude, chunk]);
  while (chunk) {
    if (!to.write(chunk)) await drained(to);
    if (to.destroyed) return response.cancel('The response stream was closed.');
    chunk = await response.next();
  }
  to.end();
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
