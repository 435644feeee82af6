/** The tests on a machine that has no container engine, Terraform, Python, Go or QEMU: green, and loud about what was not run. */
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
/** Suites with programs of other projects, and the message of each: the missing program, and the command that runs the suite. */
const FOREIGN: Record<string, RegExp> = {
  'foreign/aws-cli/aws-cli.test.ts': /no Python 3\.11 .*then: npm run test:aws-cli/,
  'foreign/aws-cli/dynamodb.test.ts': /no Python 3\.11 .*then: npm run test:aws-cli/,
  'foreign/aws-runtime-core/control-plane.test.ts': /no Go .*then: npm run test:runtime-api/,
  'foreign/aws-runtime-core/tenants.test.ts': /no Go .*then: npm run test:runtime-api/,
  'foreign/opentofu/opentofu.test.ts': /no Go, .*then: npm run test:tofu/,
  'foreign/policies/deployer.test.ts': /terraform is not on PATH.*then: npm run test:terraform/,
  'foreign/python-clients/python-clients.test.ts': /no Python 3\.11 .*then: npm run test:python-clients/,
  'foreign/runtime-api/runtime-api.test.ts': /no Go .*then: npm run test:runtime-api/,
  'foreign/scanners/scanners.test.ts':
    /no Python 3\.11 .*then: npm run scan[\s\S]*actionlint .*then: npm run scan[\s\S]*tflint .*then: npm run scan/,
  'foreign/snap-start.test.ts': /no gcc, .*then: npm run test:runtime-api/,
  'snapshot/uniqueness.test.ts': /No virtual machine .*then: npm run test:snapshot/,
};

async function runSuites(
  env: Record<string, string>,
  suites = SUITES,
): Promise<{ code: number; output: string }> {
  const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs');
  const child = spawn(process.execPath, [vitest, 'run', ...suites], {
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
    /NOT RUN: a (deployment|message.*); a (deployment|message.*)\nterraform is not on PATH.*npm run test:terraform/,
  );
  expect([code, end]).toEqual([0, expect.stringMatching(/0 passed, 0 failed, 3 skipped\s*$/)]);
});

test('suites with programs of other projects pass, and print the missing program and the command that runs them', async () => {
  const { code, output } = await runSuites(
    {},
    Object.keys(FOREIGN).map(file => `test/framework/${file}`),
  );
  const end = output.slice(output.indexOf('NOT RUN'));
  for (const message of Object.values(FOREIGN)) expect(end).toMatch(message);
  expect([code, end]).toEqual([0, expect.stringMatching(/\n0 passed, 0 failed, 13 skipped\s*$/)]);
});

test('where CI asks for every test, they fail and say the same, also in one line each at the end', async () => {
  const { code, output } = await runSuites({ CI: 'true' });
  expect(output.match(/^FAILED: test\/framework\/\S+\.test\.ts: .+$/gm)?.toSorted()).toEqual([
    expect.stringContaining('No container engine works on this machine'),
    expect.stringContaining('terraform is not on PATH'),
    expect.stringContaining('terraform is not on PATH'),
  ]);
  expect([code, /\d+ passed.*skipped/.exec(output)?.[0]]).toEqual([1, '0 passed, 3 failed, 0 skipped']);
});
