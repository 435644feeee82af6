/**
 * Takes out of the bundled MCP SDK what it does anew for every call, though the answer is known: with a server made for
 * every request, whatever it keeps in the server is never there the second time.
 *
 * What it means stays as it is (test/framework/unit/build/mcp-sdk-calls.test.ts compares). Where the SDK no longer looks as expected, that part
 * of it is left as it is, and the build says so.
 */

/** What is changed, by name: the text of a file of the SDK, changed; undefined where there is nothing of it. */
export const LEAN_CALLS: Record<string, (text: string) => string | undefined> = {
  'JSON Schemas': text => replaced(text, [[TO_JSON_SCHEMA, REMEMBERED]]),
  'Mcp-Param headers': text => replaced(text, [[SCAN, SCANNED_ONCE]]),
  'schemas of tools': text => replaced(text, [[TOOL_SCHEMA, TOOL_SCHEMA.replace(')', ', true)')]]),
  responses: text => replaced(text, RESPONSES),
  requests: text => replaced(text, [[IS_REQUEST, ASKED_ONCE]]),
  envelopes: text => replaced(text, ENVELOPES, '\nlet _sound;\n'),
  'parsed calls': text => replaced(text, PARSED, TAKEN),
  'calls parsed twice': text => replaced(text, [[PARSED_FIRST, PARSED_FIRST.replace(')', ', true)')]]),
  levels: text => replaced(text, [[LEVELS, 'LOG_LEVEL_SEVERITY = _levels();']], LEVELS_ONCE),
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
 * Kept as text, so that each caller has one of its own and can change no other's; and once as it is, for the one who only looks
 * into it. Of zod alone: its schemas never change, and other libraries' may; by the schema itself, so that one that is made
 * for a request goes with it.
 */
const REMEMBERED = `const _jsonSchemas = { input: /* @__PURE__ */ new WeakMap(), output: /* @__PURE__ */ new WeakMap() };
const _sharedSchemas = /* @__PURE__ */ new WeakMap();
function standardSchemaToJsonSchema(schema, io = "input", shared = false) {
	if (shared && _sharedSchemas.has(schema)) return _sharedSchemas.get(schema);
	const known = _jsonSchemas[io]?.get(schema);
	if (known !== void 0) {
		const copy = JSON.parse(known);
		if (shared) _sharedSchemas.set(schema, Object.freeze(copy));
		return copy;
	}
	const made = _standardSchemaToJsonSchema(schema, io);
	if (schema["~standard"].vendor === "zod") _jsonSchemas[io]?.set(schema, JSON.stringify(made));
	return made;
}
function _standardSchemaToJsonSchema(schema, io) {`;

/** Before every `tools/call`, of the schema of the tool. */
const TOOL_SCHEMA = 'const json = standardSchemaToJsonSchema(tool.inputSchema, "input")';

const SCAN = 'function scanXMcpHeaderDeclarations(inputSchema) {';

/** Of the schemas that are shared. Who asks changes nothing of the answer. */
const SCANNED_ONCE = `const _scans = /* @__PURE__ */ new WeakMap();
function scanXMcpHeaderDeclarations(inputSchema) {
	const known = _scans.get(inputSchema);
	if (known) return known;
	const scan = _scanXMcpHeaderDeclarations(inputSchema);
	if (inputSchema && typeof inputSchema === "object" && Object.isFrozen(inputSchema)) _scans.set(inputSchema, scan);
	return scan;
}
function _scanXMcpHeaderDeclarations(inputSchema) {`;

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

const IS_REQUEST = 'const isJSONRPCRequest = (value) => JSONRPCRequestSchema.safeParse(value).success;';

/** It is asked of a message up to three times, by the entry, the transport and the server. Kept until then, or until the next one. */
const ASKED_ONCE = `let _request, _timesMore = 0;
const isJSONRPCRequest = (value) => {
	if (_timesMore > 0 && value === _request) {
		if (--_timesMore === 0) _request = void 0;
		return true;
	}
	if (!JSONRPCRequestSchema.safeParse(value).success) return false;
	_request = value;
	_timesMore = 2;
	return true;
};`;

/** The envelope is checked where it comes in, and once more when it has been taken out of its message. */
const ENVELOPES: readonly Replacement[] = [
  [
    'const parsed = buildSchemas2026().RequestMetaEnvelopeSchema.safeParse(meta);',
    'const parsed = buildSchemas2026().RequestMetaEnvelopeSchema.safeParse(meta);\n\t\tif (parsed.success) _sound = meta;',
  ],
  ['lifted.envelope = envelope;', 'lifted.envelope = envelope;\n\t\tif (meta === _sound) _sound = envelope;'],
  [
    'const parsed = buildSchemas2026().RequestMetaEnvelopeSchema.safeParse(material.envelope);',
    'if (material.envelope === _sound) return void (_sound = void 0);\n\t\tconst parsed = buildSchemas2026().RequestMetaEnvelopeSchema.safeParse(material.envelope);',
  ],
];

/** A call is parsed by what checks its result as well, which needs to know no more than that it can be. */
const PARSED_FIRST = 'const validatedRequest = codec.validateRequest("tools/call", request)';

/** Who says that somebody else will ask leaves the outcome for them. */
const PARSED: readonly Replacement[] = ['$1(getRequestSchema(', '(getRequestSchema2026('].map(schema => {
  const parse = `triState${schema}method), raw)`;
  return [
    `validateRequest: (method, raw) => ${parse},`,
    `validateRequest: (method, raw, again) => again ? _left(raw, ${parse}) : _taken(raw) ?? ${parse},`,
  ];
});

const TAKEN = `
let _parsedOf, _parsed;
function _left(raw, outcome) {
	_parsedOf = outcome.ok ? raw : void 0;
	_parsed = outcome;
	return outcome;
}
function _taken(raw) {
	if (raw === void 0 || raw !== _parsedOf) return void 0;
	const outcome = _parsed;
	_parsedOf = _parsed = void 0;
	return outcome;
}
`;

const LEVELS =
  'LOG_LEVEL_SEVERITY = new Map(LoggingLevelSchema.options.map((level, index) => [level, index]));';

const LEVELS_ONCE = `
let _levelsMade;
function _levels() { return _levelsMade ??= new Map(LoggingLevelSchema.options.map((level, index) => [level, index])); }
`;

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
