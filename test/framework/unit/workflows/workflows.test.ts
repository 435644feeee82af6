/**
 * Rules for the text of the GitHub workflows. actionlint checks their syntax if it is installed.
 */
import { execFileSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '../../../helpers/local-lambda.ts';
import { describeWith, type Found } from '../../../helpers/skipped-suites.ts';

const files = globSync('.github/workflows/*.yml', { cwd: ROOT }).sort();
const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');
const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };

test('the workflows are deploy, publish and test', () => {
  expect(files.map(file => file.replace(/^.*\//, ''))).toEqual(['deploy.yml', 'publish.yml', 'test.yml']);
});

test.each(files)(
  '%s uses no long-lived keys, pins its actions by commit, and has minimal permissions and a timeout',
  file => {
    const text = read(file);
    expect(text).not.toMatch(/secrets\.|aws-access-key-id|aws-secret-access-key|pull_request_target/);
    const uses = [...text.matchAll(/uses: (\S+)(.*)$/gm)];
    expect(uses.length).toBeGreaterThan(0);
    for (const [, action, comment] of uses) {
      expect(action).toMatch(/^[\w-]+\/[\w-]+@[0-9a-f]{40}$/);
      expect(comment, action).toMatch(/^ # v\d+\.\d+\.\d+$/);
    }
    expect(text).toMatch(/^permissions:\n {2}contents: read$/m);
    expect(text).toMatch(/^ {4}timeout-minutes: \d+$/m);
    // Text from outside is passed to a script only as an environment variable.
    for (const [, script = ''] of text.matchAll(/run: (?:\|\n((?: {10}.*\n)+)|.*)/g))
      expect(script).not.toContain('${{');
  },
);

test('only workflow jobs in an environment get a token for AWS', () => {
  for (const file of files) {
    const text = read(file);
    if (text.includes('id-token: write')) expect(text, file).toMatch(/^ {4}environment: production$/m);
  }
});

test('the workflows call npm scripts that exist', () => {
  for (const [, name = ''] of files
    .map(read)
    .join('\n')
    .matchAll(/npm run ([\w:-]+)/g))
    expect(scripts).toHaveProperty([name]);
});

function findActionlint(): Found<string> {
  try {
    return {
      found: execFileSync('actionlint', ['-version'], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      }),
    };
  } catch {
    return {
      missing:
        'actionlint is not on PATH: the syntax of the workflows was not checked. Install it: https://github.com/rhysd/actionlint',
    };
  }
}

describeWith(findActionlint(), { inCi: 'skip' })('actionlint', () => {
  test('finds no error in the workflows', () => {
    execFileSync('actionlint', [...files], { cwd: ROOT, encoding: 'utf8' });
  });
});
