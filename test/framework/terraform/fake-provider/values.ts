/**
 * Values as Terraform and a provider exchange them: MessagePack, with an extension type for "known after apply".
 * https://developer.hashicorp.com/terraform/plugin/terraform-plugin-protocol
 */
import { decode, ExtensionCodec, encode } from '@msgpack/msgpack';

class Unknown {}

/** A value that is known only after apply. */
export const UNKNOWN = new Unknown();

export type Value = null | boolean | number | string | Unknown | Value[] | { [name: string]: Value };
export type Attributes = { [name: string]: Value };

/** A value in the protocol. Terraform sets one of the two fields. */
export interface DynamicValue {
  msgpack?: Uint8Array;
  json?: Uint8Array;
}

const extensions = new ExtensionCodec();
const UNKNOWN_TYPE = 0;
/** An unknown value with a refinement ("not null"), which is ignored here. */
const REFINED_UNKNOWN_TYPE = 12;
extensions.register({
  type: UNKNOWN_TYPE,
  encode: value => (value === UNKNOWN ? new Uint8Array([0]) : null),
  decode: () => UNKNOWN,
});
extensions.register({ type: REFINED_UNKNOWN_TYPE, encode: () => null, decode: () => UNKNOWN });

export function toWire(value: Value): DynamicValue {
  return { msgpack: encode(value, { extensionCodec: extensions }) };
}

export function fromWire(wire: DynamicValue | null | undefined): Value {
  if (wire?.msgpack?.length) return decode(wire.msgpack, { extensionCodec: extensions }) as Value;
  if (wire?.json?.length) return JSON.parse(Buffer.from(wire.json).toString());
  return null;
}

export function isAttributes(value: Value | undefined): value is Attributes {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && value !== UNKNOWN;
}

/** Parses a value that is an object according to the protocol. */
export function attributesFromWire(wire: DynamicValue | null | undefined): Attributes | null {
  const value = fromWire(wire);
  if (value === null || isAttributes(value)) return value;
  throw new TypeError(`An object was expected, not ${JSON.stringify(value)}`);
}

/** Compares deeply. Two unknown values count as equal. */
export function same(a: Value | undefined, b: Value | undefined): boolean {
  const text = (value: Value | undefined): string =>
    JSON.stringify(value ?? null, (_, part) => (part === UNKNOWN ? '\0unknown' : part));
  return text(a) === text(b);
}
