/** Buffers a response of the function, for callers without streaming. */
import type { Invoked } from './environment.ts';
import { type FunctionError, MAX_BUFFERED_RESPONSE, responseTooLarge } from './function-error.ts';

export interface InvocationResult {
  payload: Buffer;
  error?: FunctionError | undefined;
}

export async function bufferedPayload({ response }: Pick<Invoked, 'response'>): Promise<InvocationResult> {
  if (response.kind === 'error') return { payload: Buffer.alloc(0), error: response.error };
  if (response.kind === 'buffered') return { payload: response.body };
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response.body) {
    bytes += chunk.length;
    if (bytes <= MAX_BUFFERED_RESPONSE) chunks.push(chunk);
  }
  const error = bytes > MAX_BUFFERED_RESPONSE ? responseTooLarge() : await response.ended;
  return { payload: Buffer.concat(chunks), error };
}
