/** What the pages say is held against what there is: settings, commands, links to files. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { documented, TABLES } from './docs.ts';
import { ROOT } from './helpers/local-lambda.ts';

const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');
const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };

test.each(Object.keys(TABLES))('%s lists every setting: node test/docs.ts writes it', page => {
  expect(read(page)).toBe(documented(page));
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
