/**
 * The text of a request's body. Who has made the request of a text may say so: then it is not read out of the stream that a
 * request keeps its body in, piece by piece.
 */
const TEXT = Symbol('text of the body');

interface TaggedRequest extends Request {
  [TEXT]?: () => string | undefined;
}

/** `text` gives what `request` was made of, undefined where it has no body. */
export function setKnownBody(request: Request, text: () => string | undefined): void {
  (request as TaggedRequest)[TEXT] = text;
}

/** The text, as https://fetch.spec.whatwg.org/#dom-body-text has it; undefined when it is over `limit` bytes, of which no more is kept. */
export async function readBody(request: Request, limit: number): Promise<string | undefined> {
  const length = Number(request.headers.get('content-length'));
  if (length > limit) return undefined;
  const known = (request as TaggedRequest)[TEXT]?.();
  if (known !== undefined) return Buffer.byteLength(known) > limit ? undefined : asDecoded(known);
  if (length > 0 || !request.body) return request.text();
  const decoder = new TextDecoder();
  let bytes = 0;
  let text = '';
  for await (const chunk of request.body) {
    bytes += chunk.length;
    if (bytes > limit) return undefined;
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

/** What UTF-8 makes of it on its way: a byte order mark is left out, half a surrogate pair replaced. */
function asDecoded(text: string): string {
  const marked = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  return marked.toWellFormed();
}
