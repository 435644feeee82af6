/**
 * Files, workers and CommonJS modules next to a server. They work the same under `npm start` (the build in the project), in the
 * image (the build with no node_modules above it) and under `npm run dev`; or the build fails and says what to change.
 */
import { execFile, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { closeAll } from '../../../helpers/close-all.ts';
import { freePort, ROOT, type RunningLambda, startDist } from '../../../helpers/local-lambda.ts';
import { ProjectCopy } from '../../../helpers/project-copy.ts';

const EXPECTED = {
  'own-view': 'my own view',
  'by-url': '<p>beside the server</p>\n',
  'by-dirname': 'select 1;\n',
  'by-meta': 'a,b\n',
  'by-old-dirname': '<p>beside the server</p>\n',
  names: ['files.ts', 'files.ts', 'files.ts'],
  'text-imports': [
    '# A prompt\n',
    'select 1;\n',
    '<p>beside the server</p>\n',
    expect.stringContaining('color: red'),
  ],
  json: { a: 1 },
  commonjs: expect.stringContaining('{ "a": 1 }'),
  'commonjs-by-content': { old: 'old.js' },
  'import-of-url': 'a plugin',
  'import-of-name': 'function',
  resolve: ['q.sql', 'node:fs'],
  require: { a: 1 },
  package: 7,
  'worker-commonjs': 'from the worker',
  'worker-typescript': 42,
  wasm: 42,
};

const copy = new ProjectCopy();
const isolated = mkdtempSync(join(tmpdir(), 'isolated-'));
const lambdas: RunningLambda[] = [];
beforeAll(async () => {
  rmSync(join(copy.folder, 'app/servers'), { recursive: true });
  cpSync(join(ROOT, 'test/fixtures/files-app'), join(copy.folder, 'app'), { recursive: true });
  cpSync(join(ROOT, 'scripts'), join(copy.folder, 'scripts'), { recursive: true });
  copy.write('app/servers/.env', 'SECRET=1');
  await build(copy);
  cpSync(join(copy.folder, 'dist'), isolated, { recursive: true });
});
afterAll(async () => {
  await closeAll(...lambdas);
  rmSync(isolated, { recursive: true });
  copy[Symbol.dispose]();
});

/** Runs the build and returns its output. */
async function build({ folder }: ProjectCopy): Promise<string> {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ['scripts/build/build.ts'], {
    cwd: folder,
  });
  return stdout + stderr;
}

async function call(url: string, name: string): Promise<unknown> {
  const response = await fetch(`${url}/mcp`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: {} } }),
  });
  const { result, error } = (await response.json()) as {
    result?: { content: { text: string }[]; isError?: boolean };
    error?: object;
  };
  const content = result?.content[0]?.text ?? '';
  return error || result?.isError ? { error: error ?? content } : JSON.parse(content);
}

async function callAll(url: string): Promise<Record<string, unknown>> {
  const results: Record<string, unknown> = {};
  for (const name of Object.keys(EXPECTED)) results[name] = await call(url, name);
  return results;
}

describe.each([
  ['the project', () => join(copy.folder, 'dist')],
  ['the image', () => isolated],
])('the build in %s', (_, folder) => {
  test('every way to use a file works, and Node logs no warning', async () => {
    const lambda = await startDist(folder(), { args: ['--init-timeout', '20'] });
    lambdas.push(lambda);
    expect(await callAll(lambda.url)).toEqual(EXPECTED);
    expect(lambda.output()).not.toMatch(/ExperimentalWarning/);
  });
});

test('every way to use a file works with the command of `npm run dev`', async () => {
  const port = await freePort();
  const env = { PATH: process.env.PATH, PORT: String(port), NO_COLOR: '1' };
  // Not with `node --watch`, which adds messages from workers that are ES modules.
  const dev = spawn(process.execPath, ['--import', './scripts/dev-hooks.ts', 'scripts/dev.ts'], {
    cwd: copy.folder,
    env,
  });
  const output = text(dev.stderr);
  try {
    const url = `http://127.0.0.1:${port}`;
    await expect
      .poll(() =>
        fetch(url).then(
          () => true,
          () => false,
        ),
      )
      .toBe(true);
    expect(await callAll(url)).toEqual(EXPECTED);
  } finally {
    dev.kill();
  }
  expect(await output).not.toMatch(/ExperimentalWarning/);
});

test('the build contains no dot files and no sources of servers', () => {
  const built = (name: string) => existsSync(join(isolated, 'app/servers', name));
  expect(['ui.html', 'worker.ts', 'worker-helper.ts', 'data/table.csv', 'add.wasm'].map(built)).not.toContain(
    false,
  );
  expect(['.env', 'files.ts', 'view.ts'].map(built)).not.toContain(true);
});

test.each([
  [
    'top-level await',
    'export const settings = await Promise.resolve(1);',
    /Top-level await does not work in the build.*Await on the first use.*app\/servers\/bad\.ts:1:24/s,
  ],
  [
    'an import of a file that is not a module',
    "export { default } from './add.wasm';",
    /add\.wasm cannot be imported\. Read it: readFileSync\(new URL\('\.\/add\.wasm', import\.meta\.url\)\).*app\/servers\/bad\.ts/s,
  ],
  [
    'a file outside app/',
    "export const url = new URL('../../package.json', import.meta.url);",
    /app\/servers\/bad\.ts names package\.json, which is outside app\/: the image contains only what is in app\//,
  ],
  [
    'a worker that imports the framework',
    "export const url = new URL('./bad-worker.ts', import.meta.url);",
    /#framework is not available in a file that Node runs by its URL/,
  ],
])('the build fails for %s and says what to change', async (_, source, message) => {
  using other = new ProjectCopy();
  other.write('app/servers/bad.ts', source);
  other.write('app/servers/bad-worker.ts', "import { log } from '#framework'; log('x');");
  cpSync(join(ROOT, 'test/fixtures/files-app/servers/add.wasm'), join(other.folder, 'app/servers/add.wasm'));
  other.write(
    'app/routes.ts',
    `import * as bad from './servers/bad.ts';\n${other.read('app/routes.ts')}\nconsole.debug(bad);`,
  );
  const failure = await build(other).catch(error => error);
  expect(failure.code, failure.stderr).toBe(1);
  expect(failure.stderr).toMatch(message);
  expect(existsSync(join(other.folder, 'dist'))).toBe(false);
});
