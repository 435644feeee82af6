/**
 * The HTTP prelude of a streamed response: a JSON document with status, headers and cookies, eight NUL bytes, then the body.
 *
 * https://docs.aws.amazon.com/lambda/latest/dg/response-streaming-tutorial.html. Document and NUL bytes may be in
 * separate chunks and may be split at any byte.
 */
export const PRELUDE_CONTENT_TYPE = 'application/vnd.awslambda.http-integration-response';

export interface Prelude {
  statusCode: number;
  headers: Record<string, string>;
  cookies: string[];
}

const SEPARATOR = Buffer.alloc(8);
/** Maximum size of a prelude, in bytes: a body without the NUL bytes must not fill the memory. */
const MAX_PRELUDE = 1024 * 1024;

/**
 * Splits `body` into the prelude and the rest. Returns undefined if the prelude is missing or malformed. The caller still has to read
 * or discard the rest of `body`.
 */
export async function splitPrelude(
  body: AsyncIterable<Buffer>,
): Promise<{ prelude: Prelude; rest: AsyncIterable<Buffer> } | undefined> {
  const source = body[Symbol.asyncIterator]();
  let seen: Buffer = Buffer.alloc(0);
  for (let read = await source.next(); !read.done; read = await source.next()) {
    seen = Buffer.concat([seen, read.value]);
    const end = seen.indexOf(SEPARATOR);
    if (end >= 0) {
      const prelude = parsePrelude(seen.subarray(0, end).toString());
      return prelude && { prelude, rest: following(seen.subarray(end + SEPARATOR.length), source) };
    }
    if (seen.length > MAX_PRELUDE) break;
  }
  return undefined;
}

async function* following(first: Buffer, source: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  if (first.length > 0) yield first;
  for (let read = await source.next(); !read.done; read = await source.next()) yield read.value;
}

function parsePrelude(json: string): Prelude | undefined {
  let given: Partial<Prelude> | null;
  try {
    given = JSON.parse(json);
  } catch {
    return undefined; // Malformed: the endpoint returns 502.
  }
  if (typeof given !== 'object' || given === null) return undefined;
  const statusCode = Number(given.statusCode ?? 200);
  if (!Number.isInteger(statusCode) || statusCode < 200 || statusCode > 599) return undefined;
  if (!Array.isArray(given.cookies ?? [])) return undefined;
  return { statusCode, headers: given.headers ?? {}, cookies: given.cookies ?? [] };
}
