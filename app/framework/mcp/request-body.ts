/**
 * Reads the body of a request as text. Code that creates a Request of a text can attach that text, so that it need not be read
 * from the request's stream in chunks.
 */
const TEXT = Symbol('text of the body');

interface TaggedRequest extends Request {
  [TEXT]?: () => string | undefined;
}

/** `text` returns the body that `request` was created with; undefined if it has none. */
export function setKnownBody(request: Request, text: () => string | undefined): void {
  (request as TaggedRequest)[TEXT] = text;
}

/** Returns the text (https://fetch.spec.whatwg.org/#dom-body-text); undefined if it is over `limit` bytes. */
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

/** The text after encoding to UTF-8 and decoding: without a byte order mark, lone surrogates replaced. */
function asDecoded(text: string): string {
  const marked = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  return marked.toWellFormed();
}
