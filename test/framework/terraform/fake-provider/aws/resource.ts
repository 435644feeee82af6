/** What AWS does, and refuses to do, when a resource of one type is made, changed and removed. */
import { ACCOUNT, REGION } from '../../publish-image/fake/machine.ts';
import type { Attributes } from '../values.ts';
import type { Account } from './account.ts';

export interface Resource {
  /** Unique among resources of the type. */
  name(attributes: Attributes): string;
  /** What AWS adds on creation. Throws when AWS would refuse. */
  create?(account: Account, attributes: Attributes): Attributes | Promise<Attributes>;
  /** What AWS changes by itself on an update. */
  update?(account: Account, prior: Attributes, planned: Attributes): Attributes;
  remove?(account: Account, attributes: Attributes): void;
}

export const arn = (service: string, resource: string, region = REGION): string =>
  `arn:aws:${service}:${region}:${ACCOUNT}:${resource}`;
