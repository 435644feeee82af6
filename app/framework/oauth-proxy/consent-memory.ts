/**
 * Remembered consents: a signed cookie for each person and client. It covers everything that the consent page has named: another
 * redirect address, resource or scope asks again. It counts only for requests that the person has opened directly
 * (`Sec-Fetch-Site: none`; GHSA-6x8h-498w-gv8c), which the callers of this file check.
 */
import { cookieOf, hostCookie } from './cookies.ts';
import type { Person } from './provider.ts';
import type { OAuthProxy, ProxyRequest } from './proxy.ts';
import { withoutPort } from './redirect-uri.ts';
import { digest } from './seal.ts';
import type { Authorization } from './transaction.ts';

const SECONDS = 30 * 24 * 3600;

/** Whether this browser remembers the person's consent to this authorization. */
export async function rememberedConsent(
  { sealer }: OAuthProxy,
  call: ProxyRequest,
  authorization: Authorization,
  person: Person,
): Promise<boolean> {
  const consent = consentId(authorization, person);
  const cookie = cookieOf(call, cookieName(consent));
  return cookie !== undefined && (await sealer.isConsent(cookie, consent));
}

/** Returns the Set-Cookie header that remembers it. */
export async function consentCookie(
  { sealer }: OAuthProxy,
  call: ProxyRequest,
  authorization: Authorization,
  person: Person,
): Promise<string> {
  const consent = consentId(authorization, person);
  return hostCookie(call, cookieName(consent), await sealer.signConsent(consent, SECONDS), SECONDS);
}

function consentId({ client, redirectUri, resource, scopes }: Authorization, { subject }: Person): string {
  return digest(
    JSON.stringify([subject, client.id, client.name, withoutPort(redirectUri), resource, scopes]),
  );
}

function cookieName(consent: string): string {
  return `mcp-consent-${consent.slice(0, 16)}`;
}
