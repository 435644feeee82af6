/** What the image is built of is what its tag is made of: a source that is not counted would change unnoticed. */
import { globSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '../../helpers/local-lambda.ts';

const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

/** default of source_globs in terraform/modules/image */
const [, list = ''] =
  /variable "source_globs"[\s\S]*?default\s+= \[([^\]]+)\]/.exec(
    read('terraform/modules/image/variables.tf'),
  ) ?? [];
const globs = [...list.matchAll(/"([^"]+)"/g)].map(([, glob]) => glob ?? '');
const counted = new Set(filesOf(globs).filter(file => !isDocumentation(file)));

/** The build context leaves it out. A Markdown file next to a server may be its data. */
function isDocumentation(file: string): boolean {
  return /^(?:app\/framework|scripts)\/.*\.md$/.test(file);
}

function filesOf(patterns: readonly string[]): string[] {
  return patterns
    .flatMap(pattern => globSync(pattern, { cwd: ROOT }))
    .filter(file => statSync(join(ROOT, file)).isFile());
}

/** Sources of the Dockerfile's COPY lines, from the build context. */
const copied = [...read('Dockerfile').matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, names = '']) =>
  names.split(' '),
);

test('every file that the Dockerfile copies is counted', () => {
  const files = filesOf(copied.flatMap(name => [name, `${name}/**`]));
  expect(files).toContain('app/routes.ts');
  expect(read('.dockerignore').split('\n')).toEqual(
    expect.arrayContaining(['app/framework/**/*.md', 'scripts/**/*.md']),
  );
  expect(files.filter(file => !counted.has(file) && !isDocumentation(file))).toEqual([]);
});

test('the Dockerfile and what the context leaves out are counted too', () => {
  expect([...counted]).toEqual(expect.arrayContaining(['Dockerfile', '.dockerignore']));
});

test('scripts/publish-image counts the same by itself', () => {
  const [, names = ''] = /for source in (.+); do/.exec(read('scripts/publish-image')) ?? [];
  expect(names.split(' ')).toEqual(globs.map(glob => glob.replace(/\/\*\*$/, '')));
});
