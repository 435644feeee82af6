/** Types that several folders of the framework share. */
import type { AuthInfo } from '@modelcontextprotocol/server';
import type { EndpointContext } from './endpoint-context.ts';

/**
 * The part of Lambda's function context that the framework reads. https://docs.aws.amazon.com/lambda/latest/dg/nodejs-context.html
 */
export interface LambdaContext {
  awsRequestId: string;
  functionName: string;
  /** With the alias or version that was invoked, if any. */
  invokedFunctionArn: string;
  /** The caller that the execution environment belongs to, if the function has tenant isolation. */
  tenantId?: string | undefined;
  /** In MB, as a string on Lambda. */
  memoryLimitInMB: string | number;
  getRemainingTimeInMillis(): number;
}

/** The client id of a token that names neither a client nor a subject. */
export const UNKNOWN_CLIENT = 'unknown';

/** The caller of a request (undefined if authentication is off), or the response that denies it. */
export type GuardResult =
  | { allowed: true; caller?: AuthInfo | undefined }
  | { allowed: false; response: Response };

/** Decides whether a request may reach an MCP route. `endpoint` is the data about the request from the endpoint in front. */
export type Guard = (request: Request, endpoint: EndpointContext) => Promise<GuardResult>;

/** Why a response was aborted, as a JSON-RPC error; -32001 is the deadline. */
export interface AbortReason {
  code: -32001 | -32603;
  /** For the caller: what happened and what to do next. Never the text of an unexpected error. */
  message: string;
}

/** Observes a response while it is sent; the request log is one. An observer that throws is logged and changes nothing. */
export interface ResponseObserver {
  chunk(bytes: Uint8Array): void;
  /** Called once, after the last byte is sent or the response was aborted for `reason`. */
  end(reason: AbortReason | undefined): void;
}

/** How much each caller may use a route. At least one limit: `calls` with `seconds`, `parallel`, or both. */
export interface CallerLimits {
  /** Number of calls in each window of `seconds`, 1 or more. */
  calls?: number;
  /** Length of a window, 1 to 86400. Windows start at multiples of it since 1970. */
  seconds?: number;
  /** Number of calls that run at the same time, 1 or more. */
  parallel?: number;
}

export interface RouteLimits {
  perCaller: CallerLimits;
}

/** An HTTP request to a route with limits. */
export interface LimitedRequest {
  limits: RouteLimits;
  /** The path at which the route is mounted: calls are counted per route. */
  route: string;
  /** The parsed body: a message or a batch. */
  body: unknown;
  /** Undefined if authentication is off. */
  caller: AuthInfo | undefined;
  endpoint: EndpointContext;
  /** Undefined outside Lambda. */
  invocation: Invocation | undefined;
  context: LambdaContext | undefined;
}

/** Counts the calls of a request; returns the response that denies it, or undefined if it is within the limits. Never rejects. */
export type CallLimiter = (request: LimitedRequest) => Promise<Response | undefined>;

export type JsonRpcId = string | number;

/**
 * How the response to one JSON-RPC message ended. `tool_error`: the tool reported an error (`isError`); `protocol_error`: the
 * request was invalid; `failed`: the server is at fault.
 */
export type MessageOutcome = 'ok' | 'tool_error' | 'protocol_error' | 'failed';

/** The parts of a JSON-RPC message that the framework reads; nothing is validated, so each is compared by type. */
export interface IncomingMessage {
  id?: unknown;
  method?: unknown;
  params?: { name?: unknown; _meta?: Record<string, unknown> } | null;
}

/** The messages of one HTTP request, for the request log. */
export interface McpMessages {
  readonly messages: readonly IncomingMessage[];
  /** Names of the tools that the route is known to have. */
  readonly tools: ReadonlySet<string>;
  /** Undefined for a notification, and until the response is sent. */
  outcomeOf(message: IncomingMessage): MessageOutcome | undefined;
  /** The result or the error that was sent. */
  responseOf(message: IncomingMessage): unknown;
}

/** An invocation, as the app sees it. */
export interface Invocation {
  /** Aborted when the response is; the reason is the {@link AbortReason}. */
  readonly signal: AbortSignal;
  abort(reason: AbortReason): void;
  /** Calls `listener` when the response is aborted, after the signal. */
  onAbort(listener: (reason: AbortReason) => void): void;
  observer: ResponseObserver | undefined;
  /** Returns the JSON-RPC ids that still expect a response; undefined until the request's messages are known. */
  pendingIds: (() => readonly JsonRpcId[]) | undefined;
  /** Calls `task` after the response was completed or aborted, before Lambda freezes the environment. `task` must not reject. */
  onEnd(task: () => Promise<void>): void;
  /** Stops the deadline timer and keeps the reason for the observer. A second call does nothing. */
  end(reason?: AbortReason): void;
  /** Informs the observer and runs the tasks of `onEnd`. Called once, after {@link end}. */
  runEndTasks(): Promise<void>;
}

/** The app's environment on Lambda (Hono's `c.env`). */
export interface LambdaBindings {
  event: unknown;
  /** For hono's own helpers, such as getConnInfo. */
  requestContext: unknown;
  context: LambdaContext | undefined;
  endpoint: EndpointContext;
  invocation: Invocation;
}
