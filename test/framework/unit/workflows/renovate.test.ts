/**
 * .github/renovate.json, which belongs to the project: Renovate updates the project's packages. `npm run upgrade` updates the files
 * of the framework.
 */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { FRAMEWORK } from '../../../../scripts/upgrade/plan.ts';
import { ROOT } from '../../../helpers/local-lambda.ts';

interface Rule {
  description: string;
  matchManagers: string[];
  matchPackageNames?: string[];
  matchDepTypes?: string[];
  matchUpdateTypes?: string[];
  groupName: string;
  enabled?: boolean;
}

interface Config {
  ignorePaths: string[];
  packageRules: Rule[];
}

interface Update {
  manager: string;
  name: string;
  depType?: string;
  updateType?: string;
}

const FILE = '.github/renovate.json';
const read = (file: string) => JSON.parse(readFileSync(join(ROOT, file), 'utf8'));
const { version, dependencies, devDependencies } = read('package.json');
/** Whether the versions are those of the framework. They differ after an upgrade, which keeps the project's renovate.json. */
const isShipped = existsSync(join(ROOT, FILE)) && version === read('app/framework/package.json').version;

/** Merges all matching rules; later rules override earlier ones. https://docs.renovatebot.com/configuration-options/#packagerules */
function ruleFor({ packageRules }: Config, update: Update): Partial<Rule> {
  const within = (list: string[] | undefined, value: string | undefined) =>
    list === undefined || (value !== undefined && list.includes(value));
  const matching = packageRules.filter(
    rule =>
      within(rule.matchManagers, update.manager) &&
      within(rule.matchPackageNames, update.name) &&
      within(rule.matchDepTypes, update.depType) &&
      within(rule.matchUpdateTypes, update.updateType),
  );
  return Object.assign({}, ...matching);
}

describe.skipIf(!isShipped)('.github/renovate.json as shipped', () => {
  const config: Config = isShipped ? read(FILE) : { ignorePaths: [], packageRules: [] };

  test('ignores the folders that an upgrade replaces, and no file of the project', () => {
    const ignores = (path: string) => config.ignorePaths.some(pattern => pattern === path);
    for (const folder of FRAMEWORK.filter(each => each !== 'test'))
      expect(ignores(`${folder}/**`), folder).toBe(true);
    const ignored = globSync(config.ignorePaths, { cwd: ROOT, exclude: ['**/node_modules/**'] });
    const manifests = globSync(
      '{package.json,test/**/package.json,scripts/**/package.json,Dockerfile,.github/workflows/*}',
      {
        cwd: ROOT,
        exclude: ['**/node_modules/**'],
      },
    );
    const updated = manifests.filter(file => !ignored.includes(file)).map(file => file.replaceAll('\\', '/'));
    expect(updated.filter(file => !file.startsWith('.github/')).sort()).toEqual([
      'Dockerfile',
      'package.json',
    ]);
    expect(updated).toContain('.github/workflows/test.yml');
  });

  test('leaves the packages that the framework names to npm run upgrade', () => {
    const files = globSync(
      '{app/framework,scripts,test/framework,test/helpers,test/fixtures}/**/*.{ts,mjs}',
      { cwd: ROOT, exclude: ['**/node_modules/**'] },
    );
    const text = files.map(file => readFileSync(join(ROOT, file), 'utf8')).join('\n');
    const isNamed = (name: string) => text.includes(`'${name}'`) || text.includes(`'${name}/`);
    const ofFramework = [...Object.keys(dependencies).filter(isNamed), ...Object.keys(devDependencies)];
    expect(ofFramework.length).toBeGreaterThan(14);
    for (const name of ofFramework)
      for (const updateType of ['patch', 'minor', 'major'])
        expect(ruleFor(config, { manager: 'npm', name, updateType }), name).toMatchObject({
          groupName: 'framework',
          enabled: false,
        });
    expect(ruleFor(config, { manager: 'npm', name: 'node', depType: 'engines' }).enabled).toBe(false);
  });

  test('groups the updates of the project’s own packages', () => {
    const mine = { manager: 'npm', name: 'my-database', depType: 'dependencies' };
    expect(ruleFor(config, { ...mine, updateType: 'minor' })).toMatchObject({ groupName: 'packages' });
    expect(ruleFor(config, { ...mine, updateType: 'minor' })).not.toHaveProperty('enabled');
    expect(ruleFor(config, { ...mine, updateType: 'major' })).toEqual({});
    expect(ruleFor(config, { manager: 'github-actions', name: 'actions/checkout' }).groupName).toBe(
      'actions',
    );
    expect(ruleFor(config, { manager: 'dockerfile', name: 'docker.io/library/node' }).groupName).toBe(
      'base image',
    );
  });

  test('names no package twice, and each rule has a description', () => {
    const names = config.packageRules.flatMap(({ matchPackageNames = [] }) => matchPackageNames);
    expect(names).toEqual([...new Set(names)].sort());
    for (const { description } of config.packageRules) expect(description).toMatch(/\.$/);
  });
});

test('an upgrade does not change .github/renovate.json', () => {
  expect(FRAMEWORK.some(folder => FILE.startsWith(`${folder}/`))).toBe(false);
});
