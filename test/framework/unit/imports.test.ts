/**
 * Rules for imports: the project's own code may import only the public API of the framework, and the folders of the framework
 * only along the arrows below. A new arrow is a design decision, made here.
 */
import { globSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ROOT } from '../../helpers/local-lambda.ts';

const FRAMEWORK = 'app/framework/';

/** Files directly in app/framework that every folder of it may import. */
const SHARED = [
  'types',
  'json-rpc',
  'json-fields',
  'endpoint-context',
  'setting-formats',
  'sign-in-paths',
  'snap-start',
];

/** By folder or file of app/framework, the folders and files that it may import besides itself and {@link SHARED}. */
const ARROWS: Record<string, readonly string[]> = {
  // The public API, which re-exports from these.
  index: ['auth', 'aws', 'config', 'discovery', 'mcp', 'store', 'tasks', 'telemetry'],
  'text-files.d': [],
  lambda: ['app', 'auth', 'config', 'limits', 'mcp', 'page', 'telemetry', 'zod-jitless'],
  app: ['auth', 'config', 'limits', 'mcp', 'oauth-proxy', 'page', 'telemetry'],
  // mcp uses it through an interface in types.ts.
  limits: ['aws', 'config', 'store'],
  mcp: [],
  auth: ['aws', 'config'],
  discovery: ['config'],
  page: ['config', 'zod-jitless'],
  telemetry: ['config'],
  tasks: ['aws', 'mcp', 'store'],
  'oauth-proxy': ['auth', 'aws', 'config', 'store'],
  store: ['aws', 'config'],
  aws: [],
  config: [],
  // Starts the function as a process, so it imports no other folder.
  'local-lambda': [],
  types: [],
  'json-rpc': [],
  'json-fields': [],
  'endpoint-context': [],
  'setting-formats': [],
  'sign-in-paths': [],
  'snap-start': [],
  'zod-jitless': [],
};

/** Exceptions from the arrows, each with its reason. */
const EXCEPTIONS = [
  // The process entry starts the local Lambda if it does not run on Lambda.
  'lambda/entry.ts → local-lambda/local-secret.ts',
  'lambda/entry.ts → local-lambda/main.ts',
  'lambda/entry.ts → local-lambda/options.ts',
  'lambda/entry.ts → local-lambda/startup-message.ts',
];

const IMPORTS = [
  /^(?:import|export)\b[^'";]*?\bfrom\s*['"]([^'"\n]+)['"]/gm,
  /^import\s*['"]([^'"\n]+)['"]/gm,
  /\bimport\(\s*['"]([^'"\n]+)['"]/g,
];

/** Returns the imports of `text`, including types. */
function importsOf(text: string): string[] {
  return IMPORTS.flatMap(pattern => [...text.matchAll(pattern)].map(([, from]) => from ?? ''));
}

/** Returns the path from the root of the project; undefined for a package. */
function resolveImport(file: string, from: string): string | undefined {
  return from.startsWith('.') ? posix.join(posix.dirname(file), from) : undefined;
}

/** `app/framework/mcp/mcp.ts` → `mcp`, `app/framework/config.ts` → `config` */
function unitOf(path: string): string {
  const [first = ''] = path.slice(FRAMEWORK.length).split('/');
  return first.replace(/\.ts$/, '');
}

function mayImport(file: string, from: string): boolean {
  const target = resolveImport(file, from);
  if (file.startsWith(FRAMEWORK)) return target === undefined ? !from.startsWith('#') : isArrow(file, target);
  if (target === undefined) return !from.startsWith('#framework/');
  const own = target.startsWith('app/') && !target.startsWith(FRAMEWORK);
  const ownTest = target.startsWith('test/servers/');
  return own || (ownTest && file.startsWith('test/servers/'));
}

function isArrow(file: string, target: string): boolean {
  if (!target.startsWith(FRAMEWORK)) return false;
  const [from, to] = [unitOf(file), unitOf(target)];
  const exception = `${file.slice(FRAMEWORK.length)} → ${target.slice(FRAMEWORK.length)}`;
  return [from, ...SHARED, ...(ARROWS[from] ?? [])].includes(to) || EXCEPTIONS.includes(exception);
}

function violationsIn(file: string, text: string): string[] {
  return importsOf(text)
    .filter(from => !mayImport(file, from))
    .map(from => `${file} imports ${from}`);
}

const read = (file: string): string => readFileSync(posix.join(ROOT, file), 'utf8');
const files = globSync('{app,test/servers}/**/*.{ts,mts,tsx,js,mjs}', {
  cwd: ROOT,
  exclude: ['**/node_modules/**'],
}).map(file => file.replaceAll('\\', '/'));
const ofFramework = files.filter(file => file.startsWith(FRAMEWORK));
const ofProject = files.filter(file => !file.startsWith(FRAMEWORK));

test('the project imports only #framework, its own files and packages', () => {
  expect(ofProject.flatMap(file => violationsIn(file, read(file)))).toEqual([]);
});

test('the framework imports only along the arrows, and no file of the project', () => {
  expect(ofFramework.length).toBeGreaterThan(50);
  expect(ofFramework.flatMap(file => violationsIn(file, read(file)))).toEqual([]);
});

test('every folder and file of app/framework has an entry in the arrows', () => {
  expect([...new Set(ofFramework.map(unitOf))].filter(unit => !(unit in ARROWS))).toEqual([]);
});

describe('the import rule', () => {
  test.each([
    ['app/servers/mine.ts', '#framework'],
    ['app/servers/mine.ts', 'zod'],
    ['app/servers/mine.ts', 'node:fs'],
    ['app/servers/mine.ts', '../db/client.ts'],
    ['app/db/client.ts', '#my-alias'],
    ['test/servers/mine.test.ts', '../../app/servers/mine.ts'],
    ['test/servers/deep/mine.test.ts', '../fakes.ts'],
    ['app/framework/app.ts', './mcp/mcp.ts'],
    ['app/framework/mcp/mcp.ts', '../types.ts'],
  ])('allows %s to import %s', (file, from) => {
    expect(violationsIn(file, `import { x } from '${from}';`)).toEqual([]);
  });

  test.each([
    ['app/servers/mine.ts', '../framework/mcp/mcp.ts'],
    ['app/servers/mine.ts', '#framework/mcp/mcp.ts'],
    ['app/servers/mine.ts', '../../test/servers/fakes.ts'],
    ['app/routes.ts', './framework/index.ts'],
    ['test/servers/mine.test.ts', '../../app/framework/index.ts'],
    ['test/servers/mine.test.ts', '../helpers/local-lambda.ts'],
    ['app/framework/app.ts', '../routes.ts'],
    ['app/framework/app.ts', '#framework'],
    ['app/framework/mcp/mcp.ts', '../auth/guard.ts'],
    ['app/framework/local-lambda/main.ts', '../config.ts'],
    ['app/framework/new-folder/file.ts', '../config.ts'],
  ])('does not allow %s to import %s, in any form', (file, from) => {
    const forms = [
      `import { x } from '${from}';`,
      `import type x from "${from}"`,
      `import {\n  x,\n  y,\n} from '${from}';`,
      `export * from '${from}';`,
      `import '${from}';`,
      `const x = await import('${from}');`,
    ];
    for (const form of forms) expect(violationsIn(file, form)).toEqual([`${file} imports ${from}`]);
  });
});

test('no file of the framework is in an import cycle', () => {
  const imports = new Map(
    ofFramework.map(file => [file, importsOf(read(file)).map(from => resolveImport(file, from) ?? '')]),
  );
  const done = new Set<string>();
  const cycles: string[] = [];
  function follow(file: string, path: readonly string[]): void {
    if (path.includes(file)) cycles.push([...path.slice(path.indexOf(file)), file].join(' → '));
    if (path.includes(file) || done.has(file)) return;
    for (const next of imports.get(file) ?? []) follow(next, [...path, file]);
    done.add(file);
  }
  for (const file of ofFramework) follow(file, []);
  expect(cycles).toEqual([]);
});

test('types.ts imports only types', () => {
  const imports = read('app/framework/types.ts').match(/^(import|export)\b.*\bfrom\b.*$/gm);
  expect(imports?.filter(line => !line.startsWith('import type '))).toEqual([]);
});

test('one file imports hono/aws-lambda', () => {
  const importers = ofFramework.filter(file => importsOf(read(file)).includes('hono/aws-lambda'));
  expect(importers).toEqual(['app/framework/lambda/adapter.ts']);
});

test('only three files of the framework read process.env, besides the process entry, the warm-up, the runtime client, SnapStart and the local Lambda', () => {
  const readers = ofFramework.filter(file =>
    /process\.env\b/.test(read(file).replace(/^\s*(\*|\/\/).*$/gm, '')),
  );
  expect(readers.sort()).toEqual([
    'app/framework/aws/aws-settings.ts',
    'app/framework/aws/secret.ts',
    'app/framework/config.ts',
    'app/framework/lambda/entry.ts',
    'app/framework/lambda/runtime-client.ts',
    'app/framework/lambda/snap-start-credentials.ts',
    'app/framework/lambda/snap-start.ts',
    'app/framework/lambda/warm-up.ts',
    'app/framework/local-lambda/main.ts',
  ]);
});
