/**
 * Writes an answer into the response stream of the Runtime Interface Client: status and headers go before the body, as
 * `awslambda.HttpResponseStream` puts them.
 *
 * https://docs.aws.amazon.com/lambda/latest/dg/response-streaming-tutorial.html
 */
import type { Answer } from './response-guard.ts';

/** What is used of the client's stream, which looks like a Writable of Node and is none. */
export interface ResponseStream {
  readonly destroyed: boolean;
  /** False when more should wait for `drain`. */
  write(chunk: Uint8Array | string): boolean;
  end(): void;
  once(event: 'drain' | 'close', listener: () => void): unknown;
  off(event: 'drain' | 'close', listener: () => void): unknown;
}

/** Resolves when all is written, or nobody takes it any more. `method` is the request's. */
export async function writeAnswer(answer: Answer, to: ResponseStream, method: string): Promise<void> {
  const stream = awslambda.HttpResponseStream.from(to, head(answer));
  let piece = await answer.next();
  if (!piece) stream.write(needsBody(answer.status, method) ? '\n' : '');
  while (piece) {
    if (!stream.write(piece)) await drained(stream);
    if (stream.destroyed) return answer.cancel('The response stream was closed.');
    piece = await answer.next();
  }
  stream.end();
}

function head({ status, headers }: Answer): object {
  const fields: Record<string, string> = {};
  const cookies: string[] = [];
  headers.forEach((value, name) => {
    if (name === 'set-cookie') cookies.push(value);
    else fields[name] = value;
  });
  return { statusCode: status, headers: fields, cookies };
}

/**
 * A streamed answer without a body has been seen to stay open for minutes behind a Function URL, so it gets a line end,
 * except where HTTP forbids one.
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
