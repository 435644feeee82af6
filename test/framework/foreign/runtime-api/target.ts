/** The common interface of the two targets of the scenarios: the local Lambda and AWS's runtime core. */

/** A function: the command of its runtime, and its limits. */
export interface FunctionSpec {
  command: readonly [string, ...string[]];
  env: Record<string, string>;
  /** Timeout of an invocation. */
  timeoutMs: number;
  /** Timeout of init. */
  initTimeoutMs: number;
}

export interface Call {
  payload: string;
  /** Whether to stream the response. */
  streaming?: boolean;
  traceId?: string;
  clientContext?: string;
  /** Whether the platform creates the response: AWS's core then uses the code path of aws-lambda-rie. */
  byEmulator?: boolean;
}

/** The response to the caller, and the log of the platform. */
export interface Outcome {
  /** Type of the error that ended the invocation, even after a part of the response. */
  error?: string;
  /** The response, or the error's JSON. The request ID in it is replaced by `ID`. */
  body: string;
  contentType?: string;
  /** `platform.report` or `platform.runtimeDone`. */
  logged: { status: string; errorType?: string };
}

/** A function with one execution environment after another, as Lambda runs it for one caller. */
export interface RunningFunction {
  /** Settles when init has ended. */
  init: Promise<'success' | 'failure'>;
  /** Invokes the function; one call at a time. Settles when the invocation has ended. */
  invoke(call: Call): Promise<Outcome>;
  /** Returns the output of the function's processes. */
  output(): string;
  close(): Promise<void>;
}

export interface Target {
  name: string;
  start(spec: FunctionSpec): Promise<RunningFunction>;
}

export const FUNCTION_ARN = 'arn:aws:lambda:us-east-1:123456789012:function:proof';

/** Returns the body without parts that differ between runs, shortened for a message. */
export function comparable(body: string, id: string): string {
  const text = body.replaceAll(id, 'ID').replace(/"remaining":\d+/, '"remaining":0');
  const limit = 5_000;
  return text.length > limit ? `${text.slice(0, 80)}... ${text.length} characters` : text;
}
