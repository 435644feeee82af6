/**
 * What the framework adds to a server that a factory has created, before it is connected: every message gets a response that JSON
 * can represent, errors name the right party, one broken tool hides no other, and an exception in a tool is logged.
 *
 * Servers of both SDKs have the fields and methods used here; a server that lacks one is left as it is. Not here: what a response
 * looks like (the SDK), the request log (it reads the {@link McpExchange}).
 */
import { ProtocolErrorCode, type Transport } from '@modelcontextprotocol/server';
import type { JsonRpcId, MessageOutcome } from '../types.ts';
import type { McpExchange } from './exchange.ts';

/** What a route remembers about its servers. */
export interface RouteState {
  /** Names of its tools, as far as they are known. */
  readonly tools: Set<string>;
  /** Tools and prompts that cannot be listed, each logged once: `tool NAME` → reason. */
  readonly unlistable: Set<string>;
  /** Where it is mounted, once known. */
  path?: string;
  /** Whether clients may subscribe; if not, no server advertises it. */
  readonly subscriptions: boolean;
}

/** The parts of an `McpServer` or `Server` that are used, of either SDK. */
interface AnyServer {
  connect(transport: Transport): Promise<void>;
  /** The `Server` inside an `McpServer`. */
  server?: AnyServer;
  /** The server of SDK v1 that this one connects (mcp-v1.ts). */
  v1?: AnyServer;
  getCapabilities?(): Record<string, { listChanged?: boolean; subscribe?: boolean } | undefined>;
  registerCapabilities?(capabilities: object): void;
  executeToolHandler?(tool: object, args: unknown, ctx: unknown): Promise<unknown>;
  _registeredTools?: Record<string, Registered>;
  _registeredPrompts?: Record<string, Registered>;
  _requestHandlers?: Map<string, ListHandler>;
}

interface Registered {
  enabled: boolean;
}

type ListHandler = (request: unknown, ctx: unknown) => Promise<object> | object;

/** Of a JSON-RPC response. */
interface OutgoingMessage {
  id?: JsonRpcId;
  method?: string;
  result?: Record<string, unknown>;
  error?: { code: number; message: string };
}

/**
 * State of an instrumented server or transport, under one symbol. The functions that are assigned to their properties are shared by
 * all of them: V8 keeps a function that is assigned to a property until the next full garbage collection.
 */
const STATE = Symbol('instrumentation');

interface Instrumented {
  [STATE]?: { exchange: McpExchange | undefined; original: (...args: never[]) => Promise<unknown> };
}

/** Instruments a server that was created for one request. */
export function instrumentServer(given: object, route: RouteState, exchange: McpExchange | undefined): void {
  const server = given as AnyServer & Instrumented;
  prepareServer(server.v1 ?? server, route);
  server[STATE] = { exchange, original: server.connect };
  server.connect = connectInstrumented;
}

function connectInstrumented(
  this: AnyServer & Instrumented,
  transport: Transport & Instrumented,
): Promise<void> {
  const { exchange, original } = this[STATE] as NonNullable<Instrumented[typeof STATE]>;
  transport[STATE] = { exchange, original: transport.send };
  transport.send = sendChecked;
  return original.call(this, transport as never) as Promise<void>;
}

function sendChecked(this: Transport & Instrumented, message: unknown, options?: unknown): Promise<void> {
  const { exchange, original } = this[STATE] as NonNullable<Instrumented[typeof STATE]>;
  const outgoing = checked(message as OutgoingMessage, exchange);
  return original.call(this, outgoing as never, options as never) as Promise<void>;
}

/** The part that does not concern the transport. */
function prepareServer(given: object, route: RouteState): void {
  const server = given as AnyServer;
  for (const name in server._registeredTools) route.tools.add(name);
  if (!route.subscriptions) withdrawSubscriptions(server.server ?? server);
  tolerateUnlistable(server, 'tool', server._registeredTools, route);
  tolerateUnlistable(server, 'prompt', server._registeredPrompts, route);
  logToolExceptions(server);
}

/** A client that is offered change notifications listens for them, and reports an error each time it is refused. */
function withdrawSubscriptions(server: AnyServer): void {
  const capabilities = server.getCapabilities?.() ?? {};
  for (const name of ['tools', 'prompts', 'resources']) {
    const { listChanged, subscribe } = capabilities[name] ?? {};
    if (listChanged) server.registerCapabilities?.({ [name]: { listChanged: false } });
    if (subscribe) server.registerCapabilities?.({ [name]: { subscribe: false } });
  }
}

/**
 * Lists the others if one tool (or prompt) has a schema that JSON Schema cannot express, which fails the SDK's whole list. The
 * offender is found by listing each alone, with the SDK's own handler and its `enabled` flag.
 */
function tolerateUnlistable(
  server: AnyServer,
  kind: 'tool' | 'prompt',
  registered: Record<string, Registered> | undefined,
  route: RouteState,
): void {
  const handlers = (server.server ?? server)._requestHandlers;
  const list = handlers?.get(`${kind}s/list`);
  if (!registered || !list) return;
  handlers?.set(`${kind}s/list`, async (request, ctx) => {
    try {
      return await list(request, ctx);
    } catch (error) {
      const entries = Object.entries(registered).filter(([, entry]) => entry.enabled);
      const listOnly = async (some: readonly Registered[]): Promise<object> => {
        for (const [, entry] of entries) entry.enabled = some.includes(entry);
        try {
          return await list(request, ctx);
        } finally {
          for (const [, entry] of entries) entry.enabled = true;
        }
      };
      const listable: Registered[] = [];
      for (const [name, entry] of entries) {
        const reason = await listOnly([entry]).then(() => undefined, messageOf);
        if (reason === undefined) listable.push(entry);
        else reportUnlistable(route, `${kind} ${name}`, reason);
      }
      if (listable.length === entries.length) throw error; // No single one is at fault.
      return listOnly(listable);
    }
  });
}

function reportUnlistable({ unlistable, path }: RouteState, name: string, reason: string): void {
  if (unlistable.has(name)) return;
  unlistable.add(name);
  const where = path === undefined ? '' : ` of ${path}`;
  console.error(
    `mcp: the ${name}${where} cannot be listed, so clients do not see it: ${reason}. Change its schema.`,
  );
}

/** The SDK turns an exception into a result for the caller, without a stack or a line in the log. */
function logToolExceptions(server: AnyServer): void {
  if (server.executeToolHandler) server.executeToolHandler = executeAndLog;
}

async function executeAndLog(
  this: AnyServer,
  ...args: [tool: object, args: unknown, ctx: unknown]
): Promise<unknown> {
  const { executeToolHandler } = Object.getPrototypeOf(this) as Required<AnyServer>;
  try {
    const result = await executeToolHandler.apply(this, args);
    if (typeof result !== 'object' || result === null)
      throw new TypeError(
        `The tool returned ${describe(result)} instead of a result. Return { content: [...] }.`,
      );
    return result;
  } catch (error) {
    if (!isControlFlow(error)) console.error(`mcp: a tool failed`, error);
    throw error;
  }
}

/** Errors by which a tool talks to its client: a URL elicitation, an error with a JSON-RPC code, an aborted request. */
function isControlFlow(error: unknown): boolean {
  const { code, name } = (error ?? {}) as { code?: unknown; name?: unknown };
  return code === ProtocolErrorCode.UrlElicitationRequired || name === 'AbortError';
}

/** Returns the message to send: as it is, or an error that names the right party. Records the outcome. */
function checked(message: OutgoingMessage, exchange: McpExchange | undefined): OutgoingMessage {
  const { id } = message;
  if (id === undefined || message.method !== undefined) return message;
  const request = exchange?.find(id);
  const method = typeof request?.method === 'string' ? request.method : 'request';
  const outgoing = message.error ? attributed(message, method) : representable(message, method);
  exchange?.respond(id, outcomeOf(outgoing), outgoing.error ?? outgoing.result);
  return outgoing;
}

function outcomeOf({ result, error }: OutgoingMessage): MessageOutcome {
  if (error) return error.code === ProtocolErrorCode.InternalError ? 'failed' : 'protocol_error';
  return result?.isError === true ? 'tool_error' : 'ok';
}

/** The SDK's transports stringify a result where no code catches: BigInt, circular references, a toJSON that throws. */
function representable(message: OutgoingMessage, method: string): OutgoingMessage {
  if (isPlainText(message.result)) return message;
  try {
    JSON.stringify(message);
    return message;
  } catch (error) {
    console.error(`mcp: the result of ${method} cannot be represented in JSON: ${messageOf(error)}`);
    return withError(
      message,
      ProtocolErrorCode.InternalError,
      `The result of ${method} cannot be represented in JSON. The log of the server has the reason.`,
    );
  }
}

/** The most frequent result, which JSON can always represent. */
function isPlainText(result: Record<string, unknown> | undefined): boolean {
  if (!result || !Array.isArray(result.content)) return false;
  for (const key in result) if (key !== 'content' && key !== 'isError') return false;
  return result.content.every((item: Record<string, unknown> | null) => {
    for (const key in item) if (typeof item[key] !== 'string') return false;
    return item !== null;
  });
}

/** The SDK reports invalid parameters as -32603 with a dump of zod, and an invalid result as -32602: the wrong party each. */
function attributed(message: OutgoingMessage, method: string): OutgoingMessage {
  const { code = 0, message: text = '' } = message.error ?? {};
  const dump =
    code === ProtocolErrorCode.InternalError ? text : /^Invalid [\w/]+ request: (\[[\s\S]*)$/.exec(text)?.[1];
  const issues = dump && paramsIssues(dump);
  if (issues)
    return withError(message, ProtocolErrorCode.InvalidParams, `Invalid params for ${method}: ${issues}`);
  const invalidResult = code === ProtocolErrorCode.InvalidParams && /^Invalid [\w/]+ result: /.test(text);
  if (invalidResult) {
    console.error(`mcp: the server returned an invalid result. ${text}`);
    return withError(
      message,
      ProtocolErrorCode.InternalError,
      `The server returned an invalid result for ${method}. Its log has the reason.`,
    );
  }
  if (code === ProtocolErrorCode.InternalError) console.error(`mcp: ${method} failed: ${text}`);
  return message;
}

function withError({ id }: OutgoingMessage, code: number, message: string): OutgoingMessage {
  return { jsonrpc: '2.0', id, error: { code, message } } as OutgoingMessage;
}

/**
 * `[{ path: ['params', 'cursor'], message }]`, as zod writes it → `cursor: message`. Undefined for any other text, such as the
 * dump of a schema of the server's own, whose paths do not start at the request.
 */
function paramsIssues(text: string): string | undefined {
  if (!text.startsWith('[')) return undefined;
  try {
    const issues = JSON.parse(text) as { path?: unknown[]; message?: string }[];
    if (!issues.every(({ path, message }) => path?.[0] === 'params' && typeof message === 'string'))
      return undefined;
    return issues
      .slice(0, 5)
      .map(({ path = [], message }) => `${path.slice(1).join('.') || 'params'}: ${message}`)
      .join('; ');
  } catch {
    return undefined; // Not a list of issues.
  }
}

function describe(value: unknown): string {
  return value === null || value === undefined ? String(value) : `a ${typeof value}`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
