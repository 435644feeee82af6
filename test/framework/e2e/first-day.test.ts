/**
 * A user's first day, in a copy of the project: the example servers are deleted, and a server, a setting, a folder and a route
 * are added, in another format than the project's. The steps of `npm test` still pass. `npm run test:first-day` runs it.
 */
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ROOT } from '../../helpers/local-lambda.ts';
import { describeWith } from '../../helpers/skipped-suites.ts';

const LEFT_OUT = /\/(node_modules|\.git|\.terraform|coverage|dist|dist-test|\.dist[^/]*)$/;

const ROUTES = `import { Hono } from 'hono';
import { mcp } from '#framework';
import { motto } from './db/client.ts'

export const routes = new Hono().get("/motto", c => c.text(motto));
`;
const SETTINGS = `import * as z from "zod"
import { defineSettings } from "#framework"

export const settings = defineSettings({ DICE_KEY: z.string().min(8) })
`;
const DB_CLIENT = `import { settings } from "../settings.ts"

export const motto = "alea iacta est"
export function key(): string { return settings().DICE_KEY }
`;
const DB_TEST = `import { expect, test } from "vitest"
import { motto } from "../../app/db/client.ts"

test("the motto is Caesar's", () => { expect(motto).toContain("alea") })
`;

/** Tests of the framework that read files of the project, and one that runs the build. */
const UNIT_TESTS = [
  'imports',
  'readme',
  'security',
  'settings',
  'auth/fail-closed',
  'page/own-page',
  'build/sbom',
];

const asked = process.env.FIRST_DAY
  ? { found: true }
  : { missing: 'Takes minutes. To run it: npm run test:first-day' };

describeWith(asked, { inCi: 'skip' })('a project of a user', () => {
  const folder = mkdtempSync(join(tmpdir(), 'first-day-'));
  const write = (file: string, text: string): void => {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  };
  const npm = async (...args: string[]): Promise<string> => {
    const env = { PATH: process.env.PATH, HOME: process.env.HOME, NO_COLOR: '1' };
    const { stdout, stderr } = await promisify(execFile)('npm', args, { cwd: folder, env });
    return stdout + stderr;
  };

  beforeAll(async () => {
    cpSync(ROOT, folder, { recursive: true, filter: source => !LEFT_OUT.test(source) });
    for (const modules of ['node_modules', 'test/node_modules', 'test/packages/node_modules'])
      symlinkSync(join(ROOT, modules), join(folder, modules));
    for (const examples of ['app/servers', 'test/servers'])
      rmSync(join(folder, examples), { recursive: true });
    write('app/servers/.gitkeep', '');
    write('app/routes.ts', ROUTES);
    write('app/settings.ts', SETTINGS);
    write('app/db/client.ts', DB_CLIENT);
    write('test/servers/db.test.ts', DB_TEST);
    await npm('run', 'new', '--', 'server', 'dice');
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test('npm run lint reports the format of the user’s files', async () => {
    const { stdout, stderr } = await npm('run', 'lint').catch(error => error);
    expect(stdout + stderr).toMatch(/app\/db\/client\.ts format/);
    expect(stdout + stderr).toMatch(/test\/servers\/db\.test\.ts format/);
  });

  test.each(['build', 'lint:framework', 'typecheck'])('npm run %s passes', async script => {
    await npm('run', script);
  });

  test('npm run typecheck reports a type error in a file of the user', async () => {
    write('app/db/wrong.ts', 'export const sides: number = "six"\n');
    const { stdout } = await npm('run', 'typecheck').catch(error => error);
    rmSync(join(folder, 'app/db/wrong.ts'));
    expect(stdout).toMatch(/app\/db\/wrong\.ts\(1,14\): error TS2322/);
  });

  test('the tests of the user’s servers and of the framework pass', async () => {
    const files = UNIT_TESTS.map(name => `test/framework/unit/${name}.test.ts`);
    const output = await npm('exec', '--', 'vitest', 'run', 'test/servers', ...files);
    expect(output).toMatch(/✓ test\/servers\/db\.test\.ts/);
    expect(output).toMatch(/✓ test\/servers\/dice\.test\.ts/);
    expect(output).toMatch(/ 0 failed, 0 skipped/);
  });
});
