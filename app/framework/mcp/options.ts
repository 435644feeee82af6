/** The options of an MCP route, which `mcp`, `mcpV1`, `mcpStdio` and `mcpGateway` share, and what it needs of Hono's context. */
import type { AuthInfo } from '@modelcontextprotocol/server';
import type { EndpointContext } from '../endpoint-context.ts';
import type { CallLimiter, Guard, LambdaBindings, RouteLimits } from '../types.ts';
import type { McpExchange } from './exchange.ts';
import type { SubscriptionBounds } from './subscriptions.ts';
import type { TaskSupport } from './task-types.ts';
import type { OnToolCall } from './tool-call-hook.ts';

export interface McpOptions {
  /**
   * Authentication of this route: a guard, such as `auth({ scopes })`, or `'none'`, for example in a test.
   * @default the guard of the app, which MCP_AUTH configures
   */
  auth?: Guard | 'none';
  /**
   * Whether `subscriptions/listen` may keep a response open: `'refuse'` responds with "Method not found" (404, -32601),
   * as a server does that has nothing to subscribe to; bounds allow it. On Lambda an open stream is billed for as long
   * as it is open, and its environment serves no other request.
   * @default 'refuse'
   */
  subscriptions?: 'refuse' | SubscriptionBounds;
  /** Largest request body, in bytes; above it 413. Lambda itself takes 6 MiB with the event around it. @default 6291456 */
  maxRequestBodyBytes?: number;
  /** Interval of SSE comment frames on an open stream, in milliseconds; 0 for none. @default 15000 */
  keepAliveMs?: number;
  /**
   * Tools whose work outlives the call: `dynamoTasks({ tools })` of app/framework/tasks. @default none, and nothing of it is loaded
   */
  tasks?: TaskSupport;
  /**
   * How much each caller may use this route, see app/framework/limits/README.md. A caller is an issuer and a subject; without
   * authentication, a source address.
   * @default no limits, and nothing of it is loaded
   */
  limits?: RouteLimits;
  /**
   * Called around every call of a tool, also in the background run of a task: for audits, caches, filters and masked errors. It may
   * call `next` or return its own result.
   * @default none, and nothing of it is loaded
   */
  onToolCall?: OnToolCall;
  /**
   * Creates the server once during init and lists its tools, so that the first caller does not pay for it. `false` for a
   * factory that must not run without a caller.
   * @default true; false for `mcpV1`, `mcpStdio` and `mcpGateway`, whose servers may be expensive to call
   */
  prewarm?: boolean;
  /** Receives errors that no response reports (rejected requests, handler faults). Never alters a response. */
  onError?: (error: Error) => void;
}

/** The options of `mcp()`. */
export interface McpServerOptions extends McpOptions {
  /**
   * Creates one server per concurrent request and reuses it for later requests, so that a call does not pay for creating it. The
   * factory then gets no request and no caller, a tool must not change its server, and the route cannot have `tasks`:
   * app/framework/mcp/README.md, "One server for many requests".
   * @default false: the factory creates a server for each request
   */
  reuse?: boolean;
}

/** The values of Hono's context that an MCP route uses. */
export interface McpRouteEnv {
  Bindings: Partial<Pick<LambdaBindings, 'context' | 'invocation'>>;
  Variables: {
    endpoint?: EndpointContext;
    /** The guard of the app, for routes without their own. */
    guard?: Guard;
    /** The call limiter of the app, for routes with limits. */
    limitCalls?: CallLimiter;
    /** Set here, for the request log. */
    authInfo?: AuthInfo;
    /** Set here, for the request log. */
    exchange?: McpExchange;
  };
}
