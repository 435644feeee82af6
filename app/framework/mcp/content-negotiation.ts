/**
 * Content negotiation for POST requests (RFC 9110 section 12.5.1). For older revisions, the SDK searches the Accept header for
 * substrings and rejects most headers of clients. This file parses the header by the RFC and replaces it by the value that the SDK
 * expects.
 */
import { messagesOf } from './message-stream.ts';

const JSON_TYPE = 'application/json';
const EVENTS = 'text/event-stream';
/** The value that the SDK expects and that its clients send. */
const BOTH = `${JSON_TYPE}, ${EVENTS}`;

/**
 * Returns `json` if the client accepts JSON and no event stream; else `any`. Rewrites the Accept header of a request that accepts
 * either; the SDK responds with 406 to one that accepts neither.
 */
export function negotiate(request: Request): 'json' | 'any' {
  const accept = request.headers.get('accept');
  if (accept === BOTH) return 'any';
  const json = accepts(accept, JSON_TYPE);
  const events = accepts(accept, EVENTS);
  if (json || events) request.headers.set('accept', BOTH);
  else request.headers.delete('accept'); // Else the SDK would accept types that `q=0` excludes.
  return json && !events ? 'json' : 'any';
}

/** Converts an event stream to one JSON body: the responses in it, without the notifications before them. */
export async function jsonResponse(response: Response): Promise<Response> {
  if (!response.headers.get('content-type')?.startsWith(EVENTS)) return response;
  const responses: object[] = [];
  for await (const message of messagesOf(response)) if (message.method === undefined) responses.push(message);
  return Response.json(responses.length === 1 ? responses[0] : responses, { status: response.status });
}

/** Returns whether a header allows a media type: the most specific range that matches decides, and `q=0` denies. */
function accepts(header: string | null, type: string): boolean {
  if (header === null || header.trim() === '') return true;
  const [main = ''] = type.split('/');
  const qualities = new Map<string, number>();
  for (const entry of header.toLowerCase().split(',')) {
    const [name = '', ...parameters] = entry.split(';').map(part => part.trim());
    const quality = Number(parameters.find(parameter => parameter.startsWith('q='))?.slice(2) ?? 1);
    // Some clients send `*`. A quality that is not a number is ignored. Of several entries for one range, the highest quality counts.
    const range = name === '*' ? '*/*' : name;
    qualities.set(range, Math.max(Number.isNaN(quality) ? 1 : quality, qualities.get(range) ?? 0));
  }
  const quality = qualities.get(type) ?? qualities.get(`${main}/*`) ?? qualities.get('*/*') ?? 0;
  return quality > 0;
}
