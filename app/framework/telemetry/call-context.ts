/** What is known about the call of a request: for its log line, the lines of its tools, and the headers of their requests. */

/** Read by trace.ts. */
export interface Trace {
  /** 32 hex digits. */
  traceId: string | undefined;
  traceparent: string | undefined;
  tracestate: string | undefined;
}

export interface Call {
  /** Of the invocation. Undefined outside Lambda. */
  readonly requestId: string | undefined;
  readonly trace: Trace;
  /** Of the message with this id, once the message has been read and the caller is known. */
  about(id: unknown): { tool?: string | undefined; caller?: string | undefined };
}

/** The part of a tool's context (`ctx` of SDK v2) that leads to it. */
export interface ToolContext {
  http?: { req?: Request };
  mcpReq?: { id?: unknown };
}

/** On the request itself: an AsyncLocalStorage costs time in every call, and a WeakMap keeps entries until a full garbage collection. */
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
