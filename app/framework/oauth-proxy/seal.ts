/**
 * Encrypts and signs data that leaves the function and returns: registrations, records in the table, remembered consents, access
 * tokens. All cryptography is jose's; the keys are derived from MCP_SECRET, one per purpose.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { CompactEncrypt, compactDecrypt, errors, type JWTPayload, jwtVerify, SignJWT } from 'jose';
import { OWN_TOKEN_ALGORITHM, OWN_TOKEN_TYPE } from '../auth/own-token.ts';
import type { Keys } from '../auth/secret.ts';

const CONSENT_TYPE = 'mcp-consent+jwt';

export interface Sealer {
  /** Encrypts a value (JWE, dir, A256GCM). */
  seal(purpose: 'record' | 'registration', value: object): Promise<string>;
  /** Returns the value, or undefined if the text was not sealed here for this purpose. */
  open<Value>(purpose: 'record' | 'registration', text: string): Promise<Value | undefined>;
  /** Returns the CSRF token of a transaction: always the same, so that two tabs can show its page. */
  csrfToken(transaction: string): Promise<string>;
  isCsrfToken(token: string, transaction: string): Promise<boolean>;
  signAccessToken(claims: JWTPayload): Promise<string>;
  signConsent(consent: string, seconds: number): Promise<string>;
  isConsent(token: string, consent: string): Promise<boolean>;
}

export function createSealer(keys: Keys): Sealer {
  const csrf = async (transaction: string): Promise<Buffer[]> =>
    (await keys('csrf')).map(key => createHmac('sha256', key).update(transaction).digest());

  return {
    async seal(purpose, value) {
      const [key] = await keys(purpose);
      return new CompactEncrypt(Buffer.from(JSON.stringify(value)))
        .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
        .encrypt(key);
    },
    async open<Value>(purpose: 'record' | 'registration', text: string) {
      for (const key of await keys(purpose)) {
        const opened = await compactDecrypt(text, key, OF_SEAL).catch(ignoreInvalid);
        if (opened) return JSON.parse(Buffer.from(opened.plaintext).toString()) as Value;
      }
      return undefined;
    },
    async csrfToken(transaction) {
      const [token = Buffer.alloc(0)] = await csrf(transaction);
      return token.toString('base64url');
    },
    async isCsrfToken(token, transaction) {
      const given = Buffer.from(token, 'base64url');
      return (await csrf(transaction)).some(
        expected => given.length === expected.length && timingSafeEqual(given, expected),
      );
    },
    async signAccessToken(claims) {
      const [key] = await keys('access token');
      const header = { alg: OWN_TOKEN_ALGORITHM, typ: OWN_TOKEN_TYPE };
      return new SignJWT(claims).setProtectedHeader(header).sign(key);
    },
    async signConsent(consent, seconds) {
      const [key] = await keys('consent');
      return new SignJWT({ consent })
        .setProtectedHeader({ alg: OWN_TOKEN_ALGORITHM, typ: CONSENT_TYPE })
        .setExpirationTime(`${seconds} seconds`)
        .sign(key);
    },
    async isConsent(token, consent) {
      for (const key of await keys('consent')) {
        const verified = await jwtVerify(token, key, OF_CONSENT).catch(ignoreInvalid);
        if (verified?.payload.consent === consent) return true;
      }
      return false;
    },
  };
}

const OF_SEAL = { keyManagementAlgorithms: ['dir'], contentEncryptionAlgorithms: ['A256GCM'] };
const OF_CONSENT = { algorithms: [OWN_TOKEN_ALGORITHM], typ: CONSENT_TYPE, requiredClaims: ['exp'] };

function ignoreInvalid(error: unknown): undefined {
  if (!(error instanceof errors.JOSEError)) throw error;
}

/** Returns the SHA-256 as base64url, for values that are looked up or compared but must not be stored. */
export function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}
