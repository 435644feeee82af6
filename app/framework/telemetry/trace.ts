/**
 * Trace context: of the request's headers (W3C, https://www.w3.org/TR/trace-context/), of the message's `_meta`, where MCP
 * has the same keys, or of X-Ray's header, which Lambda's endpoints set. It is passed on as it came: the spans are made by X-Ray
 * and by whoever calls, not here.
 */
import { callContextOf, type ToolContext, type Trace } from './call-context.ts';

const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;
/** https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader */
const X_RAY_ROOT = /(?:^|;)\s*Root=1-([0-9a-f]{8})-([0-9a-f]{24})(?:;|$)/;
const X_RAY_PARENT = /(?:^|;)\s*Parent=([0-9a-f]{16})(?:;|$)/;
/** Printable ASCII, of the length that a receiver must at least take. */
const TRACESTATE = /^[\x20-\x7e]{1,512}$/;

/** What is not of the right form is as if it were not there. `meta` is `params._meta` of the message. */
export function traceOf(headers: Headers, meta?: { traceparent?: unknown; tracestate?: unknown }): Trace {
  return (
    w3c(meta?.traceparent, meta?.tracestate) ??
    w3c(headers.get('traceparent'), headers.get('tracestate')) ??
    xRay(headers.get('x-amzn-trace-id') ?? '')
  );
}

function w3c(traceparent: unknown, tracestate: unknown): Trace | undefined {
  if (typeof traceparent !== 'string') return undefined;
  const [, traceId] = TRACEPARENT.exec(traceparent) ?? [];
  if (!traceId) return undefined;
  const state = typeof tracestate === 'string' && TRACESTATE.test(tracestate) ? tracestate : undefined;
  return { traceId, traceparent, tracestate: state };
}

function xRay(header: string): Trace {
  const [, time, rest] = X_RAY_ROOT.exec(header) ?? [];
  const [, parent] = X_RAY_PARENT.exec(header) ?? [];
  const traceId = time && rest && `${time}${rest}`;
  const flags = header.includes('Sampled=1') ? '01' : '00';
  const traceparent = traceId && parent ? `00-${traceId}-${parent}-${flags}` : undefined;
  return { traceId: traceId || undefined, traceparent, tracestate: undefined };
}

/**
 * For requests that a tool sends: `fetch(url, { headers: { ...traceHeaders(ctx) } })`. Empty where nothing is traced. Send them
 * to services of your own: they tell a stranger nothing, but are of no use to one.
 */
export function traceHeaders(ctx: ToolContext): Record<string, string> {
  const { traceparent, tracestate } = callContextOf(ctx)?.trace ?? {};
  return { ...(traceparent && { traceparent }), ...(tracestate && { tracestate }) };
}
