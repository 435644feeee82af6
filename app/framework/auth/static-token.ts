/**
 * Static bearer tokens, known by their SHA-256 only: the token itself is in no environment, log or error.
 *
 * A token must be random and long (Terraform makes 256 bits); a digest of a guessable one can be guessed.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Caller } from './identity.ts';

/** Gives the check for tokens with one of these digests (64 hex digits each; two during a rotation). */
export function staticTokens(digests: readonly string[]) {
  const known = digests.map(hex => Buffer.from(hex, 'hex'));

  return function checkStaticToken(token: string): Caller | undefined {
    const digest = createHash('sha256').update(token).digest();
    // Every one is compared, and each in constant time, so that time tells neither which nor where.
    const matches = known.map(candidate => timingSafeEqual(candidate, digest));
    if (!matches.includes(true)) return undefined;
    // The digest's beginning names the token in the log, and cannot be turned back into it.
    const clientId = `token-${digest.toString('hex').slice(0, 8)}`;
    return { token: '', clientId, scopes: [], extra: { mode: 'token' } };
  };
}
