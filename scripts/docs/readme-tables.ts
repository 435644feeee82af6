/**
 * `node scripts/docs/readme-tables.ts`: writes the tables of settings in the READMEs of the framework and of the local Lambda. A test
 * compares them with the code. (scripts/docs/terraform-tables.ts writes the tables of Terraform.)
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { settings } from '../../app/framework/config.ts';
import { SETTINGS } from '../../app/framework/local-lambda/options.ts';

const ROOT = join(fileURLToPath(import.meta.url), '../../..');

const app = Object.entries(settings.shape).map(([name, setting]) => {
  const { data } = setting.safeParse(undefined);
  const fallback = Array.isArray(data) ? data.join(',') : (data ?? '');
  return `| \`${name}\` | ${fallback === '' ? '' : `\`${fallback}\``} | ${setting.description} |`;
});
const local = Object.values(SETTINGS).map(
  ({ flag, env, fallback, help }) =>
    `| \`--${flag}\` | \`${env}\` | ${fallback && `\`${fallback}\``} | ${help} |`,
);

/** Page → the rows of its table of settings. */
export const TABLES: Record<string, readonly string[]> = {
  'app/framework/README.md': app,
  'app/framework/local-lambda/README.md': local,
};

/** Returns the text of a page with current tables. */
export function documented(page: string): string {
  const text = readFileSync(join(ROOT, page), 'utf8');
  const table = /(<!-- settings -->\n.*\n.*\n)[\s\S]*?(<!-- \/settings -->)/;
  if (!table.test(text))
    throw new Error(`${page} has no table between <!-- settings --> and <!-- /settings -->.`);
  return text.replace(table, (_, head, end) => `${head}${TABLES[page]?.join('\n')}\n${end}`);
}

if (import.meta.main) {
  for (const page of Object.keys(TABLES)) writeFileSync(join(ROOT, page), documented(page));
}
