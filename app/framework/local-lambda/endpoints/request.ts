/**
 * An HTTP request as received, before an endpoint converts it into an event: path and query unchanged, header lines in order.
 */
import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';

export interface WireRequest {
  method: string;
  /** The path as sent, percent-encoded, without the stage of a REST API. */
  rawPath: string;
  /** The path as sent, including the stage, which signatures cover. */
  sentPath: string;
  /** The query as sent, without `?`; empty if there is none. */
  rawQuery: string;
  /** Header lines in order, names in lower case. */
  headers: readonly (readonly [name: string, value: string])[];
  body: Buffer;
  sourceIp: string;
  /** `HTTP/1.1` */
  protocol: string;
  time: Date;
  requestId: string;
  /** X-Ray trace header, from the caller or new. */
  traceId: string;
}

/** The request exceeds the limit; its body is discarded. */
export class RequestTooLarge extends Error {
  override readonly name = 'RequestTooLarge';
}

/** The caller disconnected during its request or violated HTTP, so it does not read a response. */
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
    throw new RequestBrokenError('The request is incomplete.', { cause });
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

/** Returns each name with all its values, in order. */
export function grouped(pairs: Iterable<readonly [string, string]>): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const [name, value] of pairs) {
    const values = groups.get(name);
    if (values) values.push(value);
    else groups.set(name, [value]);
  }
  return groups;
}

/** Returns the decoded parameters of a query; `+` is a space. */
export function queryPairs(rawQuery: string): [string, string][] {
  return [...new URLSearchParams(rawQuery)];
}

/** Returns the percent-decoded path; invalid escapes stay as sent. */
export function decodedPath(rawPath: string): string {
  try {
    return decodeURIComponent(rawPath);
  } catch {
    // Decodes the valid escapes only.
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

/** Returns whether a body is text in the event; other bodies are base64. */
export function isText(request: WireRequest): boolean {
  const type = request.headers.find(([name]) => name === 'content-type')?.[1];
  return type === undefined ? isUtf8(request.body) : TEXT.test(type) && isUtf8(request.body);
}

export function eventBody(request: WireRequest): { body?: string; isBase64Encoded: boolean } {
  if (request.body.length === 0) return { isBase64Encoded: false };
  const text = isText(request);
  return { body: request.body.toString(text ? 'utf8' : 'base64'), isBase64Encoded: !text };
}
