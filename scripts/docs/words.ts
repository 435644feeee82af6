/**
 * `node scripts/docs/words.ts`, part of `npm run lint`: reports words of the framework's files that each stand for a sentence to
 * rewrite, because they hide who acts or are not the field's term. Exits with 1 if there are any.
 */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = join(fileURLToPath(import.meta.url), '../../..');

const WORDS =
  /\b(?:nobody|somebody|whoever|whom|mend(?:s|ed|ing)?|anew|heed(?:s|ed|ing)?|borne|greet\w*|rehears\w*|thrift\w*|last word)\b/gi;

/** Files of the framework. Other files belong to the user. */
const FILES = '{app/framework,scripts,terraform,test/{framework,fixtures,helpers},.ci}/**/*';
const TEXT = /(?:\.(?:[cm]?ts|[cm]?js|py|md|html|css|tf|hcl|tpl|sh|ya?ml)|Dockerfile|run)$/;
/** Installed, generated, or written by other projects. */
const NOT_OURS = ['**/node_modules/**', '**/.terraform/**', '**/dist/**', 'scripts/docs/words.ts'];

/** Start of a path → the words that are allowed there: the example of a tool is named greet. */
const QUOTED: readonly [path: string, words: RegExp][] = [
  ['scripts/new', /^greet/i],
  ['test/', /^greet/i],
  ['test/framework/unit/words.test.ts', /./],
];

export interface Finding {
  /** From 1. */
  line: number;
  word: string;
}

/** Returns the words to replace in a text. `file` is its path below the root. */
export function findWords(text: string, file: string): Finding[] {
  return text.split('\n').flatMap((line, at) =>
    [...line.matchAll(WORDS)]
      .map(([word]) => word)
      .filter(word => !QUOTED.some(([path, words]) => file.startsWith(path) && words.test(word)))
      .map(word => ({ line: at + 1, word })),
  );
}

function main(): void {
  const files = globSync(FILES, { cwd: ROOT, exclude: NOT_OURS }).filter(file => TEXT.test(file));
  const found = files.flatMap(file =>
    findWords(readFileSync(join(ROOT, file), 'utf8'), file).map(
      ({ line, word }) =>
        `${file}:${line}: "${word}" is not used here: name who acts, or use the common term.`,
    ),
  );
  for (const finding of found) process.stderr.write(`${finding}\n`);
  if (found.length > 0) process.exitCode = 1;
}

if (import.meta.main) main();
