/** What a schema does not say about a provider, and the stand-in needs to plan and apply. */
import type { Attributes } from './values.ts';

export interface Behaviour {
  /** Attributes Terraform must not print, by resource type. */
  sensitive?: Readonly<Record<string, readonly string[]>>;
  /** Arguments that Terraform must not keep, by resource type. `create` and `update` get their values apart. */
  writeOnly?: Readonly<Record<string, readonly string[]>>;
  /** Values of attributes that are left out, by resource type. */
  defaults?: Readonly<Record<string, Attributes>>;
  /** Attributes and blocks whose change replaces the resource, by resource type. */
  replacedBy: Readonly<Record<string, readonly string[]>>;
  /** Computed attributes that this change makes unknown again. */
  recomputed?(type: string, prior: Attributes, planned: Attributes): readonly string[];
  /** Does it. What it returns is laid over what was planned; throws {@link ProviderError}. */
  create(type: string, planned: Attributes, writeOnly: Attributes): Attributes | Promise<Attributes>;
  update(type: string, prior: Attributes, planned: Attributes, writeOnly: Attributes): Attributes;
  delete(type: string, prior: Attributes): void;
  /** What there is now, or null when it is gone. */
  read(type: string, state: Attributes): Attributes | null;
  readData(type: string, config: Attributes): Attributes;
  /** Values of an ephemeral resource, new each time. */
  openEphemeral?(type: string, config: Attributes): Attributes;
}

/** A refusal that Terraform shows to the person: `summary` as its headline. */
export class ProviderError extends Error {
  override readonly name = 'ProviderError';
}
