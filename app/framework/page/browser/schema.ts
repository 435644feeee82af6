/** The parts of JSON Schema 2020-12 that the forms use. The server validates the whole schema. */

export interface Schema {
  type?: string | readonly string[];
  title?: string;
  description?: string;
  default?: unknown;
  examples?: readonly unknown[];
  const?: unknown;
  enum?: readonly unknown[];
  enumNames?: readonly string[];
  oneOf?: readonly Schema[];
  anyOf?: readonly Schema[];
  allOf?: readonly Schema[];
  properties?: Readonly<Record<string, Schema>>;
  required?: readonly string[];
  items?: Schema;
  minItems?: number;
  maxItems?: number;
  minLength?: number;
  maxLength?: number;
  pattern?: string;
  format?: string;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
  multipleOf?: number;
  $ref?: string;
  $defs?: Readonly<Record<string, Schema>>;
}

/** An allowed value and its title. */
export interface Choice {
  value: unknown;
  title: string;
  description?: string | undefined;
}

/** Returns the schema with its `$ref` within `root` resolved, and of `anyOf` the only branch that is not null. */
export function resolved(schema: Schema, root: Schema, depth = 0): Schema {
  if (depth > 8) return {}; // A circular reference: any JSON.
  if (schema.$ref?.startsWith('#/')) {
    const { $ref, ...more } = schema;
    return resolved({ ...at(root, $ref), ...more }, root, depth + 1);
  }
  const branches = (schema.anyOf ?? schema.oneOf)?.filter(branch => branch.type !== 'null');
  const [only] = branches ?? [];
  if (branches?.length === 1 && only && !schema.type && !('const' in only)) {
    const { anyOf: _, oneOf: __, ...more } = schema;
    return resolved({ ...only, ...more }, root, depth + 1);
  }
  return schema;
}

function at(root: Schema, pointer: string): Schema {
  const found = pointer
    .slice(2)
    .split('/')
    .map(word => decodeURIComponent(word).replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce<unknown>((place, word) => (place as Record<string, unknown> | undefined)?.[word], root);
  return (found ?? {}) as Schema;
}

/** Returns the initial value of a field: the default; else, for a required field, the first example. */
export function initialValue({ default: preset, examples }: Schema, required: boolean): unknown {
  return preset === undefined && required ? examples?.[0] : preset;
}

export function typeOf({ type, properties, items }: Schema): string | undefined {
  const types = (Array.isArray(type) ? type : [type]).filter(each => each !== undefined && each !== 'null');
  if (types.length === 1) return types[0] as string;
  if (types.length > 1) return undefined;
  return properties ? 'object' : items ? 'array' : undefined;
}

/** Returns the allowed values; undefined if the schema does not enumerate them. */
export function choicesOf(schema: Schema): Choice[] | undefined {
  if ('const' in schema) return [{ value: schema.const, title: schema.title ?? show(schema.const) }];
  if (schema.enum)
    return schema.enum.map((value, n) => ({ value, title: schema.enumNames?.[n] ?? show(value) }));
  const named = schema.oneOf ?? schema.anyOf;
  if (!named?.every(option => 'const' in option)) return undefined;
  return named.map(({ const: value, title, description }) => ({
    value,
    title: title ?? show(value),
    description,
  }));
}

/** Returns the label of a field: its title, else its name. */
export function labelOf(name: string, { title }: Schema): string {
  return title ?? name;
}

function show(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
