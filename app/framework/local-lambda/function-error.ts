/**
 * Errors of invocations, with the types and messages of Lambda.
 *
 * Types and messages: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html and the logs of the real service.
 */

/** The error of an invocation that ended without a response of the function. */
export interface FunctionError {
  /**
   * As the platform reports it, for example `Runtime.ExitError` or `Sandbox.Timeout`. {@link errorName} returns the name of the
   * error that was thrown.
   */
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

/** Returns the error for a process that has exited. `requestId` is undefined outside of an invocation. */
export function exited(
  requestId: string | undefined,
  how: { code: number | null; signal: string | null },
): FunctionError {
  const status = how.signal ? `signal: ${SIGNALS[how.signal] ?? how.signal}` : `exit status ${how.code}`;
  const reason =
    how.code === 0 ? 'Runtime exited without providing a reason' : `Runtime exited with error: ${status}`;
  return functionError('Runtime.ExitError', ofRequest(requestId, reason));
}

/** Returns the error for a process that cannot be started. */
export function notStarted(requestId: string | undefined, file: string, cause: Error): FunctionError {
  const { code = '' } = cause as NodeJS.ErrnoException;
  const reason = START_ERRORS[code] ?? cause.message;
  return functionError('Runtime.InvalidEntrypoint', ofRequest(requestId, `fork/exec ${file}: ${reason}`));
}

export function timedOut(requestId: string | undefined, seconds: number): FunctionError {
  const reason = `Task timed out after ${seconds.toFixed(2)} seconds`;
  return functionError('Sandbox.Timeout', ofRequest(requestId, reason));
}

function ofRequest(requestId: string | undefined, reason: string): string {
  return requestId === undefined ? `Error: ${reason}` : `RequestId: ${requestId} Error: ${reason}`;
}

export function responseTooLarge(): FunctionError {
  return functionError(
    'Function.ResponseSizeTooLarge',
    `Response payload size exceeded maximum allowed payload size (${MAX_BUFFERED_RESPONSE} bytes).`,
  );
}

/**
 * Returns the error that a runtime posted. As Lambda does, keeps its type only if it has the form of an AWS type; the caller gets
 * the body.
 */
export function postedError(type: string, body: string): FunctionError {
  const isKnown = /(?:Runtime|Function)\.[A-Z][a-zA-Z]+/.test(type);
  const unknown = type.startsWith('Function.') ? 'Function.Unknown' : 'Runtime.Unknown';
  const kept = isKnown ? type : unknown;
  if (!body) return functionError(kept, 'Unknown application error occurred');
  return { type: kept, body };
}

/** Returns the name of the error that the function threw; else the type. */
export function errorName({ type, body }: FunctionError): string {
  try {
    const { errorType } = JSON.parse(body) as { errorType?: unknown };
    return typeof errorType === 'string' ? errorType : type;
  } catch {
    return type; // A runtime may post anything.
  }
}

export function functionError(type: string, message: string): FunctionError {
  return { type, body: JSON.stringify({ errorType: type, errorMessage: message }) };
}

/** Descriptions of signals in Go's runtime, which Lambda's messages contain. */
const SIGNALS: Record<string, string> = {
  SIGKILL: 'killed',
  SIGTERM: 'terminated',
  SIGSEGV: 'segmentation fault',
  SIGABRT: 'aborted',
  SIGBUS: 'bus error',
  SIGHUP: 'hangup',
  SIGINT: 'interrupt',
  SIGQUIT: 'quit',
  SIGILL: 'illegal instruction',
  SIGTRAP: 'trace/breakpoint trap',
  SIGFPE: 'floating point exception',
  SIGPIPE: 'broken pipe',
  SIGALRM: 'alarm clock',
};

/** Descriptions of errors in Go's runtime, by Node's error codes. */
const START_ERRORS: Record<string, string> = {
  ENOENT: 'no such file or directory',
  EACCES: 'permission denied',
  ENOEXEC: 'exec format error',
};
