/** `npm run new -- server <name>` in a copy of the project: what it writes is in order, and works. */
import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { ROOT } from '../../helpers/local-lambda.ts';
import { ProjectCopy } from '../../helpers/project-copy.ts';

const execute = promisify(execFile);

const newServer = (copy: ProjectCopy, ...args: string[]) =>
  execute(process.execPath, ['scripts/new.ts', ...args], { cwd: copy.folder });

test('writes a server, its test and its place in the routes, as tidy as the rest', {
  timeout: 90_000,
}, async () => {
  using copy = new ProjectCopy();
  const { stdout } = await newServer(copy, 'server', 'rate-limits');
  expect(stdout).toMatch(
    /wrote +app\/servers\/rate-limits\.ts\nwrote +test\/servers\/rate-limits\.test\.ts\nmounted +\/rate-limits/,
  );
  expect(copy.read('app/routes.ts')).toContain("import { rateLimits } from './servers/rate-limits.ts';");
  expect(copy.read('app/routes.ts')).toContain(".route('/rate-limits', mcp(rateLimits))");
  await newServer(copy, 'server', 'zoo');

  const bin = (name: string): string => join(ROOT, 'node_modules/.bin', name);
  const written = ['app/servers/rate-limits.ts', 'app/servers/zoo.ts', 'test/servers', 'app/routes.ts'];
  await execute(bin('biome'), ['check', '--error-on-warnings', ...written], {
    cwd: copy.folder,
  });
  const config = { extends: './tsconfig.json', include: ['app', 'test'] };
  copy.write('tsconfig.test.json', JSON.stringify(config));
  await execute(bin('tsc'), ['--noEmit', '-p', 'tsconfig.test.json'], { cwd: copy.folder });
  const { stdout: tested } = await execute(bin('vitest'), ['run', 'test/servers'], { cwd: copy.folder });
  expect(tested).toMatch(/Tests .*4 passed/);
  await execute(process.execPath, ['scripts/build/build.ts'], { cwd: copy.folder });
  expect(copy.read('dist/bundle.cjs')).toContain('rate-limits');
});

test('overwrites nothing', async () => {
  using copy = new ProjectCopy();
  mkdirSync(join(copy.folder, 'test/servers'), { recursive: true });
  writeFileSync(join(copy.folder, 'test/servers/mine.test.ts'), 'mine');
  const before = copy.read('app/routes.ts');
  await expect(newServer(copy, 'server', 'mine')).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringContaining('test/servers/mine.test.ts is there already'),
  });
  expect(copy.read('test/servers/mine.test.ts')).toBe('mine');
  expect(copy.read('app/routes.ts')).toBe(before);
});

test('says what to do where the routes are not as they were written', async () => {
  using copy = new ProjectCopy();
  copy.write('app/routes.ts', 'export default 1;\n');
  await expect(newServer(copy, 'server', 'mine')).rejects.toMatchObject({
    stderr: expect.stringContaining("Mount it yourself: .route('/mine', mcp(mine))"),
  });
});

test.each([
  [[]],
  [['server']],
  [['server', 'Not OK']],
  [['tool', 'x']],
  [['server', '../x']],
  [['server', 'class']],
  [['server', 'before-all']],
])('%j is called wrongly', async args => {
  using copy = new ProjectCopy();
  await expect(newServer(copy, ...args)).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringContaining('Usage'),
  });
});
