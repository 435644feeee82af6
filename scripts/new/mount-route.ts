/** Adds an MCP server to the text of app/routes.ts, in the style in which the text is written. */

export interface Mount {
  /** Name of the function that creates the server. */
  factory: string;
  /** The module that routes.ts imports it from: `./servers/dice.ts`. */
  module: string;
  /** `/dice` */
  path: string;
}

/** Thrown if the text cannot be changed; the message completes "because ...". */
export class MountError extends Error {
  override readonly name = 'MountError';
}

interface Import {
  clause: string;
  module: string;
  quote: string;
  semicolon: string;
  end: number;
  index: number;
}

const IMPORT = /^import\s+(?:([^'"]*?)\s*from\s*)?(['"])([^'"]+)\2(;?)/gm;
/** The longest line, as in .editorconfig. */
const WIDTH = 110;

/** Returns `text` with the server imported and mounted. Throws a {@link MountError} if the text has no such place. */
export function mountRoute(text: string, mount: Mount): string {
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  const lines = text.replaceAll('\r\n', '\n');
  refuseIfTaken(lines, mount);
  return importInto(appendRoute(lines, mount), mount).replaceAll('\n', eol);
}

function refuseIfTaken(text: string, { factory, path }: Mount): void {
  const declared = new RegExp(`\\b(?:const|let|var|function|class)\\s+${factory}\\b`).test(text);
  if (declared || importsOf(text).some(({ clause }) => new RegExp(`\\b${factory}\\b`).test(clause)))
    throw new MountError(`it has another "${factory}"`);
  if (new RegExp(`\\(\\s*['"\`]${path}['"\`]`).test(text)) throw new MountError(`it has a route ${path}`);
}

function importsOf(text: string): Import[] {
  return [...text.matchAll(IMPORT)].map(
    ({ 0: all, 1: clause = '', 2: quote = '', 3: module = '', 4: semicolon = '', index }) => {
      return { clause, module, quote, semicolon, index, end: index + all.length };
    },
  );
}

/** Appends the route to the chain that starts with `routes = new Hono`. */
function appendRoute(text: string, { factory, path }: Mount): string {
  const [declaration] = /^(?:export )?(?:const|let|var) routes\b[^=\n]*=\s*new Hono\b/m.exec(text) ?? [];
  if (!declaration) throw new MountError('it does not declare `routes = new Hono()`');
  const start = text.indexOf(declaration);
  const { end, calls } = scanChain(text, start + declaration.length);
  const quote = importsOf(text)[0]?.quote ?? "'";
  const route = `.route(${quote}${path}${quote}, mcp(${factory}))`;
  const chain = text.slice(start, end);
  return (
    text.slice(0, start) +
    withRoute(
      chain,
      calls.map(at => at - start),
      route,
    ) +
    text.slice(end)
  );
}

/** Keeps a chain of many lines as it is; breaks a chain of one line if it has more than two calls or gets too long. */
function withRoute(chain: string, calls: readonly number[], route: string): string {
  const [, indent = '  '] = /\n([ \t]+)\.\w+\([^\n]*$/.exec(chain) ?? [];
  if (chain.includes('\n')) return `${chain}\n${indent}${route}`;
  if (calls.length < 2 && chain.length + route.length < WIDTH) return chain + route;
  const parts = [0, ...calls].map((at, index) => chain.slice(at, calls[index]));
  return [...parts, route].join(`\n${indent}`);
}

/** Returns the end of the expression after `from`, and the start of each call in its chain: `.route(...)`. */
function scanChain(text: string, from: number): { end: number; calls: number[] } {
  const token = /\/\/[^\n]*|\/\*[\s\S]*?\*\/|(['"`])(?:\\[\s\S]|(?!\1)[^\\])*\1|[([{]|[)\]}]|\.(?=\w)|;|\S/g;
  token.lastIndex = from;
  const calls: number[] = [];
  let depth = 0;
  let end = from;
  for (let match = token.exec(text); match; match = token.exec(text)) {
    const [found] = match;
    if (found.startsWith('//') || found.startsWith('/*')) continue;
    const newStatement = found !== '.' && depth === 0 && text.slice(end, match.index).includes('\n');
    if (depth === 0 && (found === ';' || newStatement)) break;
    if (depth === 0 && found === '.') calls.push(match.index);
    if ('([{'.includes(found)) depth += 1;
    if (')]}'.includes(found)) depth -= 1;
    end = token.lastIndex;
  }
  return { end, calls };
}

/** Imports the factory, and `mcp` if the text does not. Relative imports stay sorted. */
function importInto(text: string, { factory, module }: Mount): string {
  const imports = importsOf(text);
  const framework = imports.find(each => each.module === '#framework' && each.clause.startsWith('{'));
  const sorted = imports.filter(each => !each.module.startsWith('.') || each.module < module);
  const before = sorted.at(-1) ?? imports.at(-1);
  if (!before) throw new MountError('it imports nothing');
  const { quote, semicolon } = before;
  const line = (names: string, from: string) =>
    `import { ${names} } from ${quote}${from}${quote}${semicolon}`;
  const added = [line(factory, module)];
  if (!framework) added.unshift(line('mcp', '#framework'));
  const result = `${text.slice(0, before.end)}\n${added.join('\n')}${text.slice(before.end)}`;
  return framework ? importMcp(result, framework.clause) : result;
}

/** Adds `mcp` to the names that are imported from #framework. */
function importMcp(text: string, clause: string): string {
  if (/\bmcp\b(?!\s+as\b)/.test(clause)) return text;
  const names = clause.replace(/^\{\s*|\s*,?\s*\}$/g, '').split(/\s*,\s*/);
  const at = names.findIndex(name => name.replace(/^type /, '') > 'mcp');
  names.splice(at < 0 ? names.length : at, 0, 'mcp');
  return text.replace(clause, () => `{ ${names.join(', ')} }`);
}
