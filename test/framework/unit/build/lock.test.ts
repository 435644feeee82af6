/** The lock file: what is installed is what it names, and only what may run a script when it is installed does. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '../../../helpers/local-lambda.ts';

interface Locked {
  version?: string;
  integrity?: string;
  hasInstallScript?: boolean;
  /** Installed with its parent, whose digest covers it. */
  inBundle?: boolean;
}

const read = (file: string) => JSON.parse(readFileSync(join(ROOT, file), 'utf8'));
const LOCKS = globSync('{package-lock.json,test/**/package-lock.json,scripts/**/package-lock.json}', {
  cwd: ROOT,
  exclude: ['**/node_modules/**'],
}).sort();

const packagesOf = (lock: string): [string, Locked][] =>
  Object.entries<Locked>(read(lock).packages).filter(([path]) => path !== '');

test.each(LOCKS)('%s holds every package to its SHA-512, those for other machines too', lock => {
  const packages = packagesOf(lock);
  expect(packages.length).toBeGreaterThan(0);
  const loose = packages.filter(
    ([, { integrity, inBundle }]) => !inBundle && !/^sha512-.{86}==/.test(integrity ?? ''),
  );
  expect(loose.map(([path]) => path)).toEqual([]);
});

test('a package with an install script is one that is named, with yes or no', () => {
  const { allowScripts } = read('package.json') as { allowScripts: Record<string, boolean> };
  const scripted = packagesOf('package-lock.json').filter(([, { hasInstallScript }]) => hasInstallScript);
  const names = scripted.map(([path]) =>
    path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length),
  );
  expect([...new Set(names)].sort()).toEqual(Object.keys(allowScripts).sort());
});

test('direct dependencies are pinned', () => {
  const { dependencies, devDependencies } = read('package.json');
  for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies }))
    expect(version, name).toMatch(/^(?:npm:[@\w/-]+@)?\d+\.\d+\.\d+(?:-[\w.]+)?$/);
});
