/** What AWS does, and what it rejects, when a resource of one type is created, changed and deleted. */
import type { Attributes } from '../values.ts';
import type { Account } from './account.ts';

export interface Resource {
  /** Returns the name, which is unique for the type in a region. */
  name(attributes: Attributes): string;
  /** Returns the attributes that AWS adds on creation. Throws if AWS would reject it. */
  create?(account: Account, attributes: Attributes, writeOnly: Attributes): Attributes | Promise<Attributes>;
  /** Returns the attributes that AWS changes on an update. */
  update?(account: Account, prior: Attributes, planned: Attributes, writeOnly: Attributes): Attributes;
  remove?(account: Account, attributes: Attributes): void;
}

/** Returns an attribute as text; empty if it is not set. */
export const text = (attributes: Attributes, name: string): string => String(attributes[name] ?? '');
