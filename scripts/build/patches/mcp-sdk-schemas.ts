/**
 * Makes the MCP SDK start faster in the bundle: it makes thousands of zod schemas, one of every type of the protocol, of
 * which serving needs a few. Making the rest was a seventh of the init. What it repeats with every call is taken out by
 * lean-calls.ts.
 *
 * Three changes to the text of the SDK, which leave what it means as it is (test/framework/unit/build/mcp-sdk-schemas.test.ts compares):
 * schemas that are made when it is loaded are marked, so that esbuild may drop those that nobody uses; so is the table
 * of all of them; and those of a revision are made when each is asked for, not all with the first. Where the SDK no
 * longer looks as expected it is left as it is, and the build says so.
 */
import { readFile } from 'node:fs/promises';
import type { Plugin } from 'esbuild';
import { LEAN_CALLS } from './mcp-sdk-calls.ts';

const SCHEMAS = /@modelcontextprotocol\/core\/dist\/(schemas|auth)-[\w-]+\.mjs$/;
const WIRE = /@modelcontextprotocol\/(server|client)\/dist\/[\w-]+\.mjs$/;

export const leanSdk: Plugin = {
  name: 'lean-sdk',
  setup(build) {
    const lean = new Set<string>();
    const change = (filter: RegExp, changes: Record<string, Change>): void =>
      build.onLoad({ filter }, async ({ path }) => {
        const original = await readFile(path, 'utf8');
        let contents = original;
        for (const [what, lighten] of Object.entries(changes)) {
          const lighter = lighten(contents);
          if (lighter === undefined) continue;
          lean.add(what);
          contents = lighter;
        }
        return contents === original ? undefined : { contents };
      });
    change(SCHEMAS, { schemas: droppableSchemas });
    change(WIRE, { wire: lazyWire, ...LEAN_CALLS });
    build.onEnd(() => {
      const unknown = (changes: object): string[] => Object.keys(changes).filter(what => !lean.has(what));
      const calls = unknown(LEAN_CALLS).join(', ');
      const texts = [
        ...unknown({ schemas: '', wire: '' }).map(() => ALL_MADE),
        ...(calls ? [slower(calls)] : []),
      ];
      return { warnings: texts.map(text => ({ text })) };
    });
  },
};

/** The text of a file of the SDK, changed; undefined where there is nothing of what it changes. */
type Change = (text: string) => string | undefined;

const ALL_MADE =
  'The MCP SDK is not as scripts/build/patches/mcp-sdk-schemas.ts knows it: all its schemas are made, and the start is slower.';
const slower = (calls: string): string =>
  `The MCP SDK is not as scripts/build/patches/mcp-sdk-calls.ts knows it (${calls}): every call is slower.`;

/** Every top-level schema may be dropped. Undefined when there is none. */
export function droppableSchemas(text: string): string | undefined {
  const statements = topLevel(text).map(statement => {
    const [, name, value] = /^const (\w+Schema) = (.*);\n*$/s.exec(statement) ?? [];
    return value === undefined ? statement : `const ${name} = ${droppable(`return ${value};`)};\n`;
  });
  const changed = statements.join('');
  return changed === text ? undefined : changed;
}

/** The table may be dropped, and schemas of both revisions are made when asked for. Undefined when it has none of it. */
export function lazyWire(text: string): string | undefined {
  const functions = [...text.matchAll(/^function build(?:\$\d)?\(\) \{\n(.*?)^\}\n/gms)];
  const [begin, end] = [text.indexOf(TABLE_BEGIN), text.indexOf(TABLE_END)];
  if (functions.length !== 2 || begin < 0 || end < begin) return undefined;
  let changed = text.replace(text.slice(begin, end + TABLE_END.length), () =>
    droppableTable(text.slice(begin, end)),
  );
  for (const [whole, body = ''] of functions)
    changed = changed.replace(whole, () => whole.replace(body, () => lazyBody(body)));
  // What looks them up by method does not ask for all of them either.
  changed = changed.replaceAll(/^(\t+)("?[\w/]+"?): (s\.\w+Schema)(,?)$/gm, '$1get $2() { return $3; }$4');
  return `${changed}${LAZY}`;
}

/** The tables of all schemas by name, which keep every one alive. */
const TABLE_BEGIN = 'const _specTypeSchemas = {};';
const TABLE_END = 'const isSpecType = Object.freeze(_isSpecType);';

function droppableTable(code: string): string {
  const body = code.replace('const specTypeSchemas = Object.freeze(_specTypeSchemas);', '');
  const tables = droppable(`${body}\nreturn [Object.freeze(_specTypeSchemas), Object.freeze(_isSpecType)];`);
  return `const _tables = ${tables};
const specTypeSchemas = ${droppable('return _tables[0];')};
const isSpecType = ${droppable('return _tables[1];')};`;
}

/** An expression that esbuild leaves out when its value is not used. */
function droppable(body: string): string {
  return `/* @__PURE__ */ (() => { ${body} })()`;
}

const LAZY = `
function _lazy(make) { let made = false, value; return () => made ? value : (value = make(), made = true, value); }
function _lazyTable(makers) {
  const table = {};
  for (const name of Object.keys(makers)) Object.defineProperty(table, name, { get: _lazy(makers[name]), enumerable: true });
  return table;
}
`;

/** Of `build()`: every constant becomes a function that makes it once, every mention of it a call. */
function lazyBody(body: string): string {
  const statements = topLevel(body.replaceAll(/^\t/gm, ''));
  const names = statements.flatMap(statement => /^const ([\w$]+) = /.exec(statement)?.[1] ?? []);
  const known = new Set(names);
  const called = (code: string): string =>
    code.replaceAll(/(?<![\w$"]|(?<!\.\.)\.)[A-Za-z][\w$]*(?![\w$"])(?!:)/g, name =>
      known.has(name) ? `${name}()` : name,
    );
  return statements
    .map(statement => {
      const [, name, value = ''] = /^const ([\w$]+) = (.*);\n*$/s.exec(statement) ?? [];
      const [, returned] = /^return (\{.*\});\n*$/s.exec(statement) ?? [];
      if (returned !== undefined) return `return ${lazyTable(returned, called)};\n`;
      if (name === undefined) return statement.startsWith('/') ? '' : called(statement);
      const made = /Schemas\d*$/.test(name) ? lazyTable(value, called) : `(${called(value)})`;
      return `const ${name} = _lazy(() => ${made});\n`;
    })
    .join('');
}

/** An object whose values are made when they are asked for. */
function lazyTable(literal: string, called: (code: string) => string): string {
  const inner = literal.replace(/^\{\n/, '').replace(/\}$/, '').replaceAll(/^\t/gm, '');
  const entries = topLevel(inner).map(entry => {
    const code = entry.trimEnd().replace(/,$/, '');
    const [, key, value] = /^("?[\w/]+"?): (.*)$/s.exec(code) ?? [];
    return key === undefined ? `${code}: () => ${code}()` : `${key}: () => (${called(value ?? '')})`;
  });
  return `_lazyTable({ ${entries.join(', ')} })`;
}

/** Statements and comments as the SDK's bundler writes them: what belongs to one is indented, or closes a bracket. */
function topLevel(text: string): string[] {
  return text.split(/^(?=[^\s})\]*])/m);
}
