/** The random provider. Its passwords are random, so that a test can search for one where it must not be. */
import { randomBytes, randomUUID } from 'node:crypto';
import type { Behaviour } from './behaviour.ts';
import type { Attributes } from './values.ts';

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

function password({ length = 0 }: Attributes): Attributes {
  const letters = Array.from(randomBytes(Number(length)), byte => LETTERS[byte % LETTERS.length]);
  return { bcrypt_hash: `$2a$10$${randomUUID()}`, result: letters.join('') };
}

export const randomBehaviour: Behaviour = {
  sensitive: { random_password: ['result', 'bcrypt_hash'] },
  defaults: { random_password: { lower: true, upper: true, numeric: true, number: true, special: true } },
  replacedBy: {
    random_password: ['keepers', 'length', 'special', 'lower', 'upper', 'numeric', 'override_special'],
  },
  create: (_, config) => ({ id: 'none', ...password(config) }),
  openEphemeral: (_, config) => password(config),
  update: () => ({}),
  delete: () => undefined,
  read: (_, state) => state,
  readData: type => {
    throw new Error(`The random provider has no data source ${type}`);
  },
};
