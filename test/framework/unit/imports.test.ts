/** The arrows between the rooms of app/: what may import what. A new arrow is a design decision, made here. */
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '../../helpers/local-lambda.ts';

/** Room → rooms it may import. A file directly in app/ is a room by its own name. */
const ARROWS: Record<string, readonly string[]> = {
  lambda: ['app', 'config', 'routes', 'mcp', 'local'],
  app: ['config', 'auth', 'mcp', 'page', 'telemetry'],
  routes: ['servers', 'mcp', 'auth', 'tasks'],
  servers: ['config', 'telemetry'],
  mcp: [],
  tasks: ['config', 'mcp'],
  auth: ['config'],
  authorizer: ['auth', 'config'],
  page: ['config'],
  telemetry: ['config'],
  config: [],
  local: [],
};

const files = globSync('app/**/*.ts', { cwd: ROOT });
const IMPORT = /(?:from|import\()\s*'([^']+)'|import '([^']+)'/g;

function roomOf(file: string): string {
  const [, first = ''] = file.split('/');
  return first.replace(/\.ts$/, '');
}

function importsOf(file: string): string[] {
  const text = readFileSync(join(ROOT, file), 'utf8');
  return [...text.matchAll(IMPORT)].map(([, from, bare]) => from ?? bare ?? '');
}

test.each(files)('%s imports only from where its room may', file => {
  const room = roomOf(file);
  const allowed = ARROWS[room];
  expect(allowed, `app/${room} is a room that nobody has drawn; add it to ARROWS`).toBeDefined();
  const rooms = importsOf(file)
    .filter(from => from.startsWith('.'))
    .map(from => roomOf(normalize(join(dirname(file), from))));
  for (const imported of rooms)
    expect([room, ...(allowed ?? [])], `${file} imports app/${imported}`).toContain(imported);
});

test('no file imports itself by a detour', () => {
  const imports = new Map(
    files.map(file => [
      file,
      importsOf(file)
        .filter(from => from.startsWith('.'))
        .map(from => normalize(join(dirname(file), from))),
    ]),
  );
  const cycles: string[] = [];
  const follow = (path: readonly string[]): void => {
    const last = path.at(-1) ?? '';
    for (const next of imports.get(last) ?? []) {
      if (next === path[0]) cycles.push([...path, next].join(' → '));
      else if (!path.includes(next)) follow([...path, next]);
    }
  };
  for (const file of files) follow([file]);
  expect(cycles).toEqual([]);
});

test('nothing in app/ imports scripts/ or test/', () => {
  const outside = files.flatMap(importsOf).filter(from => /(^|\/)(scripts|test)\//.test(from));
  expect(outside).toEqual([]);
});

test('one file imports hono/aws-lambda', () => {
  const importers = files.filter(file => importsOf(file).includes('hono/aws-lambda'));
  expect(importers).toEqual(['app/framework/lambda/adapter.ts']);
});

test('one file of the app reads process.env, besides the process entry and the local Lambda', () => {
  const readers = files.filter(file =>
    /process\.env\b/.test(readFileSync(join(ROOT, file), 'utf8').replace(/^\s*(\*|\/\/).*$/gm, '')),
  );
  expect(readers.sort()).toEqual([
    'app/framework/config.ts',
    'app/framework/lambda/entry.ts',
    'app/framework/local-lambda/main.ts',
  ]);
});
