/**
 * The public API of the framework: everything that routes, servers, settings and tests of a project import, as `#framework`.
 * Every other module is private: an upgrade may change it.
 */
export { type AuthOptions, auth } from './auth/guard.ts';
export { type Caller, granted } from './auth/identity.ts';
export {
  InvalidStateError,
  type SignedState,
  type SignedStateOptions,
  signedState,
} from './auth/signed-state.ts';
export { SecretError, secret } from './aws/secret.ts';
export { ConfigError, defineSettings, type Settings } from './config.ts';
export { type ServerCard, serverCards } from './discovery/server-cards.ts';
export { type GatewayServer, mcpGateway } from './mcp/gateway.ts';
export { mcp } from './mcp/mcp.ts';
export { mcpStdio, type StdioServer } from './mcp/mcp-stdio.ts';
export { mcpV1 } from './mcp/mcp-v1.ts';
export type { McpOptions, McpServerOptions } from './mcp/options.ts';
export type { OnToolCall, ToolCall, ToolCallContext } from './mcp/tool-call-hook.ts';
export { onRestore, onSnapshot, type SnapStartHook } from './snap-start.ts';
export { dynamoTasks } from './tasks/dynamo-tasks.ts';
export type { DynamoTasksOptions, LongTool } from './tasks/task-options.ts';
export { log } from './telemetry/log.ts';
export { traceHeaders } from './telemetry/trace.ts';
export type { CallerLimits, RouteLimits } from './types.ts';
