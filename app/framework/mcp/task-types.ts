/** The interface between a route and app/framework/tasks, which a route without tasks does not load. */
import type {
  McpHandlerRequestOptions,
  McpHttpHandler,
  McpServerFactory,
} from '@modelcontextprotocol/server';

/** The parts of a route that tasks use: its server factory and its handlers. */
export interface TaskHost {
  factory: McpServerFactory;
  /** Handles requests with servers of this factory. */
  handler: McpHttpHandler;
  /** Creates a handler for servers of another factory, with the limits of the route. */
  handlerFor(factory: McpServerFactory): McpHttpHandler;
}

/** One message to the route. */
export interface RouteMessage {
  /** The JSON-RPC message, not yet checked. */
  message: unknown;
  /** The path that was called. */
  path: string;
  /** The path at which the route is mounted, with its parameters: `/:tenant/mcp`. */
  route: string;
  /** The invoked ARN, with the alias if one was invoked. Undefined outside Lambda. */
  functionArn: string | undefined;
  /** The tenant of the invocation, if the function has tenant isolation. */
  tenantId: string | undefined;
}

export interface MountedTasks {
  /** Replaces the handler's own `fetch`. */
  serve(request: Request, options: McpHandlerRequestOptions, route: RouteMessage): Promise<Response>;
  runJob: BackgroundJobHandler;
}

/** The event that the function sends to itself: `{ "mcpBackgroundJob": job }`. */
export interface BackgroundJob {
  /** Path of the route that runs the job. */
  path: string;
  /** Key of the task in the table. */
  taskKey: string;
}

/**
 * Runs the job that an asynchronous invocation was sent for. `signal` is aborted shortly before the invocation ends. `tenantId` is
 * that of the invocation, if the function has tenant isolation. Rejects if Lambda should retry.
 */
export type BackgroundJobHandler = (
  taskKey: string,
  signal: AbortSignal,
  tenantId?: string | undefined,
) => Promise<void>;

export type TaskSupport = (host: TaskHost) => MountedTasks;
