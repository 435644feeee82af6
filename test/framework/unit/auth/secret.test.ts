/** Keys that are derived from MCP_SECRET. */
import { expect, test } from 'vitest';
import { createKeys } from '../../../../app/framework/auth/secret.ts';
import { secretsOf } from '../../../../app/framework/setting-formats.ts';

const FIRST = 'first-secret-0123456789-0123456789-012';
const SECOND = 'second-secret-0123456789-0123456789-01';
const keysOf = (secret: string) => createKeys({ MCP_SECRET: secret }, async value => value);
const hex = async (keys: ReturnType<typeof keysOf>, purpose: 'access token' | 'csrf') =>
  (await keys(purpose)).map(key => key.export().toString('hex'));

test('each pair of a secret and a purpose has its own key of 256 bits, the same in every execution environment', async () => {
  const [key = ''] = await hex(keysOf(FIRST), 'access token');
  expect(key).toMatch(/^[0-9a-f]{64}$/);
  expect(await hex(keysOf(FIRST), 'access token')).toEqual([key]);
  expect(await hex(keysOf(FIRST), 'csrf')).not.toEqual([key]);
  expect(await hex(keysOf(SECOND), 'access token')).not.toEqual([key]);
});

test('during a rotation, the keys of the first secret come first', async () => {
  const both = await hex(keysOf(`${SECOND},${FIRST}`), 'csrf');
  expect(both).toEqual([...(await hex(keysOf(SECOND), 'csrf')), ...(await hex(keysOf(FIRST), 'csrf'))]);
});

test.each(['', 'short', `${FIRST},short`, `${FIRST},${SECOND},${FIRST}x`])(
  'the value %j of MCP_SECRET is rejected',
  async text => {
    expect(secretsOf(text)).toEqual([]);
    await expect(keysOf(text)('csrf')).rejects.toThrow(
      'MCP_SECRET must contain one or two secrets of 32 characters',
    );
  },
);
