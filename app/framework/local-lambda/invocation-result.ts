/** Buffers a response of the function, for callers without streaming. */
import type { Invoked } from './environment.ts';
import { type FunctionError, MAX_BUFFERED_RESPONSE, responseTooLarge } from './function-error.ts';

export interface InvocationResult {
  payload: Buffer;
  error?: FunctionError | undefined;
}

export async function bufferedPayload({ answer }: Pick<Invoked, 'answer'>): Promise<InvocationResult> {
  if (answer.kind === 'error') return { payload: Buffer.alloc(0), error: answer.error };
  if (answer.kind === 'buffered') return { payload: answer.body };
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of answer.body) {
    bytes += chunk.length;
    if (bytes <= MAX_BUFFERED_RESPONSE) chunks.push(chunk);
  }
  const error = bytes > MAX_BUFFERED_RESPONSE ? responseTooLarge() : await answer.ended;
  return { payload: Buffer.concat(chunks), error };
}
