/** What AWS does, and what it refuses, when a resource of one type is created, changed and deleted. */
import type { Attributes } from '../values.ts';
import type { Account } from './account.ts';

export interface Resource {
  /** Unique among resources of the type in a region. */
  name(attributes: Attributes): string;
  /** What AWS adds on creation. Throws when AWS would refuse. */
  create?(account: Account, attributes: Attributes, writeOnly: Attributes): Attributes | Promise<Attributes>;
  /** What AWS changes by itself on an update. */
  update?(account: Account, prior: Attributes, planned: Attributes, writeOnly: Attributes): Attributes;
  remove?(account: Account, attributes: Attributes): void;
}

/** An attribute as text; empty where it is not set. */
export const text = (attributes: Attributes, name: string): string => String(attributes[name] ?? '');
