/**
 * Extends a server that a factory has created, before it is connected: every message gets a response that JSON
 * can represent, errors name the right party, one broken tool hides no other, and an exception in a tool is logged.
 *
 * Servers of both SDKs have the fields and methods used here; a server that lacks one is left as it is. Not here: what a response
 * looks like (the SDK), the request log (it reads the {@link McpExchange}).
 */
import { ProtocolErrorCode, type Transport } from '@modelcontextprotocol/server';
import { noSessionError } from '../json-rpc.ts';
import type { IncomingMessage, JsonRpcId, MessageOutcome } from '../types.ts';
import type { McpExchange } from './exchange.ts';

/** State of a route that all its servers share. */
export interface RouteState {
  /** Names of its tools, as far as they are known. */
  readonly tools: Set<string>;
  /** Tools and prompts that cannot be listed, each logged once: `tool NAME` → reason. */
  readonly unlistable: Set<string>;
  /** Path at which it is mounted, once known. */
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

/** A JSON-RPC message that a server sends. Its parts are the author's: they may be of any type. */
interface OutgoingMessage {
  id?: JsonRpcId;
  method?: string;
  result?: Record<string, unknown>;
  error?: { code: number; message: string; data?: unknown };
}

/**
 * State of an instrumented server or transport, under one symbol. The functions that are assigned to their properties are shared by
 * all of them: V8 keeps a function that is assigned to a property until the next full garbage collection.
 */
const STATE = Symbol('instrumentation');

interface Instrumented {
  [STATE]?: { exchange: McpExchange | undefined; original: (...args: never[]) => Promise<unknown> };
}

/** Instruments a server that was created for one request. Without `exchange` its client is in this process. */
export function instrumentServer(given: object, route: RouteState, exchange: McpExchange | undefined): void {
  prepareServer(given, route);
  instrumentConnection(given, exchange);
}

/** The part that concerns one request: checks and records what the server sends. */
export function instrumentConnection(given: object, exchange: McpExchange | undefined): void {
  const server = given as AnyServer & Instrumented;
  server[STATE] = { exchange, original: server.connect };
  server.connect = connectInstrumented;
}

function connectInstrumented(
  this: AnyServer & Instrumented,
  transport: Transport & Instrumented,
): Promise<void> {
  const { exchange, original } = this[STATE] as NonNullable<Instrumented[typeof STATE]>;
  transport[STATE] = { exchange, original: transport.send };
  transport.send = sendChecked as Transport['send'];
  return original.call(this, transport as never) as Promise<void>;
}

function sendChecked(
  this: Transport & Instrumented,
  message: OutgoingMessage,
  options?: unknown,
): Promise<void> {
  const { exchange, original } = this[STATE] as NonNullable<Instrumented[typeof STATE]>;
  if (exchange && isRequest(message)) {
    refuse(message, this);
    return SENT;
  }
  const outgoing = checked(message, exchange);
  return outgoing ? (original.call(this, outgoing as never, options as never) as Promise<void>) : SENT;
}

const SENT = Promise.resolve();

function isRequest({ id, method }: OutgoingMessage): boolean {
  return id !== undefined && method !== undefined;
}

/**
 * Responds to a server's request to its client (sampling, elicitation, roots) with an error. The client's response would be a
 * separate request, which reaches another server, so the tool would wait until the deadline.
 */
function refuse({ id, method }: OutgoingMessage, transport: Transport): void {
  const error = noSessionError(String(method));
  // The SDKs expect the response after `send` has returned.
  queueMicrotask(() => transport.onmessage?.({ jsonrpc: '2.0', id: id as JsonRpcId, error }));
}

/** Prepares a server, independent of its transport. */
export function prepareServer(given: object, route: RouteState): void {
  const server = (given as AnyServer).v1 ?? (given as AnyServer);
  for (const name in server._registeredTools) route.tools.add(name);
  if (!route.subscriptions) withdrawSubscriptions(server.server ?? server);
  tolerateUnlistable(server, 'tool', server._registeredTools, route);
  tolerateUnlistable(server, 'prompt', server._registeredPrompts, route);
  logToolExceptions(server);
}

/** Removes capabilities of change notifications: clients would listen for them and report an error for each denial. */
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
  const listAll = handlers?.get(`${kind}s/list`);
  if (!registered || !listAll) return;
  // Annotations and `_meta` are not checked by the SDK, and a value that JSON cannot represent hides the list as well.
  const list: ListHandler = async (request, ctx) => {
    const result = await listAll(request, ctx);
    JSON.stringify(result);
    return result;
  };
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
      if (listable.length === entries.length) throw error; // No single entry causes the error.
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

/** Logs exceptions of tools, which the SDK converts into results without logging them. */
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

/**
 * Returns the message to send: as it is, or an error that names the right party; undefined for a notification that cannot be sent.
 * Records the outcome.
 */
function checked(message: OutgoingMessage, exchange: McpExchange | undefined): OutgoingMessage | undefined {
  const { id } = message;
  if (message.method !== undefined) return id === undefined ? sendable(message) : message;
  if (id === undefined) return message;
  const request = exchange?.find(id) ?? {};
  const outgoing = message.error ? attributed(message, request) : valid(message, request);
  exchange?.respond(id, outcomeOf(outgoing), outgoing.error ?? outgoing.result);
  return outgoing;
}

/** Drops a notification that JSON cannot represent: tools do not await it, and a rejection would end the process. */
function sendable(notification: OutgoingMessage): OutgoingMessage | undefined {
  const problem = jsonProblem(notification);
  if (problem === undefined) return notification;
  console.error(`mcp: ${notification.method} was not sent: JSON cannot represent it: ${problem}`);
  return undefined;
}

function outcomeOf({ result, error }: OutgoingMessage): MessageOutcome {
  if (error) return error.code === ProtocolErrorCode.InternalError ? 'failed' : 'protocol_error';
  return result?.isError === true ? 'tool_error' : 'ok';
}

/** Required lists of results. The SDK checks only the results of tools, and sends no response for `undefined`. */
const LISTS: Readonly<Record<string, string>> = {
  'tools/list': 'tools',
  'prompts/list': 'prompts',
  'prompts/get': 'messages',
  'resources/list': 'resources',
  'resources/templates/list': 'resourceTemplates',
  'resources/read': 'contents',
};
/** The text of {@link executeAndLog}, which the SDKs put into a tool's result. */
const NO_RESULT = /^The tool returned (?:undefined|null|a \w+) instead of a result\./;

function valid(message: OutgoingMessage, request: IncomingMessage): OutgoingMessage {
  if (isPlainText(message.result)) return withoutResult(message) ?? message;
  const method = nameOf(request);
  const problem = resultProblem(message.result, method);
  if (problem !== undefined) {
    console.error(`mcp: the server returned an invalid result for ${method}: ${problem}`);
    return withError(
      message,
      ProtocolErrorCode.InternalError,
      `The server returned an invalid result for ${method}: ${problem}`,
    );
  }
  // The SDK's transports stringify it where no code catches: BigInt, circular references, a toJSON that throws.
  const unrepresentable = jsonProblem(message);
  if (unrepresentable === undefined) return withoutResult(message) ?? message;
  console.error(`mcp: the result of ${method} cannot be represented in JSON: ${unrepresentable}`);
  return withError(
    message,
    ProtocolErrorCode.InternalError,
    `The result of ${method} cannot be represented in JSON. The log of the server has the reason.`,
  );
}

function resultProblem(result: unknown, method: string): string | undefined {
  if (typeof result !== 'object' || result === null || Array.isArray(result))
    return `it is ${describe(result)}, not an object.`;
  const list = LISTS[method];
  const { resultType = 'complete', [list ?? '']: entries } = result as Record<string, unknown>;
  if (!list || resultType !== 'complete' || Array.isArray(entries)) return undefined;
  return `it has no list "${list}".`;
}

/**
 * Returns an error for the result that the SDKs create from the exception of {@link executeAndLog}: the server failed, not the
 * tool.
 */
function withoutResult(message: OutgoingMessage): OutgoingMessage | undefined {
  const { isError, content } = message.result ?? {};
  if (isError !== true || !Array.isArray(content)) return undefined;
  const { text } = (content[0] ?? {}) as { text?: unknown };
  return typeof text === 'string' && NO_RESULT.test(text)
    ? withError(message, ProtocolErrorCode.InternalError, text)
    : undefined;
}

/** Property with the JSON of a message, which scripts/build/patches/mcp-server/stringify-once.diff sends. */
const JSON_TEXT = Symbol.for('JSON of a message');

/** Returns why JSON cannot represent a message; undefined if it can. */
function jsonProblem(message: OutgoingMessage & { [JSON_TEXT]?: string }): string | undefined {
  try {
    message[JSON_TEXT] = JSON.stringify(message);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

/** Returns whether a result is plain text, the most frequent result, which JSON can always represent. */
function isPlainText(result: Record<string, unknown> | undefined): boolean {
  if (!result || !Array.isArray(result.content)) return false;
  for (const key in result) if (key !== 'content' && key !== 'isError') return false;
  return result.content.every((item: Record<string, unknown> | null) => {
    for (const key in item) if (typeof item[key] !== 'string') return false;
    return item !== null;
  });
}

/**
 * The SDKs report invalid parameters as -32603 with a dump of zod, and an invalid result as -32602: the wrong party each. SDK v1
 * puts `MCP error -32602: ` before the text.
 */
function attributed(message: OutgoingMessage, request: IncomingMessage): OutgoingMessage {
  const { code, text } = errorOf(message);
  const method = nameOf(request);
  const own = text.replace(/^MCP error -?\d{1,6}: /, '');
  const dump =
    code === ProtocolErrorCode.InternalError ? own : /^Invalid [\w/]+ request: (\[[\s\S]*)$/.exec(own)?.[1];
  const issues = (dump && paramsIssues(dump)) ?? uriIssue(code, request);
  if (issues)
    return withError(message, ProtocolErrorCode.InvalidParams, `Invalid params for ${method}: ${issues}`);
  const invalidResult = code === ProtocolErrorCode.InvalidParams && /^Invalid [\w/]+ result: /.test(own);
  if (invalidResult) {
    console.error(`mcp: the server returned an invalid result. ${text}`);
    return withError(
      message,
      ProtocolErrorCode.InternalError,
      `The server returned an invalid result for ${method}. Its log has the reason.`,
    );
  }
  // Of a server behind a proxy (no request is known), the proxy's own response is logged.
  if (code === ProtocolErrorCode.InternalError && request.method !== undefined)
    console.error(`mcp: ${method} failed: ${text}`);
  const unrepresentable = jsonProblem(message);
  if (unrepresentable === undefined) return message;
  console.error(`mcp: the error of ${method} cannot be represented in JSON: ${unrepresentable}`);
  return withError(message, code, text);
}

/** Returns code and message of an error, which may be of any type. */
function errorOf({ error }: OutgoingMessage): { code: number; text: string } {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  return {
    code: Number.isSafeInteger(code) ? (code as number) : ProtocolErrorCode.InternalError,
    text: typeof message === 'string' ? message : 'Internal error',
  };
}

/** Returns the problem of an invalid URI, which SDK v1 reports as an internal error. */
function uriIssue(code: number, { method, params }: IncomingMessage): string | undefined {
  const { uri } = (params ?? {}) as { uri?: unknown };
  const invalid = method === 'resources/read' && typeof uri === 'string' && !URL.canParse(uri);
  return code === ProtocolErrorCode.InternalError && invalid ? 'uri: not a valid URI' : undefined;
}

function nameOf({ method }: IncomingMessage): string {
  return typeof method === 'string' ? method : 'the request';
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

/** Returns the message of any thrown value, also of an object that cannot be converted to a string. */
function messageOf(error: unknown): string {
  try {
    return error instanceof Error ? String(error.message) : String(error);
  } catch {
    return `a ${typeof error} without a text`;
  }
}
