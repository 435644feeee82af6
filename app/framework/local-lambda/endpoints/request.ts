/**
 * An HTTP request as it came over the wire, before any endpoint makes an event of it: path and query untouched, header
 * lines in order.
 */
import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';

export interface WireRequest {
  method: string;
  /** The path as sent, percent-encoding and all, without the stage of a REST API. */
  rawPath: string;
  /** The path as sent, stage and all: what a signature is about. */
  sentPath: string;
  /** The query as sent, without `?`; empty when there is none. */
  rawQuery: string;
  /** Header lines in order, names in lower case. */
  headers: readonly (readonly [name: string, value: string])[];
  body: Buffer;
  sourceIp: string;
  /** `HTTP/1.1` */
  protocol: string;
  time: Date;
  requestId: string;
  /** X-Ray trace header, the caller's own or a new one. */
  traceId: string;
}

/** Thrown when a request is over the limit; no more of it is kept. */
export class RequestTooLarge extends Error {
  override readonly name = 'RequestTooLarge';
}

/** Thrown if the caller disconnects in the middle of its request, or violates HTTP: it reads no response. */
export class RequestBrokenError extends Error {
  override readonly name = 'RequestBrokenError';
}

/** Reads the request to its end. Throws {@link RequestTooLarge} above `limit` bytes of body, {@link RequestBrokenError}. */
export async function readRequest(
  incoming: IncomingMessage,
  ids: { requestId: string; traceId: string },
  limit: number,
): Promise<WireRequest> {
  const body = await readBody(incoming, limit);
  const [rawPath = '/', ...query] = (incoming.url ?? '/').split('?');
  return {
    method: incoming.method ?? 'GET',
    rawPath,
    sentPath: rawPath,
    rawQuery: query.join('?'),
    headers: headerLines(incoming.rawHeaders),
    body,
    sourceIp: incoming.socket.remoteAddress?.replace(/^::ffff:/, '') ?? '127.0.0.1',
    protocol: `HTTP/${incoming.httpVersion}`,
    time: new Date(),
    ...ids,
  };
}

async function readBody(incoming: IncomingMessage, limit: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of incoming as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes <= limit) chunks.push(chunk);
    }
  } catch (cause) {
    throw new RequestBrokenError('The request broke off.', { cause });
  }
  if (bytes > limit) throw new RequestTooLarge();
  return Buffer.concat(chunks);
}

function headerLines(rawHeaders: readonly string[]): [string, string][] {
  const lines: [string, string][] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    lines.push([String(rawHeaders[i]).toLowerCase(), String(rawHeaders[i + 1])]);
  }
  return lines;
}

/** Names with all their values, in order. */
export function grouped(pairs: Iterable<readonly [string, string]>): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const [name, value] of pairs) {
    const values = groups.get(name);
    if (values) values.push(value);
    else groups.set(name, [value]);
  }
  return groups;
}

/** The parameters of a query, decoded, `+` as a space. */
export function queryPairs(rawQuery: string): [string, string][] {
  return [...new URLSearchParams(rawQuery)];
}

/** Percent-decoded where that is possible; an invalid escape stays as sent. */
export function decodedPath(rawPath: string): string {
  try {
    return decodeURIComponent(rawPath);
  } catch {
    // One bad escape must not keep the others encoded.
    return rawPath.replace(/(%[0-9a-f]{2})+/gi, run => {
      try {
        return decodeURIComponent(run);
      } catch {
        return run;
      }
    });
  }
}

const TEXT = /^(text\/|application\/(json|javascript|xml|graphql|[\w.+-]+\+(json|xml))\s*(;|$))/i;

/** Whether a body goes into the event as text; everything else is base64. */
export function isText(request: WireRequest): boolean {
  const type = request.headers.find(([name]) => name === 'content-type')?.[1];
  return type === undefined ? isUtf8(request.body) : TEXT.test(type) && isUtf8(request.body);
}

export function eventBody(request: WireRequest): { body?: string; isBase64Encoded: boolean } {
  if (request.body.length === 0) return { isBase64Encoded: false };
  const text = isText(request);
  return { body: request.body.toString(text ? 'utf8' : 'base64'), isBase64Encoded: !text };
}
