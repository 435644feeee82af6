/**
 * MCP_SECRET, from which every key of the framework is derived (HKDF, RFC 5869): one key per purpose, so that data signed
 * or encrypted for one purpose is invalid for another.
 *
 * It is one secret, or two with a comma during a rotation: the first one signs and encrypts, both verify and decrypt.
 */
import { createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import { createParameterReader, type ReadParameter } from '../aws/parameter.ts';
import type { Config } from '../config.ts';
import { MIN_SECRET, secretsOf } from '../setting-formats.ts';

/** The purpose of a key. */
export type KeyPurpose = 'access token' | 'consent' | 'csrf' | 'record' | 'registration' | 'request state';

/** Returns the keys for a purpose, the current one first. Rejects if the secret cannot be read. */
export type Keys = (purpose: KeyPurpose) => Promise<readonly [KeyObject, ...KeyObject[]]>;

/** Creates the keys of a configuration. The secret is read on first use, and again every few minutes. */
export function createKeys(
  { MCP_SECRET }: Pick<Config, 'MCP_SECRET'>,
  readParameter: ReadParameter = createParameterReader(),
): Keys {
  const derived = new Map<string, KeyObject>();
  const derive = (secret: string, purpose: KeyPurpose): KeyObject => {
    const name = `${purpose} ${secret}`;
    const key = derived.get(name) ?? deriveKey(secret, purpose);
    derived.set(name, key);
    return key;
  };

  return async function keys(purpose) {
    const [current, ...previous] = secretsOf(await readParameter(MCP_SECRET ?? ''));
    if (current === undefined)
      throw new Error(`MCP_SECRET must contain one or two secrets of ${MIN_SECRET} characters or more.`);
    return [derive(current, purpose), ...previous.map(secret => derive(secret, purpose))];
  };
}

function deriveKey(secret: string, purpose: KeyPurpose): KeyObject {
  return createSecretKey(Buffer.from(hkdfSync('sha256', secret, '', `mcp-on-lambda ${purpose}`, 32)));
}
