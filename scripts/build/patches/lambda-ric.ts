/**
 * Takes out of the Runtime Interface Client what keeps the memory of an invocation, in two places and for the two reasons that
 * scripts/build/patches/mcp-sdk-calls.ts names. The stream that a handler writes into is made with accessors of its own, ten functions that see
 * the request below it; and that request gets methods of its own, written down where they are assigned. Either way the engine
 * keeps the request, and all that has been written into it, until it goes through all of the memory. What they do is the same
 * (test/framework/unit/build/lambda-ric.test.ts compares), and nothing else is changed.
 */

/** setContentType and write of the request, its agent's createConnection, and what comes before the first write. */
const METHOD = /^( +)(req|agent|underlyingStream)\.(\w+) = (\([\w, ]*\) => \{\n[\s\S]*?\n\1\});$/gm;
const METHODS = 4;

const BEGIN = 'function toWritableResponseStream(inner) {\n';
const END = '\n}\n';
/** What the client has there, by the parts that matter. */
const KNOWN = [
  'for (const method of WRITABLE_METHODS) {\n    stream[method] = inner[method].bind(inner);',
  'for (const p of PROPS_READ_WRITE) {\n    Object.defineProperty(stream, p, {\n      get: () => inner[p],\n      set: (v) => {\n        inner[p] = v;',
  'for (const p of PROPS_READ_ONLY) {\n    Object.defineProperty(stream, p, {\n      get: () => inner[p]\n',
];

const LEAN = `var responseStreamInner = Symbol("inner");
var responseStreamPrototype = {};
for (const p of PROPS_READ_WRITE) {
  Object.defineProperty(responseStreamPrototype, p, {
    get() { return this[responseStreamInner][p]; },
    set(v) { this[responseStreamInner][p] = v; }
  });
}
for (const p of PROPS_READ_ONLY) {
  Object.defineProperty(responseStreamPrototype, p, {
    get() { return this[responseStreamInner][p]; }
  });
}
function toWritableResponseStream(inner) {
  const stream = Object.create(responseStreamPrototype);
  stream[responseStreamInner] = inner;
  for (const method of WRITABLE_METHODS) {
    stream[method] = inner[method].bind(inner);
  }
  return stream;
}
`;

/** The client's text, changed; undefined where it is not as it is known here. */
export function leanRic(text: string): string | undefined {
  const begin = text.indexOf(BEGIN);
  const end = text.indexOf(END, begin) + END.length;
  const known = text.slice(begin, end);
  if (begin < 0 || end < begin || KNOWN.some(part => !known.includes(part))) return undefined;
  if (text.match(METHOD)?.length !== METHODS) return undefined;
  const changed = text.slice(0, begin) + LEAN + text.slice(end);
  return changed.replace(METHOD, '$1Object.assign($2, { $3: $4 });');
}
