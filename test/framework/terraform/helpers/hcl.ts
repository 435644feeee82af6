/**
 * Reads variables, outputs, resources and requirements from a module's files. Requires the layout of `terraform fmt`, which a test
 * checks: top-level blocks without indentation, their arguments indented by two spaces.
 */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Variable {
  name: string;
  description: string;
  type: string;
  /** The default as written, or undefined if the variable is required. */
  fallback: string | undefined;
}

export interface Output {
  name: string;
  description: string;
  sensitive: boolean;
}

export function variablesOf(folder: string): Variable[] {
  return blocksOf(folder, 'variable').map(({ name, values }) => ({
    name,
    description: stringIn(values.description),
    type: onOneLine(values.type ?? ''),
    fallback: values.default === undefined ? undefined : onOneLine(values.default),
  }));
}

export function outputsOf(folder: string): Output[] {
  return blocksOf(folder, 'output').map(({ name, values }) => ({
    name,
    description: stringIn(values.description),
    sensitive: values.sensitive === 'true',
  }));
}

export type Kind = 'resource' | 'ephemeral' | 'data';

/** Returns the blocks of a kind in a module, with their files. */
export function objectsOf(folder: string, kind: Kind): { type: string; name: string; file: string }[] {
  return globSync('*.tf', { cwd: folder })
    .sort()
    .flatMap(file => {
      const blocks = readFileSync(join(folder, file), 'utf8').matchAll(
        new RegExp(`^${kind} "(\\w+)" "(\\w+)"`, 'gm'),
      );
      return [...blocks].map(([, type = '', name = '']) => ({ type, name, file }));
    });
}

/** Returns the version constraints of versions.tf: for Terraform and by provider. */
export function requirementsOf(folder: string): { terraform: string; providers: Record<string, string> } {
  const text = readFileSync(join(folder, 'versions.tf'), 'utf8');
  const [, terraform = ''] = /required_version = "([^"]+)"/.exec(text) ?? [];
  const providers = text.matchAll(/source {2}= "([^"]+)"\n\s+version = "([^"]+)"/g);
  return {
    terraform,
    providers: Object.fromEntries([...providers].map(([, source = '', version = '']) => [source, version])),
  };
}

interface Block {
  name: string;
  /** The expressions as written, by argument. */
  values: Record<string, string>;
}

function blocksOf(folder: string, kind: 'variable' | 'output'): Block[] {
  const text = readFileSync(join(folder, `${kind}s.tf`), 'utf8');
  const blocks = text.matchAll(new RegExp(`^${kind} "(\\w+)" \\{$([\\s\\S]*?)^\\}$`, 'gm'));
  return [...blocks].map(([, name = '', body = '']) => ({ name, values: argumentsIn(body) }));
}

function argumentsIn(body: string): Record<string, string> {
  const values: Record<string, string> = {};
  let current: string | undefined;
  for (const line of body.split('\n')) {
    const [, name, begun = ''] = /^ {2}(\w+) += (.*)$/.exec(line) ?? [];
    if (name) {
      current = name;
      values[name] = begun;
    } else if (/^ {2}\w+ \{$|^$/.test(line)) current = undefined;
    else if (current) values[current] += `\n${line}`;
  }
  return values;
}

function stringIn(expression = '""'): string {
  return JSON.parse(expression);
}

/** `object({⏎ a = string⏎ b = number⏎ })` → `object({ a = string, b = number })` */
function onOneLine(expression: string): string {
  return expression
    .replace(/(?<![{[(,])\n\s*(?=[^\s)\]}])/g, ', ')
    .replace(/\s+/g, ' ')
    .trim();
}
