/**
 * The JSON-RPC messages of one HTTP request, and the responses that they have received so far: what the request log reports, and
 * which ids still expect a response. A batch is several messages, each decided and logged on its own.
 */
import { isId } from '../json-rpc.ts';
import type { IncomingMessage, JsonRpcId, McpMessages, MessageOutcome } from '../types.ts';

export class McpExchange implements McpMessages {
  /** Those of a batch, or the single one. Values that are not objects are left out: they have no id that a response could have. */
  readonly messages: readonly IncomingMessage[];
  /** Names of the tools that this route is known to have. */
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

/** Keys of a message, its params or its `_meta` that are accepted. The specification has about ten; the SDK copies each several times. */
const MAX_KEYS = 1_000;

/** Returns why the messages of a body are not served, however their content reads; undefined if they may be. */
export function envelopeProblem({ messages }: McpExchange): string | undefined {
  const parts = messages.flatMap(message => [message, message.params, message.params?._meta]);
  return parts.some(hasTooManyKeys)
    ? `A message, its params and its _meta have at most ${MAX_KEYS} keys each.`
    : undefined;
}

function hasTooManyKeys(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  let keys = 0;
  for (const _ in value) if (++keys > MAX_KEYS) return true;
  return false;
}

const EXCHANGE = Symbol('MCP exchange');

interface TaggedRequest extends Request {
  [EXCHANGE]?: McpExchange;
}

/** On the request itself: a WeakMap keeps its entries until the next full garbage collection. */
export function setExchange(request: Request, exchange: McpExchange): void {
  (request as TaggedRequest)[EXCHANGE] = exchange;
}

export function exchangeOf(request: Request | undefined): McpExchange | undefined {
  return (request as TaggedRequest | undefined)?.[EXCHANGE];
}

export function isMessage(value: unknown): value is IncomingMessage {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
