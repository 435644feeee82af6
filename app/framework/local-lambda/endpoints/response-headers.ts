/**
 * Renames and removes response headers of a function, as endpoints do.
 *
 * API Gateway documents the renaming ("Important notes", docs.aws.amazon.com/apigateway/latest/developerguide/
 * api-gateway-known-issues.html); a Function URL was observed to rename the first two as well.
 */
const RENAMED = new Set([
  'www-authenticate',
  'date',
  'connection',
  'authorization',
  'content-md5',
  'max-forwards',
  'user-agent',
  'server',
]);
const DROPPED = new Set([
  'expect',
  'host',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'via',
  'proxy-authenticate',
  'keep-alive',
]);

/** Returns the headers that the caller gets, names in lower case. */
export function remapHeaders(headers: Iterable<readonly [string, string]>): [string, string][] {
  const seen: [string, string][] = [];
  for (const [given, value] of headers) {
    const name = given.toLowerCase();
    // The endpoint sets the length of the body that it sends.
    if (DROPPED.has(name) || name === 'content-length') continue;
    seen.push([RENAMED.has(name) ? `x-amzn-remapped-${name}` : name, value]);
  }
  return seen;
}
