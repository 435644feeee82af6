/**
 * `node scripts/docs/terraform-tables.ts`: writes the tables of variables and outputs in the READMEs of terraform/ anew. A test
 * holds them against the configuration.
 */
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { outputsOf, variablesOf } from '../../test/framework/terraform/helpers/hcl.ts';

const CONFIGURATION = fileURLToPath(new URL('../../terraform', import.meta.url));

/** READMEs with tables: the root module's, and one a module. */
export const DOCUMENTED = globSync(['README.md', 'modules/*/README.md'], { cwd: CONFIGURATION })
  .map(file => join(CONFIGURATION, file))
  .sort();

/** A README's text as it should be. */
export function documented(readme: string): string {
  const folder = dirname(readme);
  const variables = variablesOf(folder).map(
    ({ name, type, fallback, description }) =>
      `| \`${name}\` | \`${type}\` | ${fallback === undefined ? 'needed' : `\`${fallback}\``} | ${description} |`,
  );
  const outputs = outputsOf(folder).map(
    ({ name, description, sensitive }) => `| \`${name}\` | ${description}${sensitive ? ' Sensitive.' : ''} |`,
  );
  const text = readFileSync(readme, 'utf8');
  const withVariables = replaced(text, 'variables', [
    '| variable | type | default | meaning |',
    '|---|---|---|---|',
    ...variables,
  ]);
  return replaced(withVariables, 'outputs', ['| output | meaning |', '|---|---|', ...outputs]);
}

function replaced(text: string, name: string, lines: readonly string[]): string {
  const marked = new RegExp(`(<!-- ${name} -->\n)[\\s\\S]*?(<!-- /${name} -->)`);
  if (!marked.test(text))
    throw new Error(`The README has no place for its ${name}: <!-- ${name} --> … <!-- /${name} -->`);
  return text.replace(marked, (_, begin, end) => `${begin}${lines.join('\n')}\n${end}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const readme of DOCUMENTED) writeFileSync(readme, documented(readme));
}
