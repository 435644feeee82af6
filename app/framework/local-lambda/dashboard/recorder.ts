/**
 * Keeps environments and the last invocations with their events and log lines, for the dashboard. Credentials of callers (tokens,
 * cookies) are not kept.
 */
import { errorName } from '../function-error.ts';
import { billed, type Log, type RequestLine } from '../log.ts';
import type { EnvironmentState, ObservedReport, Observer } from '../observer.ts';
import type { Invocation } from '../runtime-api.ts';

export interface SeenEnvironment {
  id: number;
  function: string;
  state: EnvironmentState;
  pid: number | undefined;
  /** Number of its invocations. */
  invocations: number;
  /** The tenant ID, shortened; with tenant isolation. */
  tenant?: string;
  /** Start of this state, in milliseconds since 1970. */
  since: number;
}

/** Times in milliseconds, memory in MiB. Fields that are not known yet are absent. */
export interface SeenInvocation {
  id: string;
  function: string;
  environment: number;
  /** Milliseconds since 1970. */
  started: number;
  /** The request, as in the log. */
  what?: string;
  status?: number;
  duration?: number;
  initDuration?: number;
  restoreDuration?: number;
  billed?: number;
  memory?: number;
  error?: string;
}

export interface Details {
  /** The event as the function got it, as JSON. */
  event: string;
  log: string;
}

const KEPT = 200;
const ENDED_KEPT = 8;
const TEXT_KEPT = 64 * 1024;
/** Length of a shortened tenant ID, as in the function's log line. */
const TENANT_CHARACTERS = 12;
const HIDDEN = '(hidden here)';
/** Names of credentials, which must not be on the screen or in a screenshot. */
const SECRET_NAME =
  /authorization|cookie|token|secret|api-?key|passw|credential|signature|identitysource|session|assertion|code_?verifier|jwt|^(?:code|key|sig)$/i;
/** The same as parameters of a query or a form, and as members of JSON that is itself a string. */
const PARAMETER = String.raw`\w{0,40}(?:token|secret|password|passwd|assertion|code_verifier|signature)|code|key|api_?key|sig|X-Amz-Signature|X-Amz-Security-Token`;
/** Credentials by their form, wherever they are: in a query, an authorizer's event, a body. */
const SECRET_VALUE = new RegExp(
  [
    String.raw`\b(?:Bearer|Basic)\s+[\w.~+/=-]{4,}`,
    String.raw`\beyJ[\w-]{5,}(?:\.[\w-]*){0,4}`,
    `(?<=(?:^|[?&]|\\(decoded\\) )(?:${PARAMETER})=)[^&\\s"#]+`,
    `(?<="(?:${PARAMETER})"\\s{0,3}:\\s{0,3}")[^"]+`,
    String.raw`\b(?:AKIA|ASIA)[A-Z0-9]{16}\b`,
  ].join('|'),
  'gi',
);

export class Recorder {
  readonly environments = new Map<number, SeenEnvironment>();
  readonly invocations = new Map<string, SeenInvocation>();
  readonly #details = new Map<string, Details>();
  /** By environment: the invocation to which its output belongs, and its output before the first invocation. */
  readonly #writing = new Map<number, string>();
  readonly #before = new Map<number, string>();
  readonly #listeners = new Set<() => void>();

  /** Calls `changed` after every change. Returns a function that stops this. */
  listen(changed: () => void): () => void {
    this.#listeners.add(changed);
    return () => this.#listeners.delete(changed);
  }

  details(id: string): Details | undefined {
    return this.#details.get(id);
  }

  /** Returns an observer for the environments of one function. */
  observer(name: string): Observer {
    return {
      environment: (id, state, pid) => this.#environment(name, id, state, pid),
      invoked: (environment, invocation) => this.#invoked(name, environment, invocation),
      output: (environment, chunk) => this.#output(environment, chunk.toString()),
      reported: (id, report) => this.#reported(id, report),
    };
  }

  /** Returns `log` with request lines recorded here as well. */
  watching(log: Log): Log {
    return {
      ...log,
      request: line => {
        this.#requested(line);
        log.request(line);
      },
    };
  }

  #environment(name: string, id: number, state: EnvironmentState, pid: number | undefined): void {
    const { invocations = 0, tenant } = this.environments.get(id) ?? {};
    const known = { invocations, ...(tenant && { tenant }) };
    this.environments.set(id, { id, function: name, state, pid, since: Date.now(), ...known });
    const ended = [...this.environments.values()].filter(each => each.state === 'ended');
    for (const { id: old } of ended.slice(0, -ENDED_KEPT)) {
      for (const map of [this.environments, this.#writing, this.#before]) map.delete(old);
    }
    this.#changed();
  }

  #invoked(name: string, environment: number, { id, payload, tenantId }: Invocation): void {
    const seen = this.environments.get(environment);
    if (seen) seen.invocations += 1;
    if (seen && tenantId) seen.tenant = tenantId.slice(0, TENANT_CHARACTERS);
    const log = this.#before.get(environment) ?? '';
    this.#before.delete(environment);
    this.#writing.set(environment, id);
    const what = labelOf(String(payload));
    this.invocations.set(id, { id, function: name, environment, started: Date.now(), ...(what && { what }) });
    this.#details.set(id, { event: withoutSecrets(String(payload)), log });
    for (const old of [...this.invocations.keys()].slice(0, -KEPT)) {
      this.invocations.delete(old);
      this.#details.delete(old);
    }
    this.#changed();
  }

  #output(environment: number, text: string): void {
    const details = this.#details.get(this.#writing.get(environment) ?? '');
    if (details) details.log = (details.log + text).slice(-TEXT_KEPT);
    else this.#before.set(environment, ((this.#before.get(environment) ?? '') + text).slice(-TEXT_KEPT));
    this.#changed();
  }

  #reported(id: string, report: ObservedReport): void {
    const { duration, initDuration, restoreDuration, maxMemory, error } = report;
    this.#update(id, {
      duration,
      billed: billed(report),
      ...(initDuration !== undefined && { initDuration }),
      ...(restoreDuration !== undefined && { restoreDuration }),
      ...(maxMemory !== undefined && { memory: maxMemory }),
      ...(error && { error: errorName(error) }),
    });
  }

  #requested({ requestId, method, path, call, status }: RequestLine): void {
    this.#update(requestId, { what: [method, path, call].filter(Boolean).join(' '), status });
  }

  #update(id: string, known: Partial<SeenInvocation>): void {
    const invocation = this.invocations.get(id);
    if (invocation) Object.assign(invocation, known);
    this.#changed();
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }
}

/** Returns a label for an endpoint's event until the log line with a better one is written. Undefined for events of other kinds. */
function labelOf(payload: string): string | undefined {
  try {
    const { requestContext, rawPath, httpMethod, path, headers } = JSON.parse(payload) as EndpointEvent;
    const method = requestContext?.http?.method ?? httpMethod;
    const parts = [method, rawPath ?? path, headers?.['mcp-method'], headers?.['mcp-name']];
    return method ? parts.filter(word => typeof word === 'string').join(' ') : undefined;
  } catch {
    return undefined; // Not JSON, or null.
  }
}

interface EndpointEvent {
  requestContext?: { http?: { method?: string } };
  rawPath?: string;
  httpMethod?: string;
  path?: string;
  headers?: Record<string, string>;
}

/** Returns the event without credentials. It can be of any kind, or not JSON. */
function withoutSecrets(payload: string): string {
  try {
    const hide = (key: string, value: unknown): unknown => {
      if (SECRET_NAME.test(key) && value && typeof value !== 'number') return HIDDEN;
      return typeof value === 'string' ? value.replace(SECRET_VALUE, HIDDEN) : value;
    };
    return JSON.stringify(withReadableBody(JSON.parse(payload)), hide, 2).slice(0, TEXT_KEPT);
  } catch {
    return payload.slice(0, TEXT_KEPT).replace(SECRET_VALUE, HIDDEN);
  }
}

/** Returns the event with a decoded body, because secrets in base64 would not be recognized. */
function withReadableBody(event: unknown): unknown {
  const { body, isBase64Encoded } = (event ?? {}) as { body?: unknown; isBase64Encoded?: unknown };
  if (!isBase64Encoded || typeof body !== 'string') return event;
  return { ...(event as object), body: `(decoded) ${Buffer.from(body, 'base64')}` };
}
