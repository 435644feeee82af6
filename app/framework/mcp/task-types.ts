/**
 * What a route asks of the work that outlives a call. app/framework/tasks has it; a route that names none carries nothing of it.
 */
import type {
  McpHandlerRequestOptions,
  McpHttpHandler,
  McpServerFactory,
} from '@modelcontextprotocol/server';

/** What the route gives: its server, and how messages are served by one. */
export interface TaskHost {
  factory: McpServerFactory;
  /** Serves by servers of that factory. */
  handler: McpHttpHandler;
  /** Serves by servers of another factory, with the limits of the route. */
  handlerFor(factory: McpServerFactory): McpHttpHandler;
}

/** One message to the route. */
export interface RouteMessage {
  /** The JSON-RPC message, not yet checked. */
  message: unknown;
  /** Where the route is mounted. */
  path: string;
  /** As the function was called: with its alias, if by one. Undefined outside of Lambda. */
  functionArn: string | undefined;
}

export interface MountedTasks {
  /** In the place of the handler's own `fetch`. */
  serve(request: Request, options: McpHandlerRequestOptions, route: RouteMessage): Promise<Response>;
  work: BackgroundWork;
}

/** What the function sends itself, as `{ "mcpBackgroundJob": order }`. */
export interface Order {
  /** Of the route that is to do the work. */
  path: string;
  order: string;
}

/**
 * Does the work that an asynchronous invocation was made for. `order` is what the route has sent itself, `signal` ends
 * shortly before the invocation. Rejects when Lambda is to try again.
 */
export type BackgroundWork = (order: string, signal: AbortSignal) => Promise<void>;

export type TaskSupport = (host: TaskHost) => MountedTasks;
