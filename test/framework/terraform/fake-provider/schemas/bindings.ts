/**
 * Reads a Terraform schema from generated JavaScript bindings. They are generated from the provider's real schema and contain what
 * is needed here: names, types, and which attributes are required, optional or computed.
 *
 *   // kms_key - computed: true, optional: true, required: false     above every attribute's getter, which shows its type:
 *   return this.getStringAttribute('kms_key');                       a string; a set where Fn.tolist() is around it
 *   _rule = new EcrRuleList(this, "rule", true);                     a block or an object: a list, or a set where true
 */
import type { Attribute, Block, NestedBlock, Type } from '../schema.ts';

const PRIMITIVES = { string: 'string', number: 'number', boolean: 'bool', any: 'dynamic' } as const;

export function providerVersion(source: string): string {
  const [, version] = /providerVersion: '([^']+)'/.exec(source) ?? [];
  if (!version) throw new Error('The bindings do not name the version of their provider.');
  return version;
}

/** Returns the block of the resource or data source in a file. */
export function blockOfConstruct(source: string): Block {
  const [, name = ''] =
    /^class (\w+) extends \w+\.Terraform(?:Resource|DataSource|EphemeralResource) /m.exec(source) ?? [];
  return blockOf(source, name);
}

/** Returns the provider's own arguments, without those in blocks (assume_role, default_tags), which are not used here. */
export function blockOfProvider(source: string): Block {
  const pattern =
    /^ {12}(\w+): \{\s+value: [^\n]+\s+isBlock: false,\s+type: "simple",\s+storageClassType: "(\w+)"/gm;
  const entries = [...source.matchAll(pattern)].filter(([, name]) => name !== 'alias');
  return {
    attributes: Object.fromEntries(
      entries.map(([, name = '', type = '']) => [name, { type: primitive(type), optional: true }] as const),
    ),
  };
}

function blockOf(source: string, className: string): Block {
  const block: Required<Block> = { attributes: {}, blocks: {} };
  for (const part of partsOf(source, className)) {
    if (part.nested && (part.optional || part.required)) block.blocks[part.name] = nestedBlock(source, part);
    else block.attributes[part.name] = attribute(source, part);
  }
  return Object.keys(block.blocks).length > 0 ? block : { attributes: block.attributes };
}

interface Part {
  name: string;
  computed: boolean;
  optional: boolean;
  required: boolean;
  body: string;
  nested: { className: string; kind: 'list' | 'set' | 'one'; max: number } | undefined;
}

function partsOf(source: string, className: string): Part[] {
  const body = classBody(source, className);
  const pieces = body.split(/^ {4}\/\/ (?=\w+ - computed: )/m).slice(1);
  return pieces.map(piece => {
    const [, name = '', ...flags] =
      /^(\w+) - computed: (\w+), optional: (\w+), required: (\w+)/.exec(piece) ?? [];
    const [computed = false, optional = false, required = false] = flags.map(flag => flag === 'true');
    return { name, computed, optional, required, body: piece, nested: nestedOf(source, piece) };
  });
}

function nestedOf(source: string, piece: string): Part['nested'] {
  const [, list, isSet] = /= new (\w+)List\(this, "\w+", (true|false)\)/.exec(piece) ?? [];
  if (list && list !== 'cdktn.String') {
    return { className: `${list}OutputReference`, kind: isSet === 'true' ? 'set' : 'list', max: 0 };
  }
  const [, one] = /= new (\w+OutputReference)\(this, "\w+"\)/.exec(piece) ?? [];
  if (!one) return undefined;
  const isList = /super\(terraformResource, terraformAttribute, false, 0\)/.test(classBody(source, one));
  return { className: one, kind: isList ? 'list' : 'one', max: isList ? 1 : 0 };
}

function nestedBlock(source: string, { nested, required }: Part): NestedBlock {
  if (!nested) throw new TypeError('Not a block.');
  return {
    nesting: nested.kind === 'one' ? 'single' : nested.kind,
    ...(required && nested.kind !== 'one' && { min: 1 }),
    ...(nested.max > 0 && { max: nested.max }),
    block: blockOf(source, nested.className),
  };
}

function attribute(source: string, part: Part): Attribute {
  return {
    type: part.nested ? objects(source, part.nested) : typeByGetter(part),
    ...(part.required && { required: true }),
    ...(part.optional && { optional: true }),
    ...(part.computed && { computed: true }),
  };
}

function objects(source: string, { className, kind }: NonNullable<Part['nested']>): Type {
  const types = partsOf(source, className).map(part => [part.name, attribute(source, part).type] as const);
  const object: Type = ['object', Object.fromEntries(types)];
  return kind === 'one' ? object : [kind, object];
}

function typeByGetter({ name, body }: Part): Type {
  const [, getter = ''] = /this\.get(\w+?)Attribute\('/.exec(body) ?? [];
  const [, element = '', suffix] = /^(String|Number|Boolean)?(List|Map)?$/.exec(getter) ?? [];
  const type = primitive(element.toLowerCase() || 'string');
  if (getter === '') throw new Error(`The bindings do not have the type of ${name}.`);
  if (suffix === 'Map') return ['map', type];
  if (suffix === 'List') return [body.includes('Fn.tolist(') ? 'set' : 'list', type];
  return type;
}

function primitive(name: string): Type {
  const type = PRIMITIVES[name as keyof typeof PRIMITIVES];
  if (!type) throw new Error(`The bindings have a type that is not known here: ${name}`);
  return type;
}

function classBody(source: string, className: string): string {
  const [, body] =
    new RegExp(`^class ${className} extends [\\w.]+ \\{$([\\s\\S]*?)^\\}$`, 'm').exec(source) ?? [];
  if (body === undefined) throw new Error(`The bindings have no class ${className}.`);
  return body;
}
