/**
 * Makes the bundled MCP SDK start faster: it creates thousands of zod schemas, one for each type of the protocol, and serving
 * needs few of them. Creating the others took a seventh of the init.
 *
 * Three changes, none of which changes behavior (test/framework/unit/build/mcp-sdk-schemas.test.ts compares): schemas that
 * are created at load are marked as pure, so that esbuild drops the unused ones; so is the table of all schemas; and the
 * schemas of a protocol revision are created one by one on first use. They touch too many lines for a diff, so they are code.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { installed, PatchError, type PatchedFiles } from './diffs.ts';

/** Packages and files in which schemas are rewritten. */
const REWRITES = [
  { package: '@modelcontextprotocol/core', file: /^schemas-[\w-]+\.mjs$/, rewrite: droppableSchemas },
  { package: '@modelcontextprotocol/core', file: /^auth-[\w-]+\.mjs$/, rewrite: droppableSchemas },
  { package: '@modelcontextprotocol/server', file: /^[\w-]+\.mjs$/, rewrite: lazyWire },
  { package: '@modelcontextprotocol/client', file: /^[\w-]+\.mjs$/, rewrite: lazyWire },
];

/** Adds the rewritten files to `files`. Throws a {@link PatchError} if a file does not have the expected form. */
export function rewriteSchemas(files: PatchedFiles): PatchedFiles {
  for (const { package: name, file, rewrite } of REWRITES) {
    const { folder, version } = installed(name);
    const paths = readdirSync(join(folder, 'dist')).filter(each => file.test(each));
    const rewritten = paths.flatMap(each => {
      const path = join(folder, 'dist', each);
      const text = rewrite(files.get(path) ?? readFileSync(path, 'utf8'));
      return text === undefined ? [] : [[path, text] as const];
    });
    if (rewritten.length === 0)
      throw new PatchError(
        `mcp-sdk-schemas.ts (${rewrite.name})`,
        `${name} ${version}`,
        `no file ${file} has the expected form`,
      );
    for (const [path, text] of rewritten) files.set(path, text);
  }
  return files;
}

/** Marks every top-level schema as droppable. Returns undefined if there is none. */
export function droppableSchemas(text: string): string | undefined {
  const statements = topLevel(text).map(statement => {
    const [, name, value] = /^const (\w+Schema) = (.*);\n*$/s.exec(statement) ?? [];
    return value === undefined ? statement : `const ${name} = ${droppable(`return ${value};`)};\n`;
  });
  const changed = statements.join('');
  return changed === text ? undefined : changed;
}

/** Marks the table of schemas as droppable, and creates the schemas of both revisions on first use. Returns undefined if there are none. */
export function lazyWire(text: string): string | undefined {
  const functions = [...text.matchAll(/^function build(?:\$\d)?\(\) \{\n(.*?)^\}\n/gms)];
  const [begin, end] = [text.indexOf(TABLE_BEGIN), text.indexOf(TABLE_END)];
  if (functions.length !== 2 || begin < 0 || end < begin) return undefined;
  let changed = text.replace(text.slice(begin, end + TABLE_END.length), () =>
    droppableTable(text.slice(begin, end)),
  );
  for (const [whole, body = ''] of functions)
    changed = changed.replace(whole, () => whole.replace(body, () => lazyBody(body)));
  // The lookup by method does not create all of them either.
  changed = changed.replaceAll(/^(\t+)("?[\w/]+"?): (s\.\w+Schema)(,?)$/gm, '$1get $2() { return $3; }$4');
  return `${changed}${LAZY}`;
}

/** The tables of all schemas by name, which keep every schema in the bundle. */
const TABLE_BEGIN = 'const _specTypeSchemas = {};';
const TABLE_END = 'const isSpecType = Object.freeze(_isSpecType);';

function droppableTable(code: string): string {
  const body = code.replace('const specTypeSchemas = Object.freeze(_specTypeSchemas);', '');
  const tables = droppable(`${body}\nreturn [Object.freeze(_specTypeSchemas), Object.freeze(_isSpecType)];`);
  return `const _tables = ${tables};
const specTypeSchemas = ${droppable('return _tables[0];')};
const isSpecType = ${droppable('return _tables[1];')};`;
}

/** Returns the code of an expression that esbuild removes if its value is not used. */
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

/** Rewrites `build()`: each constant becomes a function that creates it once, and each use becomes a call. */
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

/** Returns the code of an object whose values are created on first use. */
function lazyTable(literal: string, called: (code: string) => string): string {
  const inner = literal.replace(/^\{\n/, '').replace(/\}$/, '').replaceAll(/^\t/gm, '');
  const entries = topLevel(inner).map(entry => {
    const code = entry.trimEnd().replace(/,$/, '');
    const [, key, value] = /^("?[\w/]+"?): (.*)$/s.exec(code) ?? [];
    return key === undefined ? `${code}: () => ${code}()` : `${key}: () => (${called(value ?? '')})`;
  });
  return `_lazyTable({ ${entries.join(', ')} })`;
}

/** Splits the text into statements and comments, as the SDK's bundler writes them: their further lines are indented or close a bracket. */
function topLevel(text: string): string[] {
  return text.split(/^(?=[^\s})\]*])/m);
}
