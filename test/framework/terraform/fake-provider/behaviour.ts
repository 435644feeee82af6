/** Behaviour of a provider that is not in its schema, and that the fake provider needs to plan and apply. */
import type { Attributes } from './values.ts';

export interface Behaviour {
  /** Attributes that Terraform must not print, by resource type. */
  sensitive?: Readonly<Record<string, readonly string[]>>;
  /** Write-only arguments, by resource type. `create` and `update` get their values separately. */
  writeOnly?: Readonly<Record<string, readonly string[]>>;
  /** Default values of attributes, by resource type. */
  defaults?: Readonly<Record<string, Attributes>>;
  /** Attributes and blocks whose change replaces the resource, by resource type. */
  replacedBy: Readonly<Record<string, readonly string[]>>;
  /** Returns the computed attributes that a change makes unknown again. */
  recomputed?(type: string, prior: Attributes, planned: Attributes): readonly string[];
  /** Creates the resource. The returned attributes override the planned ones. Throws {@link ProviderError}. */
  create(type: string, planned: Attributes, writeOnly: Attributes): Attributes | Promise<Attributes>;
  update(type: string, prior: Attributes, planned: Attributes, writeOnly: Attributes): Attributes;
  delete(type: string, prior: Attributes): void;
  /** Returns the current attributes, or null if the resource does not exist. */
  read(type: string, state: Attributes): Attributes | null;
  readData(type: string, config: Attributes): Attributes;
  /** Returns the values of an ephemeral resource, which are new each time. */
  openEphemeral?(type: string, config: Attributes): Attributes;
}

/** An error that Terraform prints, with `summary` as its first line. */
export class ProviderError extends Error {
  override readonly name = 'ProviderError';
}
