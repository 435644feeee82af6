/**
 * Limits per caller: calls in a time window (a counter per caller and window) and calls at the same time (leases). Both are items
 * of the framework's table; without a table they are in the memory of the execution environment.
 *
 * Loaded only if a route has limits. The guard identifies the caller.
 */
import { createHash } from 'node:crypto';
import { type AwsSettings, createAwsClient } from '../aws/aws-client.ts';
import { errorResponse, INTERNAL_ERROR, isId, type JsonRpcError, SERVER_ERROR } from '../json-rpc.ts';
import { type Counters, createCounters } from '../store/counters.ts';
import type { CallLimiter, IncomingMessage, JsonRpcId, LimitedRequest, RouteLimits } from '../types.ts';
import { takeLease } from './leases.ts';
import { createMemoryCounters } from './memory-counters.ts';

export interface LimiterOptions {
  /** Name of the DynamoDB table; undefined for limits in memory. */
  table: string | undefined;
  failureMode: 'deny' | 'allow';
  /** @default those of the process */
  awsSettings?: (() => AwsSettings) | undefined;
}

/** Why a request is denied, and after how many seconds a retry may succeed. */
interface Denial {
  message: string;
  retryAfter: number;
}

/** Methods that cost little and that every client needs; every other request is a call. */
const FREE =
  /^(initialize|ping|server\/discover|logging\/setLevel|(tools|prompts|resources|resources\/templates)\/list|tasks\/.*)$/;
/** Time limit for the table, in milliseconds: of the check before a call, and of the release of its lease. */
const TIMEOUT_MS = 2_000;
/** Retry-After of a call that exceeds `parallel`: the end of the other calls is not known. */
const PARALLEL_RETRY_SECONDS = 5;
/** Tolerated clock difference between execution environments, in milliseconds. */
const CLOCK_MS = 1_000;
/** Lambda's longest invocation, in milliseconds. */
const MAX_INVOCATION_MS = 900_000;

export function createCallLimiter({ table, failureMode, awsSettings }: LimiterOptions): CallLimiter {
  const counters =
    table === undefined ? createMemoryCounters() : createCounters(createAwsClient(awsSettings), table);

  return async function limitCalls(request) {
    const ids = callIds(request.body);
    if (ids.length === 0) return undefined;
    try {
      const denial = await check(counters, request, ids.length);
      return denial && denied(request.body, ids, 429, SERVER_ERROR, denial);
    } catch (error) {
      console.error(`mcp: the limits of ${request.route} cannot be checked (${failureMode})`, error);
      if (failureMode === 'allow') return undefined;
      const message = 'The limits of this server cannot be checked at the moment. Retry later.';
      return denied(request.body, ids, 503, INTERNAL_ERROR, { message, retryAfter: PARALLEL_RETRY_SECONDS });
    }
  };
}

/** Throws a TypeError that names the option that is out of range. */
export function checkLimits({ perCaller: { calls, seconds, parallel } }: RouteLimits): void {
  const name = 'mcp option limits.perCaller';
  if (calls === undefined && parallel === undefined)
    throw new TypeError(`${name} limits nothing: set calls and seconds, or parallel`);
  if ((calls === undefined) !== (seconds === undefined))
    throw new TypeError(`${name}: calls and seconds must be set together`);
  for (const [field, value, max] of [
    ['calls', calls, Number.MAX_SAFE_INTEGER],
    ['seconds', seconds, 86_400],
    ['parallel', parallel, 10_000],
  ] as const)
    if (value !== undefined && !(Number.isInteger(value) && value >= 1 && value <= max))
      throw new TypeError(`${name}.${field} must be a whole number from 1 to ${max}, not ${value}`);
}

/** Returns the ids of the calls in a body. */
function callIds(body: unknown): JsonRpcId[] {
  const messages: (IncomingMessage | null)[] = Array.isArray(body) ? body : [body];
  return messages.flatMap(message => {
    const { id, method } = message ?? {};
    const isCall = typeof method === 'string' && !FREE.test(method);
    return isCall && isId(id) ? [id] : [];
  });
}

/**
 * Counts the calls and returns why they are denied; undefined if they are within the limits. Rejects if the table does not respond.
 */
async function check(
  counters: Counters,
  request: LimitedRequest,
  count: number,
): Promise<Denial | undefined> {
  const { calls, seconds, parallel } = request.limits.perCaller;
  const key = keyOf(request);
  if (calls !== undefined && seconds !== undefined) {
    const now = Date.now() / 1000;
    const window = Math.floor(now / seconds);
    const end = (window + 1) * seconds;
    const counted = counters.increment(`calls#${key}#${seconds}#${window}`, count, {
      max: calls,
      expires: end + 60,
    });
    if (!(await within(TIMEOUT_MS, counted)))
      return {
        message: `Too many calls: each caller may make ${calls} in ${seconds} s.`,
        retryAfter: Math.ceil(end - now),
      };
  }
  if (parallel === undefined || (await isWithinParallel(counters, request, key, count, parallel)))
    return undefined;
  return {
    message: `Too many calls at the same time: each caller may have ${parallel} running.`,
    retryAfter: PARALLEL_RETRY_SECONDS,
  };
}

/** Takes a lease, which is released when the invocation ends. Returns true outside Lambda, where there are no invocations. */
async function isWithinParallel(
  counters: Counters,
  { invocation, context }: LimitedRequest,
  key: string,
  calls: number,
  max: number,
): Promise<boolean> {
  if (!invocation) return true;
  const remaining = context?.getRemainingTimeInMillis() ?? MAX_INVOCATION_MS;
  const taken = takeLease(counters, {
    key: `leases#${key}`,
    calls,
    max,
    until: Date.now() + remaining + CLOCK_MS,
  });
  invocation.onEnd(async () => {
    const left = Math.max((context?.getRemainingTimeInMillis() ?? MAX_INVOCATION_MS) - 20, 0);
    // The lease may have been taken after the call stopped waiting for it. A failure to take it has been logged already.
    const released = taken.then(
      release => release?.(),
      () => undefined,
    );
    await within(Math.min(TIMEOUT_MS, left), released).catch(error =>
      console.error('mcp: a lease of a caller was not released; it expires with the invocation', error),
    );
  });
  return (await within(TIMEOUT_MS, taken)) !== undefined;
}

/** Returns the key of a caller and a route: a digest, so that the table contains no names of callers. */
function keyOf({ route, caller, endpoint: { sourceAddress } }: LimitedRequest): string {
  const { mode, subject, claims } = (caller?.extra ?? {}) as {
    mode?: string;
    subject?: string;
    claims?: { iss?: unknown };
  };
  const who = caller
    ? [claims?.iss ?? mode, subject === undefined ? { client: caller.clientId } : subject]
    : { address: sourceAddress };
  return createHash('sha256')
    .update(JSON.stringify([route, who]))
    .digest('base64url');
}

/** Returns a response with the error for each call in the body. */
function denied(
  body: unknown,
  ids: readonly JsonRpcId[],
  status: number,
  code: number,
  { message, retryAfter }: Denial,
): Response {
  const init = { status, headers: { 'retry-after': String(retryAfter) } };
  const error: JsonRpcError = { code, message, data: { retryAfterSeconds: retryAfter } };
  if (!Array.isArray(body)) return errorResponse(error, { ...init, id: ids[0] ?? null });
  return Response.json(
    ids.map(id => ({ jsonrpc: '2.0', id, error })),
    init,
  );
}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`The table did not respond within ${ms} ms.`)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
