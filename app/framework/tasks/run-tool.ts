/** Runs one round of a task's tool: sends its request to the route's server and returns the changes of the task. */
import type { McpHandlerRequestOptions } from '@modelcontextprotocol/server';
import type { JsonRpcError } from '../json-rpc.ts';
import { messagesOf } from '../mcp/message-stream.ts';
import type { StoredTask, TaskCall, TaskChanges } from './task.ts';
import { failure, LOST } from './task-errors.ts';

export type ServeRequest = (request: Request, options: McpHandlerRequestOptions) => Promise<Response>;

const PROTOCOL_VERSION = 'io.modelcontextprotocol/protocolVersion';
/** In characters. In JSON a character has at most 6 bytes: together with the lease that is less than RESERVED_BYTES in task.ts. */
const MAX_STATUS_MESSAGE = 600;

/** Runs the tool. `onProgress` receives each progress notification as text. */
export async function runTool(
  task: StoredTask,
  signal: AbortSignal,
  onProgress: (message: string) => void,
  serve: ServeRequest,
): Promise<TaskChanges> {
  const { authInfo } = task.call;
  const call = roundMessage(task);
  const request = new Request('https://task.invalid/', { method: 'POST', headers: headersOf(call), signal });
  const response = await serve(request, { ...(authInfo && { authInfo }), parsedBody: call });
  for await (const { method, params = {}, result, error } of messagesOf(response)) {
    if (method === 'notifications/progress') onProgress(formatProgress(params));
    if (error) return failure(error as JsonRpcError);
    if (result) return outcomeOfResult(task, result);
  }
  return failure(LOST);
}

/** Returns the original request with the provided input, the tool's state and a progress token. */
function roundMessage({ call, inputResponses, requestState }: StoredTask): TaskCall['message'] {
  const { _meta, ...params } = call.message.params;
  return {
    ...call.message,
    params: {
      ...params,
      ...(inputResponses && { inputResponses: withoutRound(inputResponses) }),
      ...(requestState !== undefined && { requestState }),
      _meta: { ...(_meta as object | undefined), progressToken: 'task' },
    },
  };
}

function headersOf({ method, params }: TaskCall['message']): Record<string, string> {
  const meta = params._meta as Record<string, unknown>;
  const revision = meta[PROTOCOL_VERSION];
  return {
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    ...(typeof revision === 'string' && {
      'mcp-protocol-version': revision,
      'mcp-method': method,
      'mcp-name': encodeName(String(params.name)),
    }),
  };
}

/** Encodes a name that a header cannot contain as Base64 (SEP-2243). */
function encodeName(name: string): string {
  return /^[\x21-\x7e]+$/.test(name) ? name : `=?base64?${Buffer.from(name).toString('base64')}?=`;
}

function outcomeOfResult(task: StoredTask, { resultType, ...result }: Record<string, unknown>): TaskChanges {
  const updated = Date.now();
  if (resultType !== 'input_required')
    return { status: 'completed', result, statusMessage: undefined, updated, leaseUntil: undefined };
  const round = task.round + 1;
  const requests = Object.entries((result.inputRequests ?? {}) as object);
  return {
    // Without input requests, the tool requests another call with its state.
    status: requests.length > 0 ? 'input_required' : 'working',
    round,
    // "Each request key MUST be unique over the lifetime of a single task", but a tool may reuse a key in its next round.
    inputRequests: Object.fromEntries(requests.map(([key, value]) => [`${round}.${key}`, value])),
    inputResponses: {},
    requestState: result.requestState as string | undefined,
    attempts: 0,
    leaseUntil: undefined,
    updated,
  };
}

/** Removes the round from the keys. */
function withoutRound(responses: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(responses).map(([key, value]) => [key.slice(key.indexOf('.') + 1), value]),
  );
}

function formatProgress({ message, progress, total }: Record<string, unknown>): string {
  const count = total === undefined ? `${progress}` : `${progress} of ${total}`;
  return (typeof message === 'string' ? `${count}: ${message}` : count).slice(0, MAX_STATUS_MESSAGE);
}
