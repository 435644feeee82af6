/**
 * Static bearer tokens, known by their SHA-256 only: the token itself is in no environment, log or error.
 *
 * A token must be random and long (Terraform creates 256 bits): the digest of a guessable token can be guessed.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Caller } from './identity.ts';
import { tenantId } from './tenant.ts';

/** Creates the check for tokens with one of these digests (64 hex digits each; two during a rotation). */
export function staticTokens(digests: readonly string[]) {
  const known = digests.map(hex => Buffer.from(hex, 'hex'));

  return function checkStaticToken(token: string): Caller | undefined {
    const digest = createHash('sha256').update(token).digest();
    // All are compared, each in constant time, so that the duration reveals nothing about the digests.
    const matches = known.map(candidate => timingSafeEqual(candidate, digest));
    if (!matches.includes(true)) return undefined;
    // The start of the digest names the token in the log and does not reveal it.
    const hex = digest.toString('hex');
    const tenant = tenantId('token', hex); // An issuer is a URL.
    return { token: '', clientId: `token-${hex.slice(0, 8)}`, scopes: [], extra: { mode: 'token', tenant } };
  };
}
