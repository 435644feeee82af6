/** The SBOM of the build: complete, with the versions of the lock file, and reproducible. */
import { createHash } from 'node:crypto';
import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { DIST, ROOT } from '../../../helpers/local-lambda.ts';

interface Component {
  type: string;
  name: string;
  version?: string;
  licenses?: object[];
  hashes?: { alg: string; content: string }[];
}

const read = (file: string) => JSON.parse(readFileSync(join(ROOT, file), 'utf8'));
const { components } = read('dist-test/sbom.cdx.json') as { components: Component[] };
const ofType = (type: string) => components.filter(component => component.type === type);

test('the SBOM lists every file of the build with its SHA-256, and no other file', () => {
  const files = globSync('**/*', { cwd: DIST }).filter(
    name => statSync(join(DIST, name)).isFile() && name !== 'sbom.cdx.json',
  );
  const digest = (name: string) =>
    createHash('sha256')
      .update(readFileSync(join(DIST, name)))
      .digest('hex');
  expect(
    ofType('file')
      .map(({ name, hashes }) => [name, hashes?.[0]?.content])
      .toSorted(),
  ).toEqual(files.map(name => [name, digest(name)]).toSorted());
});

test('the SBOM lists the libraries that the app imports, with their dependencies, versions and licences', () => {
  const { packages } = read('package-lock.json') as {
    packages: Record<string, { version: string; dev?: true }>;
  };
  const libraries = ofType('library').filter(({ hashes }) => hashes);
  for (const name of [
    'hono',
    'zod',
    'jose',
    'aws-lambda-ric',
    '@modelcontextprotocol/server',
    '@hono/node-server',
  ])
    expect(libraries.map(library => library.name)).toContain(name);
  for (const { name, version, licenses = [], hashes } of libraries) {
    const locked = Object.entries(packages).filter(([path]) => path.endsWith(`node_modules/${name}`));
    expect(
      locked.map(([, { version }]) => version),
      name,
    ).toContain(version);
    expect(
      locked.some(([, { dev }]) => !dev),
      `${name} is for development only`,
    ).toBe(true);
    expect(licenses.length, `${name} has no licence`).toBe(1);
    expect(hashes?.[0]?.content, name).toMatch(/^[0-9a-f]{128}$/);
  }
});

test('the SBOM lists Node, and the libraries in the native client if the build contains it', () => {
  const names = components.map(({ name }) => name);
  const native = existsSync(join(DIST, 'ric/rapid-client.node'));
  for (const name of ['libcurl', 'aws-lambda-cpp', 'node-addon-api'])
    expect(names.includes(name), name).toBe(native);
  expect(ofType('platform')).toMatchObject([{ name: 'node', version: process.versions.node }]);
});

test('the SBOM contains no data of this machine', () => {
  const text = readFileSync(join(DIST, 'sbom.cdx.json'), 'utf8');
  expect(text).not.toContain(ROOT);
  expect(text).not.toMatch(/timestamp|serialNumber/);
});
