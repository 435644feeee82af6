/**
 * One JSON line per JSON-RPC message: method, tool, caller, outcome, and its metrics. It is written when the last byte of the
 * response is sent, or the response was aborted. A request without messages (a page, a denied call) has one line as well.
 * terraform/modules/observability/README.md lists the fields.
 *
 * It contains no headers, bodies, arguments, results, tokens, queries and error texts, and names from a caller only if they are
 * known: tools of the route, methods of MCP, mounted paths.
 */
import type { AuthInfo } from '@modelcontextprotocol/server';
import type { Context, MiddlewareHandler } from 'hono';
import { config } from '../config.ts';
import type {
  AbortReason,
  Invocation,
  LambdaContext,
  McpMessages,
  MessageOutcome,
  ResponseObserver,
} from '../types.ts';
import { type Call, setCallContext, type Trace } from './call-context.ts';
import { lineOf } from './log.ts';
import { metricsOf } from './metrics.ts';
import { type Outcome, outcomeOf } from './outcome.ts';
import { redacted } from './redact.ts';
import { traceOf } from './trace.ts';

/** The data of a line besides the request and the response. */
export interface RequestLogEnv {
  Bindings: {
    context?: LambdaContext;
    invocation?: Invocation;
    /** No client sent this request: the line is formatted, which warms up the code, and not written. */
    prewarm?: boolean;
  };
  Variables: {
    authInfo?: AuthInfo;
    exchange?: McpMessages;
  };
}

type Message = McpMessages['messages'][number];

/** https://modelcontextprotocol.io/specification: the methods of a server. */
const METHODS =
  /^(?:initialize|ping|server\/discover|completion\/complete|logging\/setLevel|tools\/(?:list|call)|prompts\/(?:list|get)|resources\/(?:list|read|subscribe|unsubscribe|templates\/list)|subscriptions\/listen|tasks\/(?:get|list|result|cancel|update)|notifications\/[a-z_/]{1,40})$/;
const REVISION = /^\d{4}-\d\d-\d\d$/;
const TOOL_NAME = /^[\w./-]{1,128}$/;
const WELL_KNOWN = /^\/\.well-known\/[a-z-]{1,64}/;
/** Maximum number of tools per environment that are known only by their results. Each adds metrics, which cost money. */
const MAX_LEARNED = 50;
/** Maximum number of lines for a batch; the SDK rejects larger batches. */
const MAX_LINES = 100;
const OTHER = '(other)';
/** Length of a shortened tenant ID, enough to distinguish callers. */
const TENANT_CHARACTERS = 12;

/** Creates the middleware. `paths` are the mounted paths; other paths are logged as `(other)`. */
export function requestLog(paths: ReadonlySet<string>): MiddlewareHandler<RequestLogEnv> {
  let cold = true;
  const learned = new Set<string>();

  return async function logRequest(c, next) {
    const entry = new RequestEntry(c, cold, paths, learned);
    cold = false;
    const { invocation } = c.env ?? {};
    if (invocation) invocation.observer = entry;
    await next();
    entry.responded(c.res);
    if (!invocation) entry.end(undefined);
  };
}

class RequestEntry implements ResponseObserver, Call {
  readonly #c: Context<RequestLogEnv>;
  readonly #started = performance.now();
  readonly #cold: boolean;
  readonly #paths: ReadonlySet<string>;
  readonly #learned: Set<string>;
  readonly #context: LambdaContext | undefined;
  #response: { status: number; events: boolean; firstByteMs: number } | undefined;
  #bytes = 0;
  #trace: Trace | undefined;

  constructor(c: Context<RequestLogEnv>, cold: boolean, paths: ReadonlySet<string>, learned: Set<string>) {
    this.#c = c;
    this.#cold = cold;
    this.#paths = paths;
    this.#learned = learned;
    this.#context = c.env?.context;
    setCallContext(c.req.raw, this);
  }

  get requestId(): string | undefined {
    return this.#context?.awsRequestId;
  }

  get trace(): Trace {
    const [message] = this.#messages();
    this.#trace ??= traceOf(this.#c.req.raw.headers, message?.params?._meta);
    return this.#trace;
  }

  about(id: unknown): ReturnType<Call['about']> {
    const message = this.#messages().find(found => found.id === id) ?? this.#messages()[0];
    return { tool: message && this.#tool(message, undefined), caller: this.#c.get('authInfo')?.clientId };
  }

  responded({ status, headers }: Response): void {
    const events = headers.get('content-type')?.startsWith('text/event-stream') === true;
    this.#response = { status, events, firstByteMs: Math.round(performance.now() - this.#started) };
  }

  chunk(bytes: Uint8Array): void {
    this.#bytes += bytes.length;
  }

  end(reason: AbortReason | undefined): void {
    const messages = this.#messages().slice(0, MAX_LINES);
    const lines = messages.length > 0 ? messages : [undefined];
    for (const [index, message] of lines.entries()) this.#write(message, reason, index === 0);
  }

  /** Writes a line. `first` is false for further messages of a batch, whose bytes and cold start are counted once. */
  #write(message: Message | undefined, reason: AbortReason | undefined, first: boolean): void {
    const { status, events = false, firstByteMs } = this.#response ?? {};
    const responded = message && this.#c.get('exchange')?.outcomeOf(message);
    const outcome = outcomeOf(status, responded, reason);
    const ms = Math.round(performance.now() - this.#started);
    const tool = message && this.#tool(message, responded);
    const cold = this.#cold && first;
    const { MCP_METRICS, MCP_LOG_PAYLOADS } = config();
    const fields = {
      type: 'request',
      requestId: this.requestId,
      traceId: this.trace.traceId,
      ...this.#target(message),
      tool,
      ...this.#caller(),
      tenant: this.#context?.tenantId?.slice(0, TENANT_CHARACTERS),
      status,
      outcome,
      ms,
      firstByteMs,
      bytes: this.#bytes,
      cold,
      ...(MCP_LOG_PAYLOADS === 'on' && message && this.#payloads(message)),
    };
    const measured = {
      outcome,
      duration: ms,
      cold,
      streamedBytes: events && first ? this.#bytes : 0,
      functionName: this.#context?.functionName ?? 'local',
      tool,
    };
    const line = lineOf(LEVEL[outcome], fields, MCP_METRICS === 'on' ? metricsOf(measured) : '');
    if (!this.#c.env?.prewarm) process.stdout.write(line);
  }

  #messages(): readonly Message[] {
    return this.#c.get('exchange')?.messages ?? [];
  }

  #target(message: Message | undefined): object {
    const { req } = this.#c;
    const { method, params } = message ?? {};
    const revision =
      params?._meta?.['io.modelcontextprotocol/protocolVersion'] ??
      req.raw.headers.get('mcp-protocol-version');
    return {
      method: /^[A-Z]{3,7}$/.test(req.method) ? req.method : OTHER,
      path: this.#paths.has(req.path) ? req.path : (WELL_KNOWN.exec(req.path)?.[0] ?? OTHER),
      mcpMethod: method === undefined ? undefined : matching(METHODS, method),
      revision: matching(REVISION, revision) === revision ? revision : undefined,
    };
  }

  #caller(): object {
    const { clientId, extra } = this.#c.get('authInfo') ?? {};
    return { caller: clientId, auth: extra?.mode, subject: extra?.subject };
  }

  /** Returns the name of the called tool if it is listed or learned, else `(other)`, so that the number of names is limited. */
  #tool({ method, params }: Message, outcome: MessageOutcome | undefined): string | undefined {
    if (method !== 'tools/call') return undefined;
    const name = matching(TOOL_NAME, params?.name);
    if (name === OTHER) return OTHER;
    const { tools } = this.#c.get('exchange') ?? {};
    if (tools?.has(name)) return name;
    if (tools && tools.size > 0) return OTHER;
    if (outcome === 'ok' && this.#learned.size < MAX_LEARNED) this.#learned.add(name);
    return this.#learned.has(name) ? name : OTHER;
  }

  #payloads(message: Message): object {
    const result = this.#c.get('exchange')?.responseOf(message);
    return { params: redacted(message.params), result: redacted(result) };
  }
}

/** Returns a value of the caller if it is a string of the expected form, else `(other)`. */
function matching(form: RegExp, value: unknown): string {
  return typeof value === 'string' && form.test(value) ? value : OTHER;
}

const LEVEL = {
  ok: 'info',
  tool_error: 'info',
  protocol_error: 'info',
  refused: 'warn',
  failed: 'error',
  aborted: 'error',
} as const satisfies Record<Outcome, string>;
