/** The list of what the build consists of: complete, of the lock's versions, and the same for the same build. */
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

test('every file of the build is listed with its SHA-256, and no other', () => {
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

test('the libraries are those that the app imports, with what they bring, in the lock’s versions, each with a licence', () => {
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

test('what is compiled into the native client is listed if that is in the build, and Node always', () => {
  const names = components.map(({ name }) => name);
  const native = existsSync(join(DIST, 'ric/rapid-client.node'));
  for (const name of ['libcurl', 'aws-lambda-cpp', 'node-addon-api'])
    expect(names.includes(name), name).toBe(native);
  expect(ofType('platform')).toMatchObject([{ name: 'node', version: process.versions.node }]);
});

test('nothing in it is of this machine', () => {
  const text = readFileSync(join(DIST, 'sbom.cdx.json'), 'utf8');
  expect(text).not.toContain(ROOT);
  expect(text).not.toMatch(/timestamp|serialNumber/);
});
