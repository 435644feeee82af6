/** The lock files: each package has a digest, and package.json allows or denies each install script. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '../../../helpers/local-lambda.ts';

interface Locked {
  version?: string;
  integrity?: string;
  hasInstallScript?: boolean;
  /** Part of its parent package, whose digest covers it. */
  inBundle?: boolean;
}

const read = (file: string) => JSON.parse(readFileSync(join(ROOT, file), 'utf8'));
const LOCKS = globSync('{package-lock.json,test/**/package-lock.json,scripts/**/package-lock.json}', {
  cwd: ROOT,
  exclude: ['**/node_modules/**'],
}).sort();

const packagesOf = (lock: string): [string, Locked][] =>
  Object.entries<Locked>(read(lock).packages).filter(([path]) => path !== '');

test.each(LOCKS)('%s has a SHA-512 digest for every package, including those for other platforms', lock => {
  const packages = packagesOf(lock);
  expect(packages.length).toBeGreaterThan(0);
  const loose = packages.filter(
    ([, { integrity, inBundle }]) => !inBundle && !/^sha512-.{86}==/.test(integrity ?? ''),
  );
  expect(loose.map(([path]) => path)).toEqual([]);
});

test.each(['', 'test/packages/'])('%spackage.json allows or denies each install script by name', folder => {
  const { allowScripts } = read(`${folder}package.json`) as { allowScripts: Record<string, boolean> };
  const scripted = packagesOf(`${folder}package-lock.json`).filter(
    ([, { hasInstallScript }]) => hasInstallScript,
  );
  const names = scripted.map(([path]) =>
    path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length),
  );
  expect([...new Set(names)].sort()).toEqual(Object.keys(allowScripts).sort());
});

test.each(['', 'test/packages/', 'scripts/node/', 'scripts/node/24/'])(
  '%spackage.json pins direct dependencies',
  folder => {
    const { dependencies, devDependencies, optionalDependencies } = read(`${folder}package.json`);
    for (const [name, version] of Object.entries({
      ...dependencies,
      ...devDependencies,
      ...optionalDependencies,
    }))
      expect(version, name).toMatch(/^(?:npm:[@\w/-]+@)?\d+\.\d+\.\d+(?:-[\w.]+)?$/);
  },
);
