/** The schemas of a provider's resources and data sources: as committed in schemas/, and in Terraform's protocol. */
import { readFileSync } from 'node:fs';

/** `"string"`, `["list", "string"]`, `["object", { name: "string" }]`: Terraform's own notation. */
export type Type =
  | 'string'
  | 'number'
  | 'bool'
  | 'dynamic'
  | ['list' | 'set' | 'map', Type]
  | ['object', ObjectType];
export type ObjectType = { [name: string]: Type };

export interface Attribute {
  type: Type;
  required?: true;
  optional?: true;
  computed?: true;
  sensitive?: true;
  /** Whether the argument is write-only: in the configuration of an apply, but in no plan and no state. */
  write_only?: true;
}

export interface NestedBlock {
  nesting: 'single' | 'list' | 'set';
  min?: number;
  max?: number;
  block: Block;
}

export interface Block {
  attributes: { [name: string]: Attribute };
  blocks?: { [name: string]: NestedBlock };
}

export interface ProviderSchema {
  /** Version of the provider. */
  version: string;
  provider: Block;
  resources: { [type: string]: Block };
  dataSources: { [type: string]: Block };
  /** Ephemeral resources, which each plan and apply opens and which are in no plan and no state. */
  ephemeralResources: { [type: string]: Block };
}

export function readSchema(name: 'aws' | 'random'): ProviderSchema {
  return JSON.parse(readFileSync(new URL(`schemas/${name}.json`, import.meta.url), 'utf8'));
}

const NESTING = { single: 1, list: 2, set: 3 };

/** Returns a block as the protocol's message `Schema`. */
export function schemaMessage(block: Block): object {
  return { version: 0, block: blockMessage(block) };
}

function blockMessage({ attributes, blocks = {} }: Block): object {
  return {
    attributes: Object.entries(attributes).map(([name, attribute]) => ({
      ...attribute,
      name,
      type: Buffer.from(JSON.stringify(attribute.type)),
    })),
    block_types: Object.entries(blocks).map(([name, { nesting, min = 0, max = 0, block }]) => ({
      type_name: name,
      nesting: NESTING[nesting],
      min_items: min,
      max_items: max,
      block: blockMessage(block),
    })),
  };
}
