/**
 * What is known of the call that a request makes, for everything that is said about it: its line in the log, the lines
 * that its tools log, and the headers of the requests that they send.
 */

/** Read by trace.ts. */
export interface Trace {
  /** 32 hex digits. */
  traceId: string | undefined;
  traceparent: string | undefined;
  tracestate: string | undefined;
}

export interface Call {
  /** Of the invocation. Undefined where there is no Lambda. */
  requestId: string | undefined;
  trace: Trace;
  /** Filled in when the message has been read and the caller is known. */
  about: () => { tool?: string | undefined; caller?: string | undefined };
}

/** What a tool's context has of it: `ctx` of SDK v2. */
export interface ToolContext {
  http?: { req?: Request };
}

/** By the request itself, so that no call costs the upkeep of an AsyncLocalStorage. */
const CALLS = new WeakMap<Request, Call>();

export function rememberCall(request: Request, call: Call): void {
  CALLS.set(request, call);
}

export function callOf({ http }: ToolContext): Call | undefined {
  return http?.req && CALLS.get(http.req);
}
