/**
 * What becomes of the response headers that a function sets, on their way through an endpoint.
 *
 * API Gateway documents the renaming ("Important notes", docs.aws.amazon.com/apigateway/latest/developerguide/
 * api-gateway-known-issues.html); a Function URL has been seen to do the same to the first two.
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

/** The headers as the caller sees them, names in lower case. */
export function remapHeaders(headers: Iterable<readonly [string, string]>): [string, string][] {
  const seen: [string, string][] = [];
  for (const [given, value] of headers) {
    const name = given.toLowerCase();
    // The length is of the body that is sent, which the endpoint counts itself.
    if (DROPPED.has(name) || name === 'content-length') continue;
    seen.push([RENAMED.has(name) ? `x-amzn-remapped-${name}` : name, value]);
  }
  return seen;
}
