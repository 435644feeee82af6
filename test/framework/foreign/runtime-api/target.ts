/** What the scenarios run against: the local Lambda, and AWS's runtime core. Both in the same words. */

/** A function: the command of its runtime, and what it may use. */
export interface FunctionSpec {
  command: readonly [string, ...string[]];
  env: Record<string, string>;
  /** Timeout of an invocation. */
  timeoutMs: number;
  /** Time for the init. */
  initTimeoutMs: number;
}

export interface Call {
  payload: string;
  /** Asks for the response as it comes. */
  streaming?: boolean;
  traceId?: string;
  clientContext?: string;
  /** Where the platform makes the response: AWS's core then takes the path of aws-lambda-rie. */
  byEmulator?: boolean;
}

/** What the caller got, and what the platform logged. */
export interface Outcome {
  /** Type of the error that the invocation ended with, also after a part of the response. */
  error?: string;
  /** The response, or the error's JSON. The request ID in it is replaced by `ID`. */
  body: string;
  contentType?: string;
  /** `platform.report` or `platform.runtimeDone`. */
  logged: { status: string; errorType?: string };
}

/** One execution environment after the other, as Lambda runs them for one caller. */
export interface RunningFunction {
  /** Settles when the init is over. */
  init: Promise<'success' | 'failure'>;
  /** One at a time. Settles when the invocation is over. */
  invoke(call: Call): Promise<Outcome>;
  /** What the processes of the function have printed. */
  output(): string;
  close(): Promise<void>;
}

export interface Target {
  name: string;
  start(spec: FunctionSpec): Promise<RunningFunction>;
}

export const FUNCTION_ARN = 'arn:aws:lambda:us-east-1:123456789012:function:proof';

/** The body without what differs from run to run, and short enough for a message. */
export function comparable(body: string, id: string): string {
  const text = body.replaceAll(id, 'ID').replace(/"remaining":\d+/, '"remaining":0');
  const limit = 5_000;
  return text.length > limit ? `${text.slice(0, 80)}... ${text.length} characters` : text;
}
