/** Redirects of the browser: to the provider, to the next step, back to the client. */
import { shortId } from './clients.ts';
import { OAuthRequestError } from './oauth-error.ts';
import type { Person } from './provider.ts';
import type { OAuthProxy, ProxyRequest } from './proxy.ts';
import { logSignIn } from './proxy.ts';
import { type Authorization, randomText } from './transaction.ts';

/** Lifetime of a code. */
export const CODE_SECONDS = 60;
/** A code is stored longer than it is valid, so that reuse is detected. */
const KEPT_SECONDS = 10 * 60;

/** A code, which can be used once. */
export interface Code {
  used: boolean;
  /** In ms since 1970. */
  created: number;
  authorization: Authorization;
  person: Person;
  refreshToken: string | undefined;
  /** Id of the family of refresh tokens that the code starts. */
  family: string;
}

export function redirect(url: string, cookies: readonly string[] = []): Response {
  const headers = new Headers({
    location: url,
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
  });
  for (const cookie of cookies) headers.append('set-cookie', cookie);
  return new Response(null, { status: 303, headers });
}

/** Creates a code and returns the client's redirect address with it. */
export async function codeUrl(
  { records }: OAuthProxy,
  { issuer }: ProxyRequest,
  grant: Pick<Code, 'authorization' | 'person' | 'refreshToken'>,
): Promise<string> {
  const code = randomText();
  const data: Code = { ...grant, used: false, created: Date.now(), family: randomText() };
  await records.create('code', code, data, KEPT_SECONDS);
  return clientUrl(grant.authorization, issuer, { code });
}

/** Returns the client's redirect address with an error. */
export function errorUrl(
  authorization: Pick<Authorization, 'client' | 'redirectUri' | 'state'>,
  issuer: string,
  error: unknown,
): string {
  if (!(error instanceof OAuthRequestError)) throw error;
  const { client, redirectUri: redirect } = authorization;
  logSignIn('refused', { client: shortId(client), redirect, reason: error.message });
  return clientUrl(authorization, issuer, { error: error.code, error_description: error.description });
}

/** Returns the redirect address, unchanged, with parameters; `iss` (RFC 9207) identifies this server. */
function clientUrl(
  { redirectUri, state }: Pick<Authorization, 'redirectUri' | 'state'>,
  issuer: string,
  parameters: Record<string, string>,
): string {
  const query = new URLSearchParams({ ...parameters, ...(state !== undefined && { state }), iss: issuer });
  return `${redirectUri}${redirectUri.includes('?') ? '&' : '?'}${query}`;
}
