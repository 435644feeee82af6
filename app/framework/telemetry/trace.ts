/**
 * Trace context: from the message's `_meta`, where MCP has the keys of W3C trace context (https://www.w3.org/TR/trace-context/),
 * from the request's headers, or from X-Ray's header, which Lambda's endpoints set. It is forwarded unchanged: X-Ray and the
 * caller create the spans.
 */
import { callContextOf, type ToolContext, type Trace } from './call-context.ts';

const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;
/** https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader */
const X_RAY_ROOT = /(?:^|;)\s*Root=1-([0-9a-f]{8})-([0-9a-f]{24})(?:;|$)/;
const X_RAY_PARENT = /(?:^|;)\s*Parent=([0-9a-f]{16})(?:;|$)/;
/** Printable ASCII, with the maximum length that every receiver must accept. */
const TRACESTATE = /^[\x20-\x7e]{1,512}$/;

/** Returns the trace context; ignores malformed values. `meta` is `params._meta` of the message. */
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
 * Returns the headers that continue the trace, for requests of a tool: `fetch(url, { headers: { ...traceHeaders(ctx) } })`. Empty
 * if the request is not traced. Send them only to your own services.
 */
export function traceHeaders(ctx: ToolContext): Record<string, string> {
  const { traceparent, tracestate } = callContextOf(ctx)?.trace ?? {};
  return { ...(traceparent && { traceparent }), ...(tracestate && { tracestate }) };
}
