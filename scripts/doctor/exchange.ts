/** One HTTP exchange, seen closely: header names as they come, when each part of the body came, and whether it ended. */
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
  /** Lower-case name → every value that came. */
  headers: ReadonlyMap<string, readonly string[]>;
  body: string;
  /** When each part of the body came, in ms since the request began. */
  partsMs: readonly number[];
  /** Until the last byte, or until `timeoutMs`. */
  totalMs: number;
  /** Whether the body came to its end in time. */
  ended: boolean;
  /** `TLSv1.3`; undefined without TLS. */
  tls: string | undefined;
}

// Connections are kept, so that latency is the server's and not TCP's and TLS's.
const AGENTS = { http: new HttpAgent({ keepAlive: true }), https: new HttpsAgent({ keepAlive: true }) };

/** Rejects with the socket's error, or a TimeoutError when no headers came in time. Redirects are not followed. */
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
    ended = false; // Cut off, by the server or by the deadline: what came until then is told.
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

/** All values of a header in one, or undefined. */
export function header({ headers }: Exchange, name: string): string | undefined {
  return headers.get(name)?.join(', ');
}

/** The JSON-RPC messages in a body, by itself or in an event stream; nothing when it is no JSON. */
export function messages(answer: Exchange): JsonRpcMessage[] {
  const texts = header(answer, 'content-type')?.startsWith('text/event-stream')
    ? [...answer.body.matchAll(/^data: ?(.+)$/gm)].map(([, data = '']) => data)
    : [answer.body];
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

/** The error of a JSON-RPC answer, or undefined. */
export function rpcError(answer: Exchange): { code?: number; message?: string } | undefined {
  return messages(answer).find(message => typeof message?.error === 'object')?.error;
}
