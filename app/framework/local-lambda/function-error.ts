/**
 * What can go wrong with an invocation, in the words of the platform.
 *
 * Types and messages: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html and the logs of the real service.
 */

/** An invocation that ended without an answer of the function's own. */
export interface FunctionError {
  /** For example `Runtime.ExitError`, `Sandbox.Timeout`, or the name of the error that the function threw. */
  type: string;
  /** The JSON document that the Invoke API returns: `errorMessage`, `errorType`, and what the runtime added. */
  body: string;
}

/** The limit on a buffered response, in bytes: 6 MiB and 100 bytes. */
export const MAX_BUFFERED_RESPONSE = 6_291_556;
/** The limit on a request payload with the event around it, in bytes: 6 MiB. */
export const MAX_REQUEST = 6_291_456;
/** The limit on the payload of an asynchronous invocation, in bytes: 1 MiB. */
export const MAX_EVENT = 1_048_576;
/** The limit on a streamed response, in bytes: 200 MiB. */
export const MAX_STREAMED_RESPONSE = 209_715_200;

export function exited(
  requestId: string,
  how: { code: number | null; signal: string | null },
): FunctionError {
  const status = how.signal ? `signal: ${SIGNALS[how.signal] ?? how.signal}` : `exit status ${how.code}`;
  const reason =
    how.code === 0 ? 'Runtime exited without providing a reason' : `Runtime exited with error: ${status}`;
  return functionError('Runtime.ExitError', `RequestId: ${requestId} Error: ${reason}`);
}

export function timedOut(requestId: string, seconds: number): FunctionError {
  return functionError(
    'Sandbox.Timeout',
    `RequestId: ${requestId} Error: Task timed out after ${seconds.toFixed(2)} seconds`,
  );
}

export function responseTooLarge(bytes: number): FunctionError {
  const message = `Response payload size exceeded maximum allowed payload size (${MAX_BUFFERED_RESPONSE} bytes).`;
  return functionError(
    'Function.ResponseSizeTooLarge',
    bytes > 0 ? `${message} It had at least ${bytes} bytes.` : message,
  );
}

export function functionError(type: string, message: string): FunctionError {
  return { type, body: JSON.stringify({ errorType: type, errorMessage: message }) };
}

/** As Go's runtime spells them, in which Lambda's own messages are written. */
const SIGNALS: Record<string, string> = {
  SIGKILL: 'killed',
  SIGTERM: 'terminated',
  SIGSEGV: 'segmentation fault',
  SIGABRT: 'aborted',
  SIGBUS: 'bus error',
};
