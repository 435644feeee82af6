/**
 * The credentials of the function's role: with SnapStart, Lambda has an endpoint for them instead of environment variables, because
 * those of the snapshot expire. https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
 */
import type { SnapStartState } from '../snap-start.ts';

/** Time before their expiry at which credentials are read again. */
const MARGIN_MS = 5 * 60_000;
const TIMEOUT_MS = 2_000;

interface ContainerCredentials {
  AccessKeyId: string;
  SecretAccessKey: string;
  Token: string;
  /** ISO 8601. */
  Expiration?: string;
}

/**
 * Returns a function that reads the credentials into `state` if there are none or they expire soon; with `now` always. Never
 * rejects: without credentials, only requests to AWS fail.
 */
export function loadCredentials(state: SnapStartState): (when?: 'now') => Promise<void> {
  const { AWS_CONTAINER_CREDENTIALS_FULL_URI: uri, AWS_CONTAINER_AUTHORIZATION_TOKEN: token } = process.env;
  let expires = 0;
  return async function renew(when) {
    if (!uri || (when !== 'now' && Date.now() < expires - MARGIN_MS)) return;
    try {
      const response = await fetch(uri, {
        headers: { ...(token && { authorization: token }) },
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      if (!response.ok) throw new Error(`status ${response.status}`);
      const { AccessKeyId, SecretAccessKey, Token, Expiration } =
        (await response.json()) as ContainerCredentials;
      state.credentials = {
        accessKeyId: AccessKeyId,
        secretAccessKey: SecretAccessKey,
        sessionToken: Token,
      };
      expires = Expiration ? Date.parse(Expiration) : Number.POSITIVE_INFINITY;
    } catch (error) {
      console.error(`The credentials of the role cannot be read from ${uri}:`, error);
    }
  };
}
