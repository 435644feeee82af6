/**
 * `npm run upgrade` with the real git and npm: an upstream repository with two releases, created from this working tree, and a
 * project that was created from the first release and customized. It needs no network.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { changesSince } from '../../../scripts/upgrade/changelog.ts';
import { mergePackage } from '../../../scripts/upgrade/merge-package.ts';
import { ROOT } from '../../helpers/local-lambda.ts';
import { describeWith } from '../../helpers/skipped-suites.ts';
import {
  BASE,
  createProject,
  createUpstream,
  IGNORED,
  OWN,
  Repository,
  VERSION_FILE,
} from './upgrade-repositories.ts';

const git =
  spawnSync('git', ['--version']).status === 0
    ? { found: 'git' }
    : {
        missing:
          'git is not on PATH, and an upgrade needs it. Install it, then: npm test -- test/framework/e2e/upgrade.test.ts',
      };

describeWith(git)('npm run upgrade', () => {
  // Hard links need the same file system; git ignores the name.
  const folder = mkdtempSync(join(ROOT, '.dist-upgrade-'));
  let upstream: Repository;
  let project: Repository;
  beforeAll(() => {
    upstream = createUpstream(join(folder, 'upstream'));
    project = createProject(upstream);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test('refuses a dirty tree, a file that git does not have, and a tag that does not exist', () => {
    const refused = project.clone('refused');
    const from = ['--from', '../upstream'];
    refused.write('app/servers/new.ts', 'export {};\n');
    expect(refused.upgrade(['v999.0.0', ...from])).toMatchObject({
      code: 2,
      stderr: 'Commit these changes first, then run the upgrade again:\n?? app/servers/new.ts\n',
    });
    refused.remove('app/servers/new.ts');
    refused.append('.git/info/exclude', 'scripts/probe/\n');
    refused.write('scripts/probe/package.json', 'mine');
    expect(refused.upgrade(['v999.0.0', ...from])).toMatchObject({
      code: 2,
      stderr: 'The upgrade would overwrite files that git does not track:\n  scripts/probe/package.json\n',
    });
    expect(refused.upgrade(['v1000.0.0', ...from])).toMatchObject({
      code: 2,
      stderr: `${upstream.folder} has no tag v1000.0.0. Its tags: v${BASE}, v999.0.0.\n`,
    });
    expect(refused.upgrade(['v999.0.0'])).toMatchObject({
      code: 2,
      stderr: 'No upstream repository is known. Use --from, or: git remote add upstream URL\n',
    });
    expect(refused.git('status', '--porcelain')).toBe('');
    expect(refused.read('scripts/probe/package.json')).toBe('mine');
  });

  test.each([[[]], [['v1', 'v2']], [['v1', '--form', 'x']]])('prints its usage for %j', args => {
    expect(project.upgrade(args)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('Usage: npm run'),
    });
  });

  test('replaces the framework, merges the shared files, and does not change other files of the project', () => {
    const { code, stdout } = project.run('npm', ['run', '--silent', 'upgrade', '--', 'v999.0.0']);
    expect([code, stdout]).toEqual([0, expect.stringContaining('to v999.0.0')]);

    // The framework is the one of the release.
    project.git('fetch', '--quiet', 'upstream', 'tag', 'v999.0.0');
    expect(project.git('diff', 'v999.0.0', '--', 'app/framework', '.ci')).toBe('');
    expect(project.read('terraform/main.tf')).toContain('From the new version');
    expect(project.read('app/framework/types.ts')).not.toContain('ChangedByMe');
    expect(['scripts/obsolete.ts', 'app/framework/stray.ts'].filter(path => project.has(path))).toEqual([]);
    if (process.platform !== 'win32')
      expect(statSync(join(project.folder, 'scripts/tool')).mode & 0o111).toBe(0o111);

    // The project is unchanged.
    for (const [path, text] of Object.entries({ ...OWN, ...IGNORED }))
      expect(project.read(path), path).toBe(text);
    expect(readdirSync(join(project.folder, 'app/servers'))).toEqual(['mine.ts']);
    const users = ['.', ':!app/framework', ':!scripts', ':!terraform', ':!test', ':!.ci'];
    const changed = project.git('status', '--porcelain', '--', ...users);
    const merged = [
      ' M .dockerignore',
      ' M .gitignore',
      ' M Dockerfile',
      ' M package-lock.json',
      ' M package.json',
    ];
    expect(changed.trimEnd().split('\n')).toEqual(merged);
    expect(project.git('status', '--porcelain', '--', 'test/servers')).toBe('');

    // Both sides are in the merged files, and the packages are installed.
    const { version, scripts, dependencies, engines } = project.package();
    expect(version).toBe('7.7.7');
    expect(scripts).toMatchObject({ mine: 'echo mine', added: 'echo added' });
    expect(scripts).not.toHaveProperty('obsolete');
    expect(dependencies).toMatchObject({
      'my-db': 'file:./app/db',
      'upstream-probe': 'file:./scripts/probe',
    });
    expect(engines.npm).toBe('>=10.0.1');
    expect(project.read('Dockerfile')).toMatch(/^# Mine\.\n[\s\S]*\n# From the new version\.\n$/);
    const ignored = project.read('.dockerignore').split('\r\n');
    expect([ignored[0], ...ignored.slice(-2)]).toEqual([
      '# Mine, with Windows line ends.',
      '# From the new version.',
      '',
    ]);
    expect(project.has('node_modules/upstream-probe/package.json')).toBe(true);

    // The report.
    expect(stdout).toContain('## [999.0.0]\n\n- New API.');
    expect(stdout).not.toContain('Old news');
    expect(stdout).toMatch(
      /now replaced; .*:\n {2}app\/framework\/types\.ts\n {2}app\/framework\/stray\.ts\n\n/,
    );
    expect(stdout).toMatch(/Kept .*\n {2}scripts\/mine\.ts\n {2}terraform\/backend\.tf\n\n/);
    expect(stdout).not.toContain('CONFLICTS');
    expect(stdout).toContain('Next: read the changes above and git diff, run npm test');
  });

  test('leaves a project that compiles and whose tests pass', () => {
    const bin = (name: string): string => join(project.folder, 'node_modules/.bin', name);
    const { exclude } = JSON.parse(project.read('tsconfig.json')) as { exclude: string[] };
    const config = {
      extends: './tsconfig.json',
      include: ['app', 'scripts', 'test/servers/mine.test.ts'],
      exclude: [...exclude, 'scripts/docs'], // It needs the browser of the test packages.
    };
    project.write('tsconfig.upgraded.json', JSON.stringify(config));
    const compiled = project.run(bin('tsc'), ['--noEmit', '-p', 'tsconfig.upgraded.json']);
    expect(compiled).toMatchObject({ code: 0, stdout: '' });
    const suites = ['servers/mine', 'framework/unit/imports', 'framework/unit/mcp/request-body'];
    const { code, stdout } = project.run(bin('vitest'), [
      'run',
      ...suites.map(name => `test/${name}.test.ts`),
    ]);
    expect([code, stdout]).toEqual([0, expect.stringMatching(/Test Files .*3 passed/)]);
    project.remove('tsconfig.upgraded.json');
  });

  test('reports conflicts by file, and keeps the project’s version of what cannot be merged', () => {
    const conflicting = upstream.clone('conflicting');
    conflicting.git('reset', '--quiet', '--hard', `v${BASE}`);
    conflicting.append('Dockerfile', '# Mine.\n');
    conflicting.remove('.gitignore');
    conflicting.changePackage(({ scripts }) => {
      scripts.added = 'echo mine';
    });
    conflicting.commit('mine');
    const { code, stdout } = conflicting.upgrade(['v999.0.0', '--from', 'origin'], {
      npm_config_dry_run: 'true',
    });
    expect(code).toBe(1);
    expect(stdout.slice(stdout.indexOf('CONFLICTS'))).toContain(
      [
        'CONFLICTS, to be resolved by hand:',
        '  package.json: scripts.added is "echo mine" here and "echo added" in v999.0.0. Yours was kept.',
        '  .gitignore: deleted here, changed in v999.0.0. It was not written.',
        '  Dockerfile: 1 × <<<<<<< ... >>>>>>> in the file.',
      ].join('\n'),
    );
    expect(conflicting.read('Dockerfile')).toMatch(
      /<<<<<<< this project\n# Mine\.\n=======\n# From the new version\.\n>>>>>>> v999\.0\.0\n$/,
    );
    expect(conflicting.package().scripts.added).toBe('echo mine');
    expect(conflicting.has('.gitignore')).toBe(false);
  });

  test('warns if the version of the project has no tag, keeps files that may belong to the project, and reports a failure of npm install', () => {
    const untagged = upstream.clone('untagged');
    untagged.git('tag', '--delete', `v${BASE}`);
    const baseless = upstream.clone('baseless');
    baseless.git('reset', '--quiet', '--hard', `v${BASE}`);
    const cache = { npm_config_cache: join(folder, 'no-cache') };
    const { code, stdout, stderr } = baseless.upgrade(['v999.0.0', '--from', '../untagged'], cache);
    expect(code).toBe(1);
    expect(stderr).toContain(`WARNING: ${untagged.folder} has no tag for ${BASE}`);
    expect(stderr).toContain('npm install FAILED');
    expect(stdout).toContain(`left over from ${BASE}: check them):\n  scripts/obsolete.ts\n`);
    expect(stdout).toContain('package.json: engines.npm is ">=10" here and ">=10.0.1" in v999.0.0.');
    expect(baseless.has('scripts/obsolete.ts')).toBe(true);
    expect(baseless.read('app/framework/types.ts')).toContain('FromTheNewVersion');
  });
});

describe('npm run upgrade without git', () => {
  const folder = mkdtempSync(join(tmpdir(), 'no-git-'));
  beforeAll(() => {
    for (const path of ['scripts/upgrade.ts', 'scripts/upgrade', VERSION_FILE])
      cpSync(join(ROOT, path), join(folder, path), { recursive: true });
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  });
  afterAll(() => rmSync(folder, { recursive: true }));
  const project = new Repository(folder);

  test('fails with a one-line error if git is not on PATH', () => {
    expect(project.upgrade(['v1'], { PATH: folder })).toMatchObject({
      code: 2,
      stderr: 'The upgrade needs git, which is not on PATH.\n',
    });
  });

  test.skipIf('missing' in git)('fails with a one-line error outside a git repository', () => {
    expect(project.upgrade(['v1'])).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^The upgrade needs this project in a git repository, .*git init.*\n$/),
    });
  });
});

describe('the merge of package.json', () => {
  const base = '{ "scripts": { "a": "1", "b": "1", "c": "1" } }';

  test('applies the changes of each side, and keeps indentation, line ends and the other entries of the project', () => {
    const mine =
      '{\r\n\t"name": "mine",\r\n\t"scripts": {\r\n\t\t"a": "2",\r\n\t\t"b": "1",\r\n\t\t"c": "1"\r\n\t}\r\n}\r\n';
    const theirs =
      '{ "name": "theirs", "scripts": { "a": "1", "b": "2" }, "overrides": { "x": { "y": "1" } } }';
    const expected =
      '{\n\t"name": "mine",\n\t"scripts": {\n\t\t"a": "2",\n\t\t"b": "2"\n\t},\n\t"overrides": {\n\t\t"x": {\n\t\t\t"y": "1"\n\t\t}\n\t}\n}\n';
    expect(mergePackage(mine, base, theirs, 'v2')).toEqual({
      text: expected.replaceAll('\n', '\r\n'),
      conflicts: [],
    });
  });

  test('reports a conflict only if both sides changed an entry differently', () => {
    const mine = '{ "scripts": { "a": "2", "b": "2", "c": "1" } }';
    const theirs = '{ "scripts": { "a": "2", "c": "1" } }';
    expect(mergePackage(mine, base, theirs, 'v2').conflicts).toEqual([
      'scripts.b is "2" here and absent in v2. Yours was kept.',
    ]);
  });
});

test('changesSince returns the released sections above a version', () => {
  const changelog =
    '# Changelog\n\n## [Unreleased]\n\n- 4\n\n## [0.3.0] - 2026-02-01\n\n- 3\n\n## 0.2.0\n\n- 2\n';
  expect(changesSince(changelog, '0.2.0')).toBe('## [0.3.0] - 2026-02-01\n\n- 3');
  expect(changesSince(changelog, '0.1.0')).toBe('## [0.3.0] - 2026-02-01\n\n- 3\n\n## 0.2.0\n\n- 2');
  expect(changesSince(changelog, '0.3.0')).toBe('');
});
