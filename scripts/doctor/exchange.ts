/** Sends one HTTP request and records the response: raw headers, the time of each part of the body, and whether the body ended. */
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { TLSSocket } from 'node:tls';

export interface Outgoing {
  url: URL;
  method: string;
  headers: Record<string, string>;
  body?: string | undefined;
  timeoutMs: number;
}

export interface Exchange {
  status: number;
  /** Lower-case name → all received values. */
  headers: ReadonlyMap<string, readonly string[]>;
  body: string;
  /** Arrival of each part of the body, in ms since the request started. */
  partsMs: readonly number[];
  /** Until the last byte, or until `timeoutMs`. */
  totalMs: number;
  /** Whether the body ended in time. */
  ended: boolean;
  /** `TLSv1.3`; undefined without TLS. */
  tls: string | undefined;
}

// Connections are reused, so that the latency does not include TCP and TLS handshakes.
const AGENTS = { http: new HttpAgent({ keepAlive: true }), https: new HttpsAgent({ keepAlive: true }) };

/** Sends a request. Rejects with the socket's error, or with a TimeoutError if no headers arrive in time. Does not follow redirects. */
export async function exchange({ url, method, headers, body, timeoutMs }: Outgoing): Promise<Exchange> {
  const began = performance.now();
  const deadline = AbortSignal.timeout(timeoutMs);
  const secure = url.protocol === 'https:';
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const options = { method, headers: { ...headers, ...lengthOf(body) } };
    const request = secure
      ? httpsRequest(url, { ...options, agent: AGENTS.https })
      : httpRequest(url, { ...options, agent: AGENTS.http });
    deadline.addEventListener('abort', () => request.destroy(deadline.reason), { once: true });
    request.once('response', resolve).once('error', reject).end(body);
  });
  const parts: Buffer[] = [];
  const partsMs: number[] = [];
  let ended = true;
  try {
    for await (const part of response) {
      parts.push(part);
      partsMs.push(performance.now() - began);
    }
  } catch {
    ended = false; // Closed by the server or at the deadline: the parts that have arrived are returned.
  }
  return {
    status: response.statusCode ?? 0,
    headers: byName(response.rawHeaders),
    body: Buffer.concat(parts).toString('utf8'),
    partsMs,
    totalMs: performance.now() - began,
    ended,
    tls: secure ? ((response.socket as TLSSocket).getProtocol?.() ?? undefined) : undefined,
  };
}

function lengthOf(body: string | undefined): Record<string, string> {
  return body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
}

function byName(raw: readonly string[]): Map<string, string[]> {
  const headers = new Map<string, string[]>();
  for (let at = 0; at < raw.length; at += 2) {
    const name = (raw[at] ?? '').toLowerCase();
    headers.set(name, [...(headers.get(name) ?? []), raw[at + 1] ?? '']);
  }
  return headers;
}

/** Returns all values of a header as one, or undefined. */
export function header({ headers }: Exchange, name: string): string | undefined {
  return headers.get(name)?.join(', ');
}

/** Returns the JSON-RPC messages in a body, which is one message or an event stream. Empty if it is not JSON. */
export function messages(exchange: Exchange): JsonRpcMessage[] {
  const texts = header(exchange, 'content-type')?.startsWith('text/event-stream')
    ? [...exchange.body.matchAll(/^data: ?(.+)$/gm)].map(([, data = '']) => data)
    : [exchange.body];
  return texts.flatMap(text => {
    try {
      return [JSON.parse(text)];
    } catch {
      return [];
    }
  });
}

export interface JsonRpcMessage {
  method?: string;
  result?: Record<string, unknown>;
  error?: { code?: number; message?: string };
}

/** Returns the error of a JSON-RPC response, or undefined. */
export function rpcError(exchange: Exchange): { code?: number; message?: string } | undefined {
  return messages(exchange).find(message => typeof message?.error === 'object')?.error;
}
