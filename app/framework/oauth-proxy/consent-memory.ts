/**
 * Remembered consents: a signed cookie for each person and client. It covers only the values on the consent page: another
 * redirect address, resource or scope needs a new consent.
 *
 * It applies only to requests that the person opened directly (`Sec-Fetch-Site: none`), which callback.ts checks, and only for
 * clients that registered here. The client_id of a metadata document is the same at every authorization server. A malicious MCP
 * server can name this proxy's endpoints as its own; the client of such a server then opens them directly, and sends the token to
 * the malicious server (GHSA-6x8h-498w-gv8c). Only the client that registered and this server know the id of a registration.
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

/** Returns whether a consent to this authorization may be remembered. */
export function canRemember({ client }: Authorization): boolean {
  return client.host === undefined;
}

/** Returns whether this browser has a remembered consent of the person to this authorization. */
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

/** Returns the Set-Cookie headers that remember a consent. If there are too many consents, the others are deleted. */
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
