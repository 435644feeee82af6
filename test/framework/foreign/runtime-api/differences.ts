/** The list of differences in PROOF.md. `node test/framework/foreign/runtime-api/differences.ts` writes it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { COMMANDS, FUNCTIONS, SCRIPTS } from './scenarios.ts';

const PAGE = fileURLToPath(new URL('../../PROOF.md', import.meta.url));
const LIST = /(<!-- differences -->\n)[\s\S]*?(<!-- \/differences -->)/;

/** Returns the page with the list of differences of the scenarios. */
export function withDifferences(page: string): string {
  const rows = [...FUNCTIONS, ...SCRIPTS, ...COMMANDS].flatMap(({ name, differs }) =>
    differs ? [`| ${name} | ${differs.reason} |\n`] : [],
  );
  return page.replace(
    LIST,
    (_, begin, end) => `${begin}| scenario | why |\n|---|---|\n${rows.join('')}${end}`,
  );
}

if (import.meta.main) writeFileSync(PAGE, withDifferences(readFileSync(PAGE, 'utf8')));
