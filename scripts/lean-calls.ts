/**
 * Takes out of the bundled MCP SDK what it does anew for every call, though the answer is known: with a server made for
 * every request, whatever it keeps in the server is never there the second time.
 *
 * Two changes to its text, which leave what it means as it is (test/build/lean-calls.test.ts compares): the JSON Schema of a
 * zod schema is made once, not for every `tools/call` (which asks it for Mcp-Param headers) and `tools/list`; and a message
 * is not held by zod against the schema of a response when the one field is missing that makes it one.
 */

/** Undefined where the SDK's text is another. */
export function leanCalls(text: string): string | undefined {
  if (!text.includes(TO_JSON_SCHEMA) || PREDICATES.some(([known]) => !text.includes(known))) return undefined;
  const changed = PREDICATES.reduce((code, [known, lean]) => code.replace(known, () => lean), text);
  return changed.replace(TO_JSON_SCHEMA, () => REMEMBERED);
}

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

const PREDICATES: readonly [known: string, lean: string][] = [
  ['isJSONRPCResultResponse', 'JSONRPCResultResponseSchema', 'result'],
  ['isJSONRPCErrorResponse', 'JSONRPCErrorResponseSchema', 'error'],
].map(([name, schema, field]) => {
  const check = `${schema}.safeParse(value).success;`;
  return [
    `const ${name} = (value) => ${check}`,
    `const ${name} = (value) => typeof value === "object" && value !== null && "${field}" in value && ${check}`,
  ];
});
