/**
 * The HTTP prelude of a streamed answer: a JSON document with status, headers and cookies, eight NUL bytes, the body.
 *
 * https://docs.aws.amazon.com/lambda/latest/dg/response-streaming-tutorial.html. The runtime may write document and NULs
 * in separate chunks, and an endpoint sees them cut anywhere.
 */
export const PRELUDE_CONTENT_TYPE = 'application/vnd.awslambda.http-integration-response';

export interface Prelude {
  statusCode: number;
  headers: Record<string, string>;
  cookies: string[];
}

const SEPARATOR = Buffer.alloc(8);
/** No sane prelude is larger; without a bound a body that never brings the NULs would be kept in memory whole. */
const MAX_PRELUDE = 1024 * 1024;

/**
 * Takes the prelude off the front of `body`: gives it, and what follows it. Undefined when there is none, or it is not
 * one: the answer is malformed then. Ends nothing: who asks for this still owns `body`.
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
    return undefined; // Malformed: the endpoint answers 502 for it.
  }
  if (typeof given !== 'object' || given === null) return undefined;
  const statusCode = Number(given.statusCode ?? 200);
  if (!Number.isInteger(statusCode) || statusCode < 200 || statusCode > 599) return undefined;
  if (!Array.isArray(given.cookies ?? [])) return undefined;
  return { statusCode, headers: given.headers ?? {}, cookies: given.cookies ?? [] };
}
