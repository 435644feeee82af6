/**
 * The JSON-RPC messages of one HTTP request, and the responses sent so far, for the request log and to find the ids without a
 * response. Each message of a batch is checked and logged separately.
 */
import { isId } from '../json-rpc.ts';
import type { IncomingMessage, JsonRpcId, McpMessages, MessageOutcome } from '../types.ts';

export class McpExchange implements McpMessages {
  /** The messages of a batch, or the single one, without values that are not objects: they have no id for a response. */
  readonly messages: readonly IncomingMessage[];
  /** Known names of the tools of this route. */
  readonly tools: ReadonlySet<string>;
  readonly #responses = new Map<JsonRpcId, { outcome: MessageOutcome; response: unknown }>();

  constructor(body: unknown, tools: ReadonlySet<string>) {
    this.messages = (Array.isArray(body) ? body : [body]).filter(isMessage);
    this.tools = tools;
  }

  /** Records the response to the message with this id. */
  respond(id: JsonRpcId, outcome: MessageOutcome, response: unknown): void {
    this.#responses.set(id, { outcome, response });
  }

  outcomeOf({ id }: IncomingMessage): MessageOutcome | undefined {
    return isId(id) ? this.#responses.get(id)?.outcome : undefined;
  }

  responseOf({ id }: IncomingMessage): unknown {
    return isId(id) ? this.#responses.get(id)?.response : undefined;
  }

  find(id: JsonRpcId): IncomingMessage | undefined {
    return this.messages.find(message => message.id === id);
  }

  /** Returns the ids of requests without a response. */
  pending(): JsonRpcId[] {
    return this.messages
      .filter(({ method, id }) => typeof method === 'string' && isId(id) && !this.#responses.has(id))
      .map(({ id }) => id as JsonRpcId);
  }
}

/**
 * Returns why the form of a single request or notification is invalid; undefined if it is valid. The SDK rejects all such messages
 * with the same message, which does not name the problem. Responses and batches are checked by the SDK.
 */
export function messageProblem(message: unknown): string | undefined {
  if (!isMessage(message) || !('method' in message)) return undefined;
  const { jsonrpc, method, id, params } = message as IncomingMessage & { jsonrpc?: unknown };
  const { _meta: meta } = (params ?? {}) as { _meta?: unknown };
  const token = isMessage(meta) ? (meta as { progressToken?: unknown }).progressToken : undefined;
  const problems = [
    jsonrpc !== '2.0' && 'jsonrpc must be "2.0"',
    typeof method !== 'string' && 'method must be a string',
    id !== undefined && !isRequestId(id) && 'id must be a string or an integer',
    params !== undefined && !isMessage(params) && 'params must be an object or omitted',
    meta !== undefined && !isMessage(meta) && 'params._meta must be an object or omitted',
    token !== undefined && !isRequestId(token) && 'progressToken must be a string or an integer',
  ];
  const problem = problems.find(found => found !== false);
  return problem && `Invalid request: ${problem}.`;
}

/** Returns whether a value is a request id: in MCP ("Requests") neither null nor a fraction. */
function isRequestId(value: unknown): boolean {
  return typeof value === 'string' || Number.isInteger(value);
}

/**
 * Maximum number of keys and list entries of a message outside its arguments. The specification has about thirty; the SDKs copy and
 * check each.
 */
const MAX_KEYS = 1_000;
/** The same for all messages of a batch. */
const MAX_BATCH_KEYS = 5_000;
/** Maximum number of keys of `arguments`. Their values are the input of the tool and are not limited here. */
const MAX_ARGUMENTS = 10_000;

/** Returns why the messages of a body are too large; undefined if they are not. */
export function envelopeProblem({ messages }: McpExchange): string | undefined {
  let total = 0;
  for (const message of messages) {
    const keys = keysOf(message, MAX_KEYS);
    total += keys;
    if (keys > MAX_KEYS || total > MAX_BATCH_KEYS)
      return `A message, its params and its _meta have at most ${MAX_KEYS} keys and entries, those of a batch ${MAX_BATCH_KEYS}.`;
    if (keysOf(argumentsOf(message), MAX_ARGUMENTS, 'own') > MAX_ARGUMENTS)
      return `The arguments of a call have at most ${MAX_ARGUMENTS} keys.`;
  }
  return undefined;
}

function argumentsOf({ params }: IncomingMessage): unknown {
  return (params as { arguments?: unknown } | null | undefined)?.arguments;
}

/**
 * Counts keys and list entries, including nested ones, until there are more than `limit`. Without recursion, because callers can
 * nest deeply.
 */
function keysOf(value: unknown, limit: number, depth: 'all' | 'own' = 'all'): number {
  const pending = [value];
  let keys = 0;
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (typeof next !== 'object' || next === null) continue;
    for (const key in next) {
      keys += 1;
      if (keys > limit) return keys;
      if (depth === 'all' && key !== 'arguments') pending.push((next as Record<string, unknown>)[key]);
    }
  }
  return keys;
}

const EXCHANGE = Symbol('MCP exchange');

interface TaggedRequest extends Request {
  [EXCHANGE]?: McpExchange;
}

/** Attaches the exchange to the request itself: a WeakMap would keep it until the next full garbage collection. */
export function setExchange(request: Request, exchange: McpExchange): void {
  (request as TaggedRequest)[EXCHANGE] = exchange;
}

export function exchangeOf(request: Request | undefined): McpExchange | undefined {
  return (request as TaggedRequest | undefined)?.[EXCHANGE];
}

export function isMessage(value: unknown): value is IncomingMessage {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
