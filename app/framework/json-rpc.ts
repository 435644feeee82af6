/** JSON-RPC and MCP constants, and error responses. https://www.jsonrpc.org/specification#error_object */
import type { JsonRpcId } from './types.ts';

/** The revision that SDK v2 serves natively. */
export const MODERN_REVISION = '2026-07-28';

export const INVALID_REQUEST = -32600;
export const METHOD_NOT_FOUND = -32601;
export const INVALID_PARAMS = -32602;
export const INTERNAL_ERROR = -32603;
/** Server errors: the MCP SDKs use -32000 for transport errors, and -32001 for a request that timed out. */
export const SERVER_ERROR = -32000;
export const REQUEST_TIMEOUT = -32001;

export interface JsonRpcError {
  code: number;
  message: string;
  data?: unknown;
}

/** Returns the error for a server that sends a request to its client. */
export function noSessionError(method: string): JsonRpcError {
  return {
    code: METHOD_NOT_FOUND,
    message: `${method} requires a session with a client, but this server is stateless.`,
  };
}

/** Returns an HTTP response whose body is one JSON-RPC error; `id` is null if the request's id is not known. */
export function errorResponse(
  error: JsonRpcError,
  { id = null, ...init }: ResponseInit & { id?: JsonRpcId | null } = {},
): Response {
  return Response.json({ jsonrpc: '2.0', id, error }, init);
}

/** Returns whether a value is a valid request id. */
export function isId(value: unknown): value is JsonRpcId {
  return typeof value === 'string' || typeof value === 'number';
}
