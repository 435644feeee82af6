/** The tests on a machine without a container engine and Terraform: they pass, and the summary lists the skipped suites. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, expect, test } from 'vitest';
import { ROOT } from '../../../helpers/local-lambda.ts';

/** A PATH without any program. */
const nothing = mkdtempSync(join(tmpdir(), 'nothing-'));
afterAll(() => rmSync(nothing, { recursive: true }));

const SUITES = [
  'test/framework/image/image.test.ts',
  'test/framework/terraform/messages.test.ts',
  'test/framework/terraform/cycle.test.ts',
];

async function runSuites(env: Record<string, string>): Promise<{ code: number; output: string }> {
  const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs');
  const child = spawn(process.execPath, [vitest, 'run', ...SUITES], {
    cwd: ROOT,
    env: { PATH: nothing, HOME: process.env.HOME, NO_COLOR: '1', FIXTURE_IS_BUILT: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited = new Promise<number>(resolve => child.once('close', code => resolve(code ?? -1)));
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { code: await exited, output: stdout + stderr };
}

test('suites without their programs are skipped, and the summary says which were skipped and how to run them', async () => {
  const { code, output } = await runSuites({});
  const end = output.slice(output.indexOf('NOT RUN'));
  expect(end).toMatch(
    /NOT RUN: the image\nNo container engine works .*docker: not on PATH; podman: not on PATH.*Install or start Docker or Podman, then: npm run test:image/,
  );
  expect(end).toMatch(
    /NOT RUN: a (deployment|bad value.*); a (deployment|bad value.*)\nterraform is not on PATH.*npm run test:terraform/,
  );
  expect([code, end]).toEqual([0, expect.stringMatching(/0 passed, 0 failed, 3 skipped\s*$/)]);
});

test('suites without their programs fail in CI, with the same summary', async () => {
  const { code, output } = await runSuites({ CI: 'true' });
  expect(output).toContain('No container engine works on this machine');
  expect([code, /\d+ passed.*skipped/.exec(output)?.[0]]).toEqual([1, '0 passed, 3 failed, 0 skipped']);
});
