/**
 * Remembered consents: a signed cookie for each person and client. It covers everything that the consent page has named: another
 * redirect address, resource or scope asks again.
 *
 * It counts only for requests that the person has opened directly (`Sec-Fetch-Site: none`), which callback.ts checks, and only for
 * clients that registered here. The client_id of a metadata document is the same at every authorization server. A malicious MCP
 * server can name this proxy's endpoints as its own; its client then opens them directly, and takes the token to the malicious
 * server (GHSA-6x8h-498w-gv8c). The id of a registration is known to the client that registered, and to this server.
 */
import { cookieNames, cookieOf, hostCookie } from './cookies.ts';
import type { Person } from './provider.ts';
import type { OAuthProxy, ProxyRequest } from './proxy.ts';
import { withoutPort } from './redirect-uri.ts';
import { digest } from './seal.ts';
import type { Authorization } from './transaction.ts';

const SECONDS = 30 * 24 * 3600;
/** Browsers send all of them with each request, and API Gateway accepts 10 kB of headers. */
const MAX_COOKIES = 10;
const NAME = 'mcp-consent-';

/** Whether a consent to this authorization may be remembered. */
export function canRemember({ client }: Authorization): boolean {
  return client.host === undefined;
}

/** Whether this browser remembers the person's consent to this authorization. */
export async function rememberedConsent(
  { sealer }: OAuthProxy,
  call: ProxyRequest,
  authorization: Authorization,
  person: Person,
): Promise<boolean> {
  if (!canRemember(authorization)) return false;
  const consent = consentId(authorization, person);
  const cookie = cookieOf(call, cookieName(consent));
  return cookie !== undefined && (await sealer.isConsent(cookie, consent));
}

/** Returns the Set-Cookie headers that remember it. If there are too many consents already, the others are forgotten. */
export async function consentCookies(
  { sealer }: OAuthProxy,
  call: ProxyRequest,
  authorization: Authorization,
  person: Person,
): Promise<string[]> {
  if (!canRemember(authorization)) return [];
  const consent = consentId(authorization, person);
  const name = cookieName(consent);
  const others = cookieNames(call, NAME).filter(other => other !== name);
  return [
    hostCookie(call, name, await sealer.signConsent(consent, SECONDS), SECONDS),
    ...(others.length < MAX_COOKIES ? [] : others.map(other => hostCookie(call, other, '', 0))),
  ];
}

function consentId({ client, redirectUri, resource, scopes }: Authorization, { subject }: Person): string {
  return digest(
    JSON.stringify([subject, client.id, client.name, withoutPort(redirectUri), resource, scopes]),
  );
}

function cookieName(consent: string): string {
  return NAME + consent.slice(0, 16);
}
