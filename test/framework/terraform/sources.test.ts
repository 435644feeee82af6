/** The tag of the image is computed from all files of the build, because a change of any other file would not be deployed. */
import { globSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '../../helpers/local-lambda.ts';

const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

/** The default of source_globs in terraform/modules/image. */
const [, list = ''] =
  /variable "source_globs"[\s\S]*?default\s+= \[([^\]]+)\]/.exec(
    read('terraform/modules/image/variables.tf'),
  ) ?? [];
const globs = [...list.matchAll(/"([^"]+)"/g)].map(([, glob]) => glob ?? '');
const counted = new Set(filesOf(globs).filter(file => !isDocumentation(file)));

/** Returns whether a file is documentation, which the build context leaves out. A Markdown file next to a server may be its data. */
function isDocumentation(file: string): boolean {
  return /^(?:app\/framework|scripts)\/.*\.md$/.test(file);
}

function filesOf(patterns: readonly string[]): string[] {
  return patterns
    .flatMap(pattern => globSync(pattern, { cwd: ROOT }))
    .filter(file => statSync(join(ROOT, file)).isFile());
}

/** Returns the sources of the Dockerfile's COPY lines, from the build context. */
const copied = [...read('Dockerfile').matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, names = '']) =>
  names.split(' '),
);

test('source_globs includes every file that the Dockerfile copies', () => {
  const files = filesOf(copied.flatMap(name => [name, `${name}/**`]));
  expect(files).toContain('app/routes.ts');
  expect(read('.dockerignore').split('\n')).toEqual(
    expect.arrayContaining(['app/framework/**/*.md', 'scripts/**/*.md']),
  );
  expect(files.filter(file => !counted.has(file) && !isDocumentation(file))).toEqual([]);
});

test('source_globs includes the Dockerfile and .dockerignore', () => {
  expect([...counted]).toEqual(expect.arrayContaining(['Dockerfile', '.dockerignore']));
});

test('scripts/publish-image has the same sources by default', () => {
  const [, names = ''] = /for source in (.+); do/.exec(read('scripts/publish-image')) ?? [];
  expect(names.split(' ')).toEqual(globs.map(glob => glob.replace(/\/\*\*$/, '')));
});
