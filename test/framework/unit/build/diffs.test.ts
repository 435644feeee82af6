/** The diffs of scripts/build/patches: documented, up to date, and applied by the build, which fails if one no longer fits. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { applyDiffs, installed, parseDiff, readDiffs } from '../../../../scripts/build/patches/diffs.ts';
import { patchedFiles } from '../../../../scripts/build/patches/patched-files.ts';
import { hasNativeClient } from '../../../../scripts/build/runtime-client.ts';
import { ROOT } from '../../../helpers/local-lambda.ts';
import { ProjectCopy } from '../../../helpers/project-copy.ts';

const run = promisify(execFile);
const DIFFS = readDiffs();
const FOREIGN = `Package: dynalite@1.2.3
Reason: A test.
Gain: None.
Upstream: None.

--- a/index.js
+++ b/index.js
@@ -1,2 +1,2 @@
 var http = require('http'),
-  gone = require('gone'),
+  added = require('added'),
`;

describe.each(DIFFS)('$name', diff => {
  test('is made for the installed version', () => {
    expect(diff.version).toBe(installed(diff.package).version);
  });

  test('applies alone and changes the files that it names', () => {
    const files = applyDiffs([diff]);
    expect(files.size).toBe(diff.changes.length);
    for (const [path, text] of files) expect(text).not.toBe(readFileSync(path, 'utf8'));
  });
});

test('parseDiff rejects a diff without a reason, a gain, an upstream report or a package', () => {
  for (const field of ['Package', 'Reason', 'Gain', 'Upstream'])
    expect(() => parseDiff('x.diff', FOREIGN.replace(`${field}:`, 'Note:'))).toThrow(
      `x.diff has no "${field}:"`,
    );
});

test('a diff for a file that does not exist is rejected', () => {
  const diff = parseDiff('x.diff', FOREIGN.replaceAll('index.js', 'gone.js'));
  expect(() => applyDiffs([diff])).toThrow('gone.js is missing; it was in 1.2.3');
});

test('the build applies the diffs, fails if one does not fit, and leaves them out with --no-patches', async () => {
  using copy = new ProjectCopy();
  const build = (...args: string[]) =>
    run(process.execPath, ['scripts/build/build.ts', ...args], { cwd: copy.folder });
  const installedClient = join(installed('aws-lambda-ric').folder, 'index.mjs');
  const built = (text = '') =>
    hasNativeClient() ? text : text.replace('./rapid-client.node', './runtime-client.cjs');
  await build();
  expect(copy.read('dist/ric/index.mjs')).toBe(built(patchedFiles().get(installedClient)));

  copy.write('scripts/build/patches/dynalite/stale.diff', FOREIGN);
  const failure: unknown = await build().catch(error => error);
  expect(failure).toMatchObject({ code: 1 });
  const { stderr } = failure as { stderr: string };
  const { version } = installed('dynalite');
  expect(stderr).toContain(
    `scripts/build/patches/dynalite/stale.diff does not fit dynalite ${version}: index.js has other lines than in 1.2.3.`,
  );

  await build('--no-patches');
  expect(copy.read('dist/ric/index.mjs')).toBe(built(readFileSync(installedClient, 'utf8')));
});

test('the build contains every diff for the Runtime Interface Client and the MCP server', () => {
  const read = (file: string) => readFileSync(join(ROOT, 'dist', file), 'utf8').replaceAll(/\s/g, '');
  const built = {
    'aws-lambda-ric': read('ric/index.mjs'),
    '@modelcontextprotocol/server': read('bundle.cjs'),
  };
  for (const [name, text] of Object.entries(built)) {
    const added = DIFFS.filter(diff => diff.package === name).flatMap(addedNames);
    expect(added.length).toBeGreaterThan(0);
    for (const each of added) expect(text, each).toContain(each);
  }
});

/** Returns the functions and variables that a diff declares. */
function addedNames({ changes }: (typeof DIFFS)[number]): string[] {
  const lines = changes.flatMap(({ hunks }) => hunks.flatMap(hunk => hunk.lines));
  return lines.flatMap(line => /^\+(?:const|let|var|function) (\w+)/.exec(line)?.[1] ?? []);
}

test('`npm run test:bundle` loads the patched MCP SDK', async () => {
  const hooks = pathToFileURL(join(ROOT, 'test/helpers/patched-dependencies.ts')).href;
  const script = `
    import { readFileSync } from 'node:fs';
    import { McpServer } from '@modelcontextprotocol/server';
    const tool = new McpServer({ name: 'a', version: '1' }).registerTool('b', {}, () => ({ content: [] }));
    process.stdout.write(String(Object.hasOwn(tool, 'outputSchemaJson')));`;
  const loaded = async (...flags: string[]) =>
    (await run(process.execPath, [...flags, '--input-type=module', '-e', script], { cwd: ROOT })).stdout;
  expect(await loaded()).toBe('true');
  expect(await loaded('--import', hooks)).toBe('false');
});
