/**
 * Checks which redirect addresses a client may have, and whether a request names one of them. RFC 9700 section 2.1 and RFC 8252:
 * exact string comparison, except for the port of a loopback address.
 */

/** Schemes that a browser executes, reads or embeds instead of opening another program. */
const DANGEROUS = new Set([
  'about:',
  'blob:',
  'data:',
  'file:',
  'filesystem:',
  'ftp:',
  'intent:',
  'javascript:',
  'mailto:',
  'tel:',
  'vbscript:',
  'view-source:',
  'ws:',
  'wss:',
]);
const LOOPBACK = /^(http:\/\/(?:localhost|127\.0\.0\.1|\[::1\]))(?::\d{1,5})?((?:[/?][!-~]*)?)$/;
const MAX_LENGTH = 2_048;

/** Returns why a client cannot have this redirect address; undefined if it can. */
export function redirectProblem(uri: string): string | undefined {
  // Printable ASCII without characters that parsers treat differently: backslash, quotes, angle brackets.
  if (uri.length > MAX_LENGTH || !/^[!-~]+$/.test(uri) || /[\\"<>^`{|}]/.test(uri)) return 'is malformed';
  if (!URL.canParse(uri)) return 'is not an absolute URI';
  const { protocol, username, password, hostname } = new URL(uri);
  if (uri.includes('#')) return 'has a fragment';
  if (username !== '' || password !== '' || /^[a-z+.-]+:\/\/[^/?]*@/i.test(uri)) return 'has a user name';
  // URL parsers accept `*`, and `;` and `,`, which end a source in the Content Security Policy of the consent page.
  if (!/^(?:[\w.-]*|\[[\da-f:.]+\])$/i.test(hostname))
    return 'has a host that is neither a name nor an address';
  if (protocol === 'https:') return undefined;
  if (protocol === 'http:') return LOOPBACK.test(uri) ? undefined : 'is http, but not on this machine';
  return DANGEROUS.has(protocol) ? `has the scheme ${protocol}` : undefined;
}

/** Returns whether `uri` is one of `registered`. */
export function isRegistered(uri: string, registered: readonly string[]): boolean {
  return (
    redirectProblem(uri) === undefined &&
    registered.some(known => known === uri || withoutPort(known) === withoutPort(uri))
  );
}

/** Returns the address without the port, which a native client chooses for each sign-in; other addresses are returned unchanged. */
export function withoutPort(uri: string): string {
  const [, origin, rest] = LOOPBACK.exec(uri) ?? [];
  return origin === undefined ? uri : `${origin}${rest}`;
}

/**
 * Returns the destination of a code, for the consent page and the list of allowed clients: the host, or the scheme with its colon.
 */
export function destinationOf(uri: string): string {
  const { protocol, hostname } = new URL(uri);
  return protocol === 'https:' || protocol === 'http:' ? hostname : protocol;
}
