/**
 * What can go wrong with an invocation, in the words of the platform.
 *
 * Types and messages: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html and the logs of the real service.
 */

/** An invocation that ended without an answer of the function's own. */
export interface FunctionError {
  /** As the platform reports it, for example `Runtime.ExitError` or `Sandbox.Timeout`. See {@link errorName} for what was thrown. */
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

/** The process is gone. No `requestId`: outside of an invocation. */
export function exited(
  requestId: string | undefined,
  how: { code: number | null; signal: string | null },
): FunctionError {
  const status = how.signal ? `signal: ${SIGNALS[how.signal] ?? how.signal}` : `exit status ${how.code}`;
  const reason =
    how.code === 0 ? 'Runtime exited without providing a reason' : `Runtime exited with error: ${status}`;
  return functionError('Runtime.ExitError', ofRequest(requestId, reason));
}

/** The process cannot be started. */
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

/** An error that the runtime has posted. Of its type, the platform keeps what looks like one of AWS's; the caller gets the body. */
export function postedError(type: string, body: string): FunctionError {
  const isKnown = /(?:Runtime|Function)\.[A-Z][a-zA-Z]+/.test(type);
  const unknown = type.startsWith('Function.') ? 'Function.Unknown' : 'Runtime.Unknown';
  const kept = isKnown ? type : unknown;
  if (!body) return functionError(kept, 'Unknown application error occurred');
  return { type: kept, body };
}

/** The name of the error that the function threw, or else the type. */
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

/** As Go's runtime spells them, in which Lambda's own messages are written. */
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

/** The same of errors, by Node's codes. */
const START_ERRORS: Record<string, string> = {
  ENOENT: 'no such file or directory',
  EACCES: 'permission denied',
  ENOEXEC: 'exec format error',
};
