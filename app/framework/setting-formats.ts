/** Formats of settings that are checked in more than one place. Imports nothing, so that every bundle can have it. */

/** Returns whether a URL is https, or http on this machine. */
export function isSecure({ protocol, hostname }: URL): boolean {
  const local = ['localhost', '127.0.0.1', '[::1]'].includes(hostname);
  return protocol === 'https:' || (protocol === 'http:' && local);
}

/** Minimum length of a secret, in characters. */
export const MIN_SECRET = 32;

/** Returns the secrets in a value; none if one of them is too short or there are more than two. */
export function secretsOf(value: string): readonly string[] {
  const secrets = value.split(/[\s,]+/).filter(Boolean);
  return secrets.length <= 2 && secrets.every(secret => secret.length >= MIN_SECRET) ? secrets : [];
}
