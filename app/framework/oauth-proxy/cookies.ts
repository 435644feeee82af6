/**
 * The proxy's cookies: `__Host-`, so that no other host can set them, HttpOnly, and SameSite=Lax, so that pages of other
 * sites cannot send them with a form. Without TLS, only on this machine, browsers reject the prefix and Secure.
 */
import type { ProxyRequest } from './proxy.ts';

export function cookieOf(call: ProxyRequest, name: string): string | undefined {
  const prefix = `${fullName(call.issuer, name)}=`;
  const found = cookiesOf(call).filter(part => part.startsWith(prefix));
  // Two cookies with the same name are an attack or an error.
  return found.length === 1 ? found[0]?.slice(prefix.length) : undefined;
}

/** Returns the names of the request's cookies that start with `start`. */
export function cookieNames(call: ProxyRequest, start: string): string[] {
  const prefix = fullName(call.issuer, start);
  const names = cookiesOf(call).filter(part => part.startsWith(prefix));
  return names.map(part => start + part.slice(prefix.length).replace(/=.*/, ''));
}

/** Returns the Set-Cookie header; without `seconds` the cookie ends with the browser's session. */
export function hostCookie({ issuer }: ProxyRequest, name: string, value: string, seconds?: number): string {
  const attributes = ['Path=/', 'HttpOnly', 'SameSite=Lax'];
  if (isTls(issuer)) attributes.push('Secure');
  if (seconds !== undefined) attributes.push(`Max-Age=${seconds}`);
  return `${fullName(issuer, name)}=${value}; ${attributes.join('; ')}`;
}

function cookiesOf({ request }: ProxyRequest): string[] {
  return (request.headers.get('cookie') ?? '').split(';').map(part => part.trim());
}

function fullName(issuer: string, name: string): string {
  return isTls(issuer) ? `__Host-${name}` : name;
}

function isTls(issuer: string): boolean {
  return issuer.startsWith('https://');
}
