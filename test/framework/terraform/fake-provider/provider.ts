/**
 * Responds to Terraform's calls for any schema and behaviour: plan, apply, read. It does not depend on AWS or on the wire format,
 * except for the names of the messages.
 */
import { type Behaviour, ProviderError } from './behaviour.ts';
import { type Block, type ProviderSchema, schemaMessage, type Type } from './schema.ts';
import {
  type Attributes,
  attributesFromWire,
  type DynamicValue,
  isAttributes,
  same,
  toWire,
  UNKNOWN,
  type Value,
} from './values.ts';

interface Request {
  type_name: string;
  config?: DynamicValue;
  prior_state?: DynamicValue;
  proposed_new_state?: DynamicValue;
  planned_state?: DynamicValue;
  current_state?: DynamicValue;
  raw_state?: DynamicValue;
}

export type Calls = Record<string, (request: Request) => object | Promise<object>>;

/** Flag of providers with the legacy type system, such as the AWS provider, whose types are less strict. */
const LOOSE = { legacy_type_system: true };
/** Response to an apply whose resource was deleted or not created. */
const GONE = toWire(null);

export function providerCalls(schema: ProviderSchema, behaviour: Behaviour): Calls {
  const resource = (type: string): Block => known(schema.resources, type);
  for (const [type, names] of Object.entries(behaviour.sensitive ?? {}))
    for (const name of names) known(resource(type).attributes, name).sensitive = true;
  for (const [type, names] of Object.entries(behaviour.writeOnly ?? {}))
    for (const name of names) known(resource(type).attributes, name).write_only = true;

  function plan({ type_name: type, prior_state, proposed_new_state }: Request): object {
    const given = attributesFromWire(proposed_new_state);
    if (!given) return { planned_state: GONE };
    const proposed = withoutWriteOnly(resource(type), given);
    const prior = attributesFromWire(prior_state);
    const defaults = behaviour.defaults?.[type] ?? {};
    const planned = withUnknowns(resource(type), { ...defaults, ...withoutNulls(proposed) }, prior !== null);
    if (!prior) return { planned_state: toWire(planned), ...LOOSE };
    for (const name of behaviour.recomputed?.(type, prior, planned) ?? []) planned[name] = UNKNOWN;
    const changed = known(behaviour.replacedBy, type).filter(name => !same(planned[name], prior[name]));
    const requires_replace = changed.map(name => ({ steps: [{ attribute_name: name }] }));
    return { planned_state: toWire(planned), requires_replace, ...LOOSE };
  }

  async function apply({ type_name: type, prior_state, planned_state, config }: Request): Promise<object> {
    const planned = attributesFromWire(planned_state);
    const prior = attributesFromWire(prior_state);
    if (!planned) {
      if (prior) behaviour.delete(type, prior);
      return { new_state: GONE, ...LOOSE };
    }
    const writeOnly = writeOnlyOf(resource(type), attributesFromWire(config) ?? {});
    const done = prior
      ? behaviour.update(type, prior, planned, writeOnly)
      : await behaviour.create(type, planned, writeOnly);
    return { new_state: toWire(settle(resource(type), { ...planned, ...done })), ...LOOSE };
  }

  function readData({ type_name: type, config }: Request): object {
    const given = attributesFromWire(config) ?? {};
    const found = { ...given, ...behaviour.readData(type, given) };
    return { state: toWire(settle(known(schema.dataSources, type), found)) };
  }

  return {
    GetSchema: () => ({
      provider: schemaMessage(schema.provider),
      resource_schemas: mapValues(schema.resources, schemaMessage),
      data_source_schemas: mapValues(schema.dataSources, schemaMessage),
      ephemeral_resource_schemas: mapValues(schema.ephemeralResources, schemaMessage),
    }),
    PrepareProviderConfig: ({ config }) => ({ prepared_config: config }),
    Configure: () => ({}),
    ValidateResourceTypeConfig: () => ({}),
    ValidateDataSourceConfig: () => ({}),
    UpgradeResourceState: ({ raw_state }) => ({
      upgraded_state: toWire(attributesFromWire(raw_state ?? null)),
    }),
    ReadResource: ({ type_name: type, current_state }) => {
      const state = attributesFromWire(current_state);
      return { new_state: toWire(state && behaviour.read(type, state)) };
    },
    PlanResourceChange: plan,
    ApplyResourceChange: refusable(apply, ({ prior_state }) => ({ new_state: prior_state, ...LOOSE })),
    ReadDataSource: refusable(readData, () => ({})),
    ValidateEphemeralResourceConfig: () => ({}),
    OpenEphemeralResource: ({ type_name: type, config }) => {
      const given = attributesFromWire(config) ?? {};
      const opened = { ...given, ...behaviour.openEphemeral?.(type, given) };
      return { result: toWire(settle(known(schema.ephemeralResources, type), opened)) };
    },
    CloseEphemeralResource: () => ({}),
    Stop: () => ({}),
  };
}

/** Returns a ProviderError as a diagnostic. Every other error is a fault of the fake provider and is thrown. */
function refusable(call: Calls[string], otherwise: (request: Request) => object) {
  return async (request: Request): Promise<object> => {
    try {
      return await call(request);
    } catch (error) {
      if (!(error instanceof ProviderError)) throw error;
      return { ...otherwise(request), diagnostics: [{ severity: 'ERROR', summary: error.message }] };
    }
  };
}

/** Removes write-only arguments, because Terraform rejects a plan or a state that has one. */
function withoutWriteOnly(block: Block, value: Attributes): Attributes {
  return { ...value, ...mapValues(writeOnlyOf(block, value), () => null) };
}

function writeOnlyOf({ attributes }: Block, value: Attributes): Attributes {
  const names = Object.keys(attributes).filter(name => attributes[name]?.write_only);
  return Object.fromEntries(names.map(name => [name, value[name] ?? null]));
}

/** Marks computed attributes as unknown on creation. Later they keep their value, which Terraform proposes. */
function withUnknowns(block: Block, value: Attributes, exists: boolean): Attributes {
  return walk(block, value, ({ computed }, given) =>
    given === null && computed && !exists ? UNKNOWN : given,
  );
}

/** Replaces unknown values after an apply by empty ones. */
function settle(block: Block, value: Attributes): Attributes {
  return walk(block, value, ({ computed, type }, given) => {
    if (given === UNKNOWN) return emptyValue(type);
    return given === null && computed ? emptyValue(type) : given;
  });
}

function emptyValue(type: Type): Value {
  if (type === 'string') return '';
  if (type === 'number') return 0;
  if (type === 'bool') return false;
  if (type === 'dynamic') return null;
  if (type[0] === 'object') return mapValues(type[1], emptyValue);
  return type[0] === 'map' ? {} : [];
}

function walk(
  block: Block,
  value: Attributes,
  replace: (attribute: Block['attributes'][string], given: Value) => Value,
): Attributes {
  const inner = mapValues(block.blocks ?? {}, ({ block: nested }, name) => {
    const given = value[name] ?? null;
    const visit = (one: Value): Value => (isAttributes(one) ? walk(nested, one, replace) : one);
    return Array.isArray(given) ? given.map(visit) : visit(given);
  });
  return {
    ...mapValues(block.attributes, (attribute, name) => replace(attribute, value[name] ?? null)),
    ...inner,
  };
}

function withoutNulls(value: Attributes): Attributes {
  return Object.fromEntries(Object.entries(value).filter(([, part]) => part !== null));
}

function mapValues<T, R>(
  object: Readonly<Record<string, T>>,
  map: (value: T, name: string) => R,
): Record<string, R> {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [name, map(value, name)]));
}

function known<T>(table: Readonly<Record<string, T>>, name: string): T {
  const entry = table[name];
  if (entry === undefined)
    throw new Error(
      `The fake provider does not know ${name}. Its schemas: npm run refresh, see schemas/README.md`,
    );
  return entry;
}
