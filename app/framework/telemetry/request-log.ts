/**
 * One line of JSON a request: what was asked, by whom, how it ended, and the metrics of it. It is written when the last byte
 * of the answer is out, or the answer was given up. README.md, "Operate it", says what each field means.
 *
 * Never in it: headers, bodies, arguments, results, tokens, queries, error texts, nor any word of the caller's but names that
 * are known here: a tool that is there, a method of MCP's, a path that is mounted.
 */
import type { AuthInfo } from '@modelcontextprotocol/server';
import type { Context, MiddlewareHandler } from 'hono';
import { config } from '../config.ts';
import type { AbortReason, Invocation, LambdaContext, ResponseObserver } from '../types.ts';
import { type Call, setCallContext, type Trace } from './call-context.ts';
import { lineOf } from './log.ts';
import { metricsOf } from './metrics.ts';
import { messagesIn, mostSevere, type Outcome, outcomeOf, outcomeOfChunk } from './outcome.ts';
import { shortened } from './redact.ts';
import { traceOf } from './trace.ts';

/** What the line is made of besides the request and the response: app/framework/lambda and app/framework/mcp put it there. */
export interface RequestLogEnv {
  Bindings: {
    context?: LambdaContext;
    invocation?: Invocation;
    /** No client sent this request: the line is formatted, which warms up the code, and not written. */
    prewarm?: boolean;
  };
  Variables: {
    authInfo?: AuthInfo;
    mcpCall?: { message: unknown; tools: ReadonlySet<string> };
  };
}

interface Message {
  method?: unknown;
  params?: { name?: unknown; _meta?: Record<string, unknown> };
}

/** https://modelcontextprotocol.io/specification: what may be asked of a server. */
const METHODS =
  /^(?:initialize|ping|server\/discover|completion\/complete|logging\/setLevel|tools\/(?:list|call)|prompts\/(?:list|get)|resources\/(?:list|read|subscribe|unsubscribe|templates\/list)|subscriptions\/listen|tasks\/(?:get|list|result|cancel|update)|notifications\/[a-z_/]{1,40})$/;
const REVISION = /^\d{4}-\d\d-\d\d$/;
const TOOL_NAME = /^[\w./-]{1,128}$/;
const WELL_KNOWN = /^\/\.well-known\/[a-z-]{1,64}/;
/** Names that servers which do not tell their tools' have answered to, kept by an environment. Each is a metric that is paid for. */
const MAX_LEARNED = 50;
const OTHER = '(other)';

/** `paths` that are mounted: any other is told as `(other)`. */
export function requestLog(paths: ReadonlySet<string>): MiddlewareHandler<RequestLogEnv> {
  let cold = true;
  const learned = new Set<string>();

  return async function logRequest(c, next) {
    const line = new RequestLine(c, cold, paths, learned);
    cold = false;
    const { invocation } = c.env ?? {};
    if (invocation) invocation.observer = line;
    await next();
    line.responded(c.res);
    if (!invocation) line.end(undefined);
  };
}

class RequestLine implements ResponseObserver, Call {
  readonly #c: Context<RequestLogEnv>;
  readonly #started = performance.now();
  readonly #cold: boolean;
  readonly #paths: ReadonlySet<string>;
  readonly #learned: Set<string>;
  readonly #context: LambdaContext | undefined;
  #response: { status: number; events: boolean; firstByteMs: number } | undefined;
  #outcome: Outcome = 'ok';
  #bytes = 0;
  #last: Uint8Array | undefined;
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
    this.#trace ??= traceOf(this.#c.req.raw.headers, this.#message().params?._meta);
    return this.#trace;
  }

  about(): ReturnType<Call['about']> {
    return { tool: this.#tool('ok', false), caller: this.#c.get('authInfo')?.clientId };
  }

  responded({ status, headers }: Response): void {
    const events = headers.get('content-type')?.startsWith('text/event-stream') === true;
    this.#response = { status, events, firstByteMs: Math.round(performance.now() - this.#started) };
  }

  chunk(bytes: Uint8Array): void {
    this.#bytes += bytes.length;
    if (!this.#c.get('mcpCall')) return;
    this.#outcome = mostSevere([this.#outcome, outcomeOfChunk(bytes)]);
    this.#last = bytes;
  }

  end(why: AbortReason | undefined): void {
    const { status, events = false, firstByteMs } = this.#response ?? {};
    const outcome = outcomeOf(status, this.#outcome, why);
    const ms = Math.round(performance.now() - this.#started);
    const tool = this.#tool(outcome, true);
    const { MCP_METRICS, MCP_LOG_PAYLOADS } = config();
    const fields = {
      type: 'request',
      requestId: this.requestId,
      traceId: this.trace.traceId,
      ...this.#asked(),
      tool,
      ...this.#caller(),
      status,
      outcome,
      ms,
      firstByteMs,
      bytes: this.#bytes,
      cold: this.#cold,
      ...(MCP_LOG_PAYLOADS === 'on' && this.#payloads()),
    };
    const measured = {
      outcome,
      duration: ms,
      cold: this.#cold,
      streamedBytes: events ? this.#bytes : 0,
      functionName: this.#context?.functionName ?? 'local',
      tool,
    };
    const line = lineOf(LEVEL[outcome], fields, MCP_METRICS === 'on' ? metricsOf(measured) : '');
    if (!this.#c.env?.prewarm) process.stdout.write(line);
  }

  #message(): Message {
    return (this.#c.get('mcpCall')?.message ?? {}) as Message;
  }

  #asked(): object {
    const { req } = this.#c;
    const { method, params } = this.#message();
    const revision =
      params?._meta?.['io.modelcontextprotocol/protocolVersion'] ??
      req.raw.headers.get('mcp-protocol-version');
    return {
      method: /^[A-Z]{3,7}$/.test(req.method) ? req.method : OTHER,
      path: this.#paths.has(req.path) ? req.path : (WELL_KNOWN.exec(req.path)?.[0] ?? OTHER),
      mcpMethod: method === undefined ? undefined : METHODS.test(String(method)) ? method : OTHER,
      revision: typeof revision === 'string' && REVISION.test(revision) ? revision : undefined,
    };
  }

  #caller(): object {
    const { clientId, extra } = this.#c.get('authInfo') ?? {};
    return { caller: clientId, auth: extra?.mode, subject: extra?.subject };
  }

  /** The tool that was called, by a name that is bounded: what nobody has heard of is `(other)`. */
  #tool(outcome: Outcome, learn: boolean): string | undefined {
    const { method, params } = this.#message();
    if (method !== 'tools/call') return undefined;
    const name = params?.name;
    if (typeof name !== 'string' || !TOOL_NAME.test(name)) return OTHER;
    const { tools } = this.#c.get('mcpCall') ?? {};
    if (tools?.has(name)) return name;
    if (tools && tools.size > 0) return OTHER;
    if (learn && outcome === 'ok' && this.#learned.size < MAX_LEARNED) this.#learned.add(name);
    return this.#learned.has(name) ? name : OTHER;
  }

  #payloads(): object {
    const { params } = this.#message();
    const answer = this.#last && messagesIn(Buffer.from(this.#last).toString()).at(-1);
    return { sent: shortened(params), answered: shortened(answer) };
  }
}

const LEVEL = {
  ok: 'info',
  tool_error: 'info',
  protocol_error: 'info',
  refused: 'warn',
  failed: 'error',
  aborted: 'error',
} as const satisfies Record<Outcome, string>;
