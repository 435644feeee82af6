/**
 * Reads the body of a request as text. Code that creates a Request from a text can attach the text, so that it does not have
 * to be read from the stream of the request.
 */
const TEXT = Symbol('text of the body');

interface TaggedRequest extends Request {
  [TEXT]?: () => string | undefined;
}

/** Attaches the body to a request. `text` returns the body; undefined if there is none. */
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

/** Returns the text as after encoding to UTF-8 and decoding: without a byte order mark, lone surrogates replaced. */
function asDecoded(text: string): string {
  const marked = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  return marked.toWellFormed();
}
