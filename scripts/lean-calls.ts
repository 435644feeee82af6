/**
 * Takes out of the bundled MCP SDK what it does anew for every call, though the answer is known: with a server made for
 * every request, whatever it keeps in the server is never there the second time.
 *
 * Two changes to its text, which leave what it means as it is (test/build/lean-calls.test.ts compares): the JSON Schema of a
 * zod schema is made once, not for every `tools/call` (which asks it for Mcp-Param headers) and `tools/list`; and a message
 * is not held by zod against the schema of a response when the one field is missing that makes it one.
 */

/** What is changed, by name: the text of a file of the SDK, changed; undefined where there is nothing of it. */
export const LEAN_CALLS: Record<string, (text: string) => string | undefined> = {
  'JSON Schemas': text => replaced(text, [[TO_JSON_SCHEMA, REMEMBERED]]),
  responses: text => replaced(text, RESPONSES),
  tools: text => replaced(text, [[OUTPUT_SCHEMA, '\t\t\t__proto__: _registeredTool,\n']], REGISTERED_TOOL),
  callbacks: text => {
    const changed = text.replace(CALLBACK, '$1Object.assign($2, { $3: $4 });');
    return changed === text ? undefined : changed;
  },
};

/** Undefined unless all of it is there. */
function replaced(text: string, changes: readonly Replacement[], more = ''): string | undefined {
  if (changes.some(([known]) => !text.includes(known))) return undefined;
  return changes.reduce((code, [known, lean]) => code.replace(known, () => lean), text) + more;
}

type Replacement = readonly [known: string, lean: string];

const TO_JSON_SCHEMA = 'function standardSchemaToJsonSchema(schema, io = "input") {';

/**
 * Kept as text, so that each caller has one of its own and can change no other's. Of zod alone: its schemas never change,
 * and other libraries' may; by the schema itself, so that one that is made for a request goes with it.
 */
const REMEMBERED = `const _jsonSchemas = { input: /* @__PURE__ */ new WeakMap(), output: /* @__PURE__ */ new WeakMap() };
function standardSchemaToJsonSchema(schema, io = "input") {
	const known = _jsonSchemas[io]?.get(schema);
	if (known !== void 0) return JSON.parse(known);
	const made = _standardSchemaToJsonSchema(schema, io);
	if (schema["~standard"].vendor === "zod") _jsonSchemas[io]?.set(schema, JSON.stringify(made));
	return made;
}
function _standardSchemaToJsonSchema(schema, io) {`;

const RESPONSES: readonly Replacement[] = [
  ['isJSONRPCResultResponse', 'JSONRPCResultResponseSchema', 'result'],
  ['isJSONRPCErrorResponse', 'JSONRPCErrorResponseSchema', 'error'],
].map(([name, schema, field]) => {
  const check = `${schema}.safeParse(value).success;`;
  return [
    `const ${name} = (value) => ${check}`,
    `const ${name} = (value) => typeof value === "object" && value !== null && "${field}" in value && ${check}`,
  ];
});

/**
 * An object written down with a `get` of its own is of a kind of its own each time, which the engine keeps, and all that the
 * `get` sees with it, until it goes through all of the memory: every server that was made for a request. On a prototype it is
 * written down once.
 */
const OUTPUT_SCHEMA = `\t\t\tget outputSchemaJson() {
\t\t\t\treturn outputSchemaJson ??= convertOutputSchemaJson(registeredTool.outputSchema);
\t\t\t},
\t\t\tset outputSchemaJson(value) {
\t\t\t\toutputSchemaJson = value;
\t\t\t},
`;

const REGISTERED_TOOL = `
const _outputSchemaJson = Symbol("outputSchemaJson");
const _registeredTool = {
\tget outputSchemaJson() { return this[_outputSchemaJson] ??= convertOutputSchemaJson(this.outputSchema); },
\tset outputSchemaJson(value) { this[_outputSchemaJson] = value; }
};
`;

/**
 * A function written down where it is assigned to a property is taken by the engine for a method, and put where the memory is
 * gone through least; with it stays what it sees: transport, server, request. In an object it is taken for what it is.
 */
const CALLBACK = /^(\t+)(this(?:\.\w+)*)\.(\w+) = (\([\w, ]*\) => (?:\{\n[\s\S]*?\n\1\}|[^\n{]+));$/gm;
