/** A family of refresh tokens: all tokens of one sign-in, of which only the newest is valid. */
import { OAuthRequestError } from './oauth-error.ts';
import type { Person } from './provider.ts';
import type { OAuthProxy } from './proxy.ts';
import type { SealedRecord } from './records.ts';
import type { Authorization } from './transaction.ts';

export interface Family {
  /** Digest of the valid token's secret; undefined if the family is revoked. */
  current: string | undefined;
  authorization: Authorization;
  person: Person;
  /** The provider's; undefined if it issues none. */
  refreshToken: string | undefined;
  /** Until this time, in ms since 1970, another request is refreshing. */
  busyUntil: number;
}

/** A revoked family, kept until all its tokens have expired. */
interface Revoked {
  current?: undefined;
}

const REVOKED_SECONDS = 30 * 24 * 3600;
const TOKEN = /^([\w-]{43})\.([\w-]{43})$/;

export function refreshTokenOf(id: string, secret: string): string {
  return `${id}.${secret}`;
}

/** Returns the family of a refresh token, even if the token is not the valid one. Rejects with {@link OAuthRequestError}. */
export async function findFamily(
  { records }: OAuthProxy,
  refreshToken: string,
): Promise<{ id: string; secret: string; record: SealedRecord<Family> }> {
  const [, id, secret] = TOKEN.exec(refreshToken) ?? [];
  const record = id === undefined ? undefined : await records.read<Family>('family', id);
  if (id === undefined || secret === undefined || !record?.data.current)
    throw new OAuthRequestError('invalid_grant', 'The refresh token is not valid.');
  return { id, secret, record };
}

/** Revokes a family, also one that another request is about to create or to refresh. */
export async function revokeFamily({ records }: OAuthProxy, id: string): Promise<void> {
  for (;;) {
    const record = await records.read<Revoked>('family', id);
    const done = record
      ? await records.replace<Revoked>(record, {})
      : await records.create('family', id, {} satisfies Revoked, REVOKED_SECONDS);
    if (done) return;
  }
}
