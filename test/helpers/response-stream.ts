import { PassThrough } from 'node:stream';

/** Returns a stream with the methods of the Runtime Interface Client's response stream that the framework uses. */
export function createResponseStream(): PassThrough & { setContentType(type: string): void } {
  return Object.assign(new PassThrough(), { setContentType: () => undefined });
}
