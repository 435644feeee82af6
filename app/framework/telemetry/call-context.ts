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
  readonly requestId: string | undefined;
  readonly trace: Trace;
  /** Of the message with this id, once the message has been read and the caller is known. */
  about(id: unknown): { tool?: string | undefined; caller?: string | undefined };
}

/** What a tool's context has of it: `ctx` of SDK v2. */
export interface ToolContext {
  http?: { req?: Request };
  mcpReq?: { id?: unknown };
}

/**
 * On the request itself, so that no call costs the upkeep of an AsyncLocalStorage. Nor that of a WeakMap: what one holds the
 * garbage collector keeps until it goes through all of the memory.
 */
const CALL = Symbol('call');

interface TaggedRequest extends Request {
  [CALL]?: Call;
}

export function setCallContext(request: Request, call: Call): void {
  (request as TaggedRequest)[CALL] = call;
}

export function callContextOf({ http }: ToolContext): Call | undefined {
  return (http?.req as TaggedRequest | undefined)?.[CALL];
}
