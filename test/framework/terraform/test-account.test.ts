/** `npm run test:account` with the fake provider: it passes a correct deployment, and reports a fault in each step. */
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ROOT } from '../../helpers/local-lambda.ts';
import type { Misbehaviour } from './fake-provider/aws/account.ts';
import { describeTerraform, Terraform } from './helpers/terraform.ts';
import { ACCOUNT, type Answers } from './publish-image/fake/machine.ts';

let terraform: Terraform;
beforeEach(async () => {
  terraform = await Terraform.start();
  terraform.machine.install('npm');
  terraform.machine.answers = { account: ACCOUNT };
});
afterEach(() => terraform?.[Symbol.dispose]());

/** Runs the program with a typed confirmation. */
async function trial(endpoint: string, answer = ACCOUNT) {
  const program = join(ROOT, 'scripts/test-account/main.ts');
  const script = `printf '%s\\n' "$1" | "$2" "$3" --account ${ACCOUNT} --endpoint ${endpoint} --wait 0`;
  const env = { TMPDIR: terraform.machine.folder };
  return await terraform.shell(terraform.machine.folder, script, [answer, process.execPath, program], env);
}

/** Returns the result of each step in the report. */
const resultsIn = (report: string): Record<string, string | undefined> =>
  Object.fromEntries(
    [...report.matchAll(/^\| (.+?) \| (?:\*\*)?(passed|failed)/gm)].map(([, step, result]) => [step, result]),
  );

describeTerraform('npm run test:account', () => {
  test.each(['function-url', 'rest-api'])(
    'passes for %s, leaves no resources, and writes a report in Markdown',
    async endpoint => {
      const { status, stdout, output } = await trial(endpoint);
      expect(resultsIn(stdout)).toEqual({
        apply: 'passed',
        doctor: 'passed',
        'a plan without changes is empty': 'passed',
        'a change of the sources publishes a version': 'passed',
        'a rollback, and forward again': 'passed',
        'a change of the authentication, from a token to signatures': 'passed',
        destroy: 'passed',
        'nothing is left, by tag and by name': 'passed',
      });
      expect(stdout).not.toContain(ACCOUNT);
      expect(output).toMatch(
        /In account 123456789012, region eu-west-1, named mcp-trial-[0-9a-f]{6}: \d+ resources/,
      );
      expect(output).toContain('The worst month costs about $');
      expect(terraform.account.inventory()).toEqual([]);
      expect(status).toBe(0);
    },
  );

  test.each<[string, Misbehaviour, Answers]>([
    ['apply', {}, { buildFails: 'no space left' }],
    ['doctor', {}, { doctorFails: 'always' }],
    ['a plan without changes is empty', { drifts: 'aws_lambda_function' }, {}],
    ['a change of the sources publishes a version', { ignoresUpdates: 'aws_lambda_function' }, {}],
    ['a rollback, and forward again', { ignoresRollbacks: true }, {}],
    ['a change of the authentication, from a token to signatures', {}, { doctorFails: 'with signatures' }],
    ['nothing is left, by tag and by name', { stays: 'aws_cloudwatch_log_group' }, {}],
  ])('reports a fault in the step: %s', async (step, misbehaviour, answers) => {
    terraform.account.misbehaviour = misbehaviour;
    terraform.machine.answers = { account: ACCOUNT, ...answers };
    const { status, stdout, output } = await trial('function-url');
    const failed = Object.entries(resultsIn(stdout)).filter(([, result]) => result === 'failed');
    expect(
      failed.map(([title]) => title),
      output,
    ).toEqual([step]);
    expect(resultsIn(stdout)).toHaveProperty('destroy', 'passed');
    expect(status).toBe(1);
  });

  test.each([
    ['the confirmation is wrong', 'yes', ACCOUNT, ''],
    ['the credentials belong to another account', ACCOUNT, '210987654321', 'Nothing was created.'],
  ])('creates no resources if %s', async (_, answer, account, message) => {
    terraform.machine.answers = { account };
    const { status, output } = await trial('function-url', answer);
    expect(status).toBe(2);
    expect(output).toContain(message);
    expect(terraform.account.inventory()).toEqual([]);
  });
});
