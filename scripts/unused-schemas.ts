/**
 * Leaves schemas that nothing asks for out of the bundle. The MCP SDK makes a zod schema of every type of the protocol
 * when it is loaded, more than a thousand objects, of which serving needs a few; making the rest is a fifth of the init.
 *
 * Marks them so that esbuild may drop what is not used: what a program means stays as it is. Where the SDK no longer looks
 * as expected nothing is marked, and {@link unusedSchemas} says so: then it only starts more slowly.
 */
import { readFile } from 'node:fs/promises';
import type { Plugin } from 'esbuild';

const SCHEMAS = /@modelcontextprotocol\/core\/dist\/(schemas|auth)-[\w-]+\.mjs$/;
const TABLE = /@modelcontextprotocol\/(server|client)\/dist\/[\w-]+\.mjs$/;

/** The table of all schemas by name, which keeps every one alive. */
const TABLE_BEGIN = 'const _specTypeSchemas = {};';
const TABLE_END = 'const isSpecType = Object.freeze(_isSpecType);';

export const unusedSchemas: Plugin = {
  name: 'unused-schemas',
  setup(build) {
    const marked = { schemas: 0, tables: 0 };
    build.onLoad({ filter: SCHEMAS }, async ({ path }) => {
      const statements = topLevel(await readFile(path, 'utf8')).map(statement => {
        const [, name, value] = /^const (\w+Schema) = (.*);\n*$/s.exec(statement) ?? [];
        if (value === undefined) return statement;
        marked.schemas += 1;
        return `const ${name} = ${droppable(`return ${value};`)};\n`;
      });
      return { contents: statements.join('') };
    });
    build.onLoad({ filter: TABLE }, async ({ path }) => {
      const text = await readFile(path, 'utf8');
      const [begin, end] = [text.indexOf(TABLE_BEGIN), text.indexOf(TABLE_END)];
      if (begin < 0 || end < begin) return undefined;
      marked.tables += 1;
      const body = text
        .slice(begin, end)
        .replace('const specTypeSchemas = Object.freeze(_specTypeSchemas);', '');
      const tables = droppable(
        `${body}\nreturn [Object.freeze(_specTypeSchemas), Object.freeze(_isSpecType)];`,
      );
      const named = ['specTypeSchemas', 'isSpecType'].map(
        (name, at) => `const ${name} = ${droppable(`return _tables[${at}];`)};`,
      );
      return {
        contents: `${text.slice(0, begin)}const _tables = ${tables};\n${named.join('\n')}${text.slice(end + TABLE_END.length)}`,
      };
    });
    build.onEnd(() => {
      if (marked.schemas > 100 && marked.tables > 0) return undefined;
      const text =
        'The MCP SDK is not as scripts/unused-schemas.ts knows it: all its schemas are in the bundle, which will start more slowly.';
      return { warnings: [{ text }] };
    });
  },
};

/** An expression that esbuild leaves out when its value is not used. */
function droppable(body: string): string {
  return `/* @__PURE__ */ (() => { ${body} })()`;
}

/** Statements and comments as the SDK's bundler writes them: what belongs to one is indented, or closes a bracket. */
function topLevel(text: string): string[] {
  return text.split(/^(?=[^\s})\]*])/m);
}
