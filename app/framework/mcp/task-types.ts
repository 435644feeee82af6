/** The interface between a route and app/framework/tasks, which a route without tasks does not load. */
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
  /** The path that was called. */
  path: string;
  /** The path at which the route is mounted, with its parameters: `/:tenant/mcp`. */
  route: string;
  /** As the function was called: with its alias, if by one. Undefined outside of Lambda. */
  functionArn: string | undefined;
  /** The tenant of the invocation, if the function has tenant isolation. */
  tenantId: string | undefined;
}

export interface MountedTasks {
  /** Replaces the handler's own `fetch`. */
  serve(request: Request, options: McpHandlerRequestOptions, route: RouteMessage): Promise<Response>;
  runJob: BackgroundJobHandler;
}

/** What the function sends itself, as `{ "mcpBackgroundJob": job }`. */
export interface BackgroundJob {
  /** Of the route that runs the job. */
  path: string;
  /** Key of the task in the table. */
  taskKey: string;
}

/**
 * Runs the job that an asynchronous invocation was sent for. `signal` is aborted shortly before the invocation ends. `tenantId`: of
 * that invocation, if the function has tenant isolation. Rejects if Lambda should try again.
 */
export type BackgroundJobHandler = (
  taskKey: string,
  signal: AbortSignal,
  tenantId?: string | undefined,
) => Promise<void>;

export type TaskSupport = (host: TaskHost) => MountedTasks;
