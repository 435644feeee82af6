/** What the pages say is held against what there is: settings, commands, links to files. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { settings } from '../app/config.ts';
import { SETTINGS } from '../app/local/options.ts';
import { ROOT } from './helpers/local-lambda.ts';

const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');
const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };

function tableIn(text: string, name: string): string[] {
  const [, block = ''] = new RegExp(`<!-- ${name} -->([\\s\\S]*?)<!-- /${name} -->`).exec(text) ?? [];
  return block.trim().split('\n').slice(2);
}

test('the README lists every setting of the app', () => {
  const rows = Object.entries(settings.shape).map(([name, setting]) => {
    const { data } = setting.safeParse(undefined);
    const fallback = Array.isArray(data) ? data.join(',') : (data ?? '');
    return `| \`${name}\` | ${fallback === '' ? '' : `\`${fallback}\``} | ${setting.description} |`;
  });
  expect(tableIn(read('README.md'), 'settings')).toEqual(rows);
});

test('the local Lambda’s page lists every setting of its own', () => {
  const rows = Object.values(SETTINGS).map(
    ({ flag, env, fallback, help }) =>
      `| \`--${flag}\` | \`${env}\` | ${fallback && `\`${fallback}\``} | ${help} |`,
  );
  expect(tableIn(read('app/local/README.md'), 'settings')).toEqual(rows);
});

const pages = globSync('{*.md,app/**/*.md,terraform/**/*.md}', {
  cwd: ROOT,
  exclude: ['**/node_modules/**', '**/.terraform/**'],
});

describe.each(pages)('%s', page => {
  const text = read(page);

  test('names only npm scripts that exist', () => {
    const named = [...text.matchAll(/npm run (?:-s |--silent )?([\w:-]+)/g)].map(([, name]) => name ?? '');
    for (const name of named) expect(scripts, `npm run ${name}`).toHaveProperty([name]);
  });

  test('links only to files that exist', () => {
    const links = [...text.matchAll(/\]\((?!https?:|#|mailto:)([^)#]+)[^)]*\)/g)].map(
      ([, file]) => file ?? '',
    );
    for (const file of links) expect(existsSync(join(ROOT, dirname(page), file)), file).toBe(true);
  });
});
