/**
 * The option `onToolCall`: a function of the user around every call of a tool. Works for servers of both SDKs, which keep their
 * handlers in a map, and for proxies, which are servers of SDK v2.
 *
 * Loaded only by routes with the option. The SDK validates arguments and results, and converts exceptions of tools, inside `next`.
 */
import type {
  AuthInfo,
  CallToolRequest,
  CallToolResult,
  InputRequiredResult,
  ServerContext,
} from '@modelcontextprotocol/server';
import { INTERNAL_ERROR, INVALID_PARAMS } from '../json-rpc.ts';

/** The parameters of `tools/call`. */
export type ToolCall = CallToolRequest['params'];
type Result = CallToolResult | InputRequiredResult;

/** The part of a tool's `ctx` that servers of both SDKs have; it is enough for `log(ctx)`. */
export interface ToolCallContext {
  mcpReq: Pick<ServerContext['mcpReq'], 'id' | 'signal'>;
  /** `authInfo` is the caller; in the background run of a task it is without the token, and `req` is not the client's request. */
  http?: { authInfo?: AuthInfo; req?: Request };
}

/**
 * `next()` runs the tool, `next(changed)` with other parameters; it can be called more than once or not at all. It resolves with the
 * result, also one with `isError` or a request for input, and rejects with a JSON-RPC error, such as for an unknown tool.
 *
 * If the hook throws, the call fails: the exception is logged, and the caller gets a message without its text. An error with a
 * JSON-RPC code (`ProtocolError`) reaches the caller unchanged.
 */
export type OnToolCall = (
  ctx: ToolCallContext,
  call: ToolCall,
  next: (call?: ToolCall) => Promise<Result>,
) => Result | Promise<Result>;

type CallHandler = (request: CallRequest, ctx: unknown) => unknown;

interface CallRequest {
  method: string;
  params?: unknown;
}

/** The parts that are used of a `Server` of either SDK, or of an `McpServer` around one. */
interface AnyServer {
  server?: AnyServer;
  _requestHandlers?: Map<string, CallHandler>;
  fallbackRequestHandler?: CallHandler | undefined;
}

/** The second argument of a v1 handler. */
interface V1Extra {
  requestId: ServerContext['mcpReq']['id'];
  signal: AbortSignal;
  authInfo?: AuthInfo;
}

const TOOLS_CALL = 'tools/call';

/** Adds the hook to a server, before the server is connected. `httpRequest` is the request that the server was created for. */
export function hookToolCalls(given: object, onToolCall: OnToolCall, httpRequest: Request | undefined): void {
  const server = (given as AnyServer).server ?? (given as AnyServer);
  const { _requestHandlers: handlers, fallbackRequestHandler: fallback } = server;
  const hooked =
    (handle: CallHandler): CallHandler =>
    (request, ctx) =>
      callWithHook({ handle, request, ctx, onToolCall, httpRequest });
  const handle = handlers?.get(TOOLS_CALL);
  if (handle) handlers?.set(TOOLS_CALL, hooked(handle));
  if (fallback)
    server.fallbackRequestHandler = (request, ctx) =>
      (request.method === TOOLS_CALL ? hooked(fallback) : fallback)(request, ctx);
}

interface HookedCall {
  handle: CallHandler;
  request: CallRequest;
  ctx: unknown;
  onToolCall: OnToolCall;
  httpRequest: Request | undefined;
}

async function callWithHook({ handle, request, ctx, onToolCall, httpRequest }: HookedCall): Promise<Result> {
  const call = validCall(request.params);
  const context = contextOf(ctx, httpRequest);
  const ofTool = new Set<unknown>();
  const next = async (params = call): Promise<Result> => {
    try {
      return (await handle({ ...request, params }, ctx)) as Result;
    } catch (error) {
      ofTool.add(error);
      throw error;
    }
  };
  try {
    const result: unknown = await onToolCall(context, call, next);
    if (typeof result !== 'object' || result === null)
      throw new TypeError(`onToolCall returned ${result} instead of a result. Return what next() returns.`);
    return result as Result;
  } catch (error) {
    if (ofTool.has(error) || hasJsonRpcCode(error)) throw error;
    if (!context.mcpReq.signal.aborted) console.error('mcp: onToolCall failed', error);
    throw jsonRpcError(INTERNAL_ERROR, 'The call failed; the log of the server has the reason.');
  }
}

/** Validates the parameters, because the hook runs before the SDK validates them. */
function validCall(params: unknown): ToolCall {
  const { name, arguments: args } = (params ?? {}) as { name?: unknown; arguments?: unknown };
  if (typeof name !== 'string')
    throw jsonRpcError(INVALID_PARAMS, 'Invalid params for tools/call: name: must be a string');
  if (args !== undefined && (typeof args !== 'object' || args === null || Array.isArray(args)))
    throw jsonRpcError(INVALID_PARAMS, 'Invalid params for tools/call: arguments: must be an object');
  return params as ToolCall;
}

function contextOf(ctx: unknown, req: Request | undefined): ToolCallContext {
  if ((ctx as Partial<ServerContext>).mcpReq) return ctx as ServerContext;
  const { requestId: id, signal, authInfo } = ctx as V1Extra;
  return { mcpReq: { id, signal }, http: { ...(authInfo && { authInfo }), ...(req && { req }) } };
}

/** Returns whether an error has a JSON-RPC code, which is negative; the codes of DOMException are not. */
function hasJsonRpcCode(error: unknown): boolean {
  const { code } = (error ?? {}) as { code?: unknown };
  return Number.isSafeInteger(code) && (code as number) < 0;
}

/** Creates an error with a code, which the SDKs send. */
function jsonRpcError(code: number, message: string): Error {
  return Object.assign(new Error(message), { code });
}
