/**
 * The proxy's cookies: `__Host-`, so that no other host can set them, HttpOnly, and SameSite=Lax, so that a page elsewhere cannot
 * send them with a form. Without TLS, which is on this machine only, browsers accept neither the prefix nor Secure.
 */
import type { ProxyRequest } from './proxy.ts';

export function cookieOf({ request, issuer }: ProxyRequest, name: string): string | undefined {
  const prefix = `${fullName(issuer, name)}=`;
  const found = (request.headers.get('cookie') ?? '')
    .split(';')
    .map(part => part.trim())
    .filter(part => part.startsWith(prefix));
  // Two of one name are an attack, or a mistake.
  return found.length === 1 ? found[0]?.slice(prefix.length) : undefined;
}

/** Returns the Set-Cookie header; without `seconds` the cookie ends with the browser's session. */
export function hostCookie({ issuer }: ProxyRequest, name: string, value: string, seconds?: number): string {
  const attributes = ['Path=/', 'HttpOnly', 'SameSite=Lax'];
  if (isTls(issuer)) attributes.push('Secure');
  if (seconds !== undefined) attributes.push(`Max-Age=${seconds}`);
  return `${fullName(issuer, name)}=${value}; ${attributes.join('; ')}`;
}

function fullName(issuer: string, name: string): string {
  return isTls(issuer) ? `__Host-${name}` : name;
}

function isTls(issuer: string): boolean {
  return issuer.startsWith('https://');
}
