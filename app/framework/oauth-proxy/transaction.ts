/**
 * A sign-in in progress: from the request of a client, through the provider, to the person's consent. It belongs to one browser by a
 * cookie, which a link cannot transfer (CVE-2026-27124), and each of its steps can be done once.
 */
import { randomBytes } from 'node:crypto';
import { cookieOf, hostCookie } from './cookies.ts';
import { OAuthRequestError } from './oauth-error.ts';
import type { Person } from './provider.ts';
import type { OAuthProxy, ProxyRequest } from './proxy.ts';
import type { SealedRecord } from './records.ts';
import { digest } from './seal.ts';

/** The request of a client. */
export interface Authorization {
  client: { id: string; name: string | undefined; host: string | undefined; authMethod: ClientAuth };
  redirectUri: string;
  state: string | undefined;
  /** PKCE, S256. */
  challenge: string;
  resource: string;
  scopes: readonly string[];
}

type ClientAuth = 'none' | 'private_key_jwt';

export interface Transaction {
  step: 'at provider' | 'asking consent' | 'ended';
  authorization: Authorization;
  /** Digest of the browser's cookie. */
  browser: string;
  /** Whether the person, not a web page, opened the request: only then a remembered consent applies. */
  openedDirectly: boolean;
  /** PKCE code verifier for the provider. */
  verifier: string;
  nonce: string;
  person?: Person;
  refreshToken?: string | undefined;
}

/** Time for signing in and reading the consent page. */
export const TRANSACTION_SECONDS = 10 * 60;

const COOKIE = 'mcp-sign-in';
const RANDOM = /^[\w-]{43}$/;

/** Returns 256 random bits. */
export function randomText(): string {
  return randomBytes(32).toString('base64url');
}

/** Returns the browser's secret, which its other transactions share, and the header that sets it. */
export function identifyBrowser(call: ProxyRequest): { browser: string; setCookie: string } {
  const known = cookieOf(call, COOKIE);
  const secret = known !== undefined && RANDOM.test(known) ? known : randomText();
  return { browser: digest(secret), setCookie: hostCookie(call, COOKIE, secret) };
}

/** Returns the transaction of this browser at `step`. Rejects with {@link OAuthRequestError}. */
export async function findTransaction(
  { records }: OAuthProxy,
  call: ProxyRequest,
  id: string,
  step: Transaction['step'],
): Promise<SealedRecord<Transaction>> {
  const record = RANDOM.test(id) ? await records.read<Transaction>('transaction', id) : undefined;
  if (!record) throw refused('The sign-in has expired or does not exist.');
  const secret = cookieOf(call, COOKIE);
  if (secret === undefined || digest(secret) !== record.data.browser)
    throw refused('The sign-in was started in another browser.');
  if (record.data.step !== step) throw refused('This step of the sign-in is already completed.');
  return record;
}

function refused(reason: string): OAuthRequestError {
  return new OAuthRequestError('invalid_request', `${reason} Start again in your MCP client.`, reason);
}
