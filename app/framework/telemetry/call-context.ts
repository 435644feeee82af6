/** The context of a call: for its log line, the log lines of its tools, and the headers of their requests. */

/** Trace context, which trace.ts reads. */
export interface Trace {
  /** 32 hex digits. */
  traceId: string | undefined;
  traceparent: string | undefined;
  tracestate: string | undefined;
}

export interface Call {
  /** Request id of the invocation. Undefined outside Lambda. */
  readonly requestId: string | undefined;
  readonly trace: Trace;
  /** Returns tool and caller of the message with this id, if they are known already. */
  about(id: unknown): { tool?: string | undefined; caller?: string | undefined };
}

/** The part of a tool's context (`ctx` of SDK v2) that identifies the call. */
export interface ToolContext {
  http?: { req?: Request };
  mcpReq?: { id?: unknown };
}

/**
 * Property of the request: an AsyncLocalStorage costs time in every call, and a WeakMap keeps entries until a full garbage
 * collection.
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
