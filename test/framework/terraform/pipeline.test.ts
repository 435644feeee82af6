/** A pipeline used with Terraform: it pushes an image for every commit (publish.yml) and deploys some of them (deploy.yml). */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ROOT } from '../../helpers/local-lambda.ts';
import { expireImages } from './fake-provider/aws/lifecycle.ts';
import { Deployment } from './helpers/deployment.ts';
import { isCommand, lineOf } from './helpers/journal.ts';
import { describeTerraform, Terraform } from './helpers/terraform.ts';
import { ACCOUNT, REGION } from './publish-image/fake/machine.ts';

// Each test runs Terraform several times.

const REPOSITORY = `${ACCOUNT}.dkr.ecr.${REGION}.amazonaws.com/mcp`;
const PUBLICATION = 'module.image[0].terraform_data.publication[0]';

let terraform: Terraform;
let deployment: Deployment;
beforeEach(async () => {
  terraform = await Terraform.start();
  deployment = new Deployment(terraform, '', ['observability={enabled=false}']);
  await deployment.init();
  await deployment.apply();
});
afterEach(() => terraform?.[Symbol.dispose]());

const digestOf = (index: number): string => `sha256:${String(index).padStart(64, '0')}`;
const commands = (): string[] => terraform.machine.journal.filter(isCommand).map(lineOf);

/** Pushes images as publish.yml does, one per commit. */
function pushCommits(count: number): void {
  const pushed = Array.from({ length: count }, (_, index) => [`arm64-commit${index}`, digestOf(index)]);
  terraform.machine.setTags('mcp', { ...terraform.machine.tags('mcp'), ...Object.fromEntries(pushed) });
}

describeTerraform('images that are pushed and not deployed', () => {
  test('do not make the deployed image expire', async () => {
    const deployed = terraform.account.need('aws_lambda_function', 'mcp', '').image_uri;
    pushCommits(20);
    expireImages(terraform.account, 'mcp');
    const left = Object.values(terraform.machine.tags('mcp') ?? {});
    expect(left.map(digest => `${REPOSITORY}@${digest}`)).toContain(deployed);
    expect(new Set(left).size).toBe(11);
    expect(await deployment.pending()).toBe(0);
  });
});

describeTerraform('a deployed image that no longer exists', () => {
  test('is built and pushed again with -replace, as in terraform/README.md', async () => {
    terraform.machine.setTags('mcp', {});
    const blocked = await terraform.run(deployment.folder, 'plan', ...deployment.flags());
    expect(blocked).toMatchObject({ status: 1, output: expect.stringContaining("couldn't find resource") });
    const replace = `-replace=${PUBLICATION}`;
    expect(readFileSync(join(ROOT, 'terraform/README.md'), 'utf8')).toContain(`-replace='${PUBLICATION}'`);
    await terraform.succeed(deployment.folder, 'apply', '-auto-approve', replace, ...deployment.flags());
    expect(Object.keys(terraform.machine.tags('mcp') ?? {})).toEqual([
      expect.stringMatching(/^arm64-[0-9a-f]{32}$/),
      expect.stringMatching(/^live-arm64-[0-9a-f]{32}$/),
    ]);
    expect(await deployment.pending()).toBe(0);
  });

  test('does not prevent destroy without a refresh', async () => {
    terraform.machine.setTags('mcp', {});
    await terraform.succeed(
      deployment.folder,
      'destroy',
      '-auto-approve',
      '-refresh=false',
      ...deployment.flags(),
    );
    expect(terraform.account.inventory()).toEqual([]);
  });
});

describeTerraform('with deployed_elsewhere', () => {
  /** Returns the script of deploy.yml. */
  function workflowScript(): string {
    const text = readFileSync(join(ROOT, '.github/workflows/deploy.yml'), 'utf8');
    const [, script = ''] = /run: \|\n((?: {10}.*\n)*)/.exec(text) ?? [];
    return script.replace(/^ {10}/gm, '');
  }

  test('Terraform does not change the image and alias that the pipeline deployed, and vice versa', async () => {
    const { account, machine } = terraform;
    const uri = await deployment.output('image_uri');
    const elsewhere = `deployed_elsewhere={initial_digest="${uri.split('@')[1]}"}`;
    expect(await deployment.changes(elsewhere)).toEqual({
      [PUBLICATION]: ['delete'],
      'aws_ssm_parameter.image_digest[0]': ['create'],
    });
    await deployment.apply(elsewhere);
    const parameter = await deployment.output('image_parameter_name');

    pushCommits(1);
    const before = commands().length;
    const env = { DIGEST: digestOf(0), REPOSITORY, FUNCTION: 'mcp', IMAGE_PARAMETER: parameter };
    expect(await terraform.shell(deployment.root, workflowScript(), [], env)).toMatchObject({ status: 0 });
    expect(
      commands()
        .slice(before)
        .map(line => line.split(' ').slice(0, 3).join(' ')),
    ).toEqual([
      'aws ecr batch-get-image',
      'aws ecr put-image',
      'aws lambda update-function-code',
      'aws lambda wait',
      'aws lambda update-alias',
      'aws ssm put-parameter',
    ]);
    expect(machine.tags('mcp')).toMatchObject({ [`live-${digestOf(0).slice(7)}`]: digestOf(0) });
    // The effect of those commands on the account.
    const image_uri = `${REPOSITORY}@${digestOf(0)}`;
    account.change('aws_lambda_function', 'mcp', {
      image_uri,
      version: '2',
      code_sha256: digestOf(0).slice(7),
    });
    account.change('aws_lambda_alias', 'mcp:live', { function_version: '2' });
    account.change('aws_ssm_parameter', parameter, { insecure_value: digestOf(0) });

    expect(await deployment.changes(elsewhere)).toEqual({});
    await deployment.apply(elsewhere, 'memory_size=1024');
    expect(account.get('aws_lambda_function', 'mcp')).toMatchObject({
      image_uri,
      memory_size: 1024,
      version: '3',
    });
    expect(account.get('aws_lambda_alias', 'mcp:live')).toMatchObject({ function_version: '3' });
    expect(await deployment.pending(elsewhere, 'memory_size=1024')).toBe(0);
    expect(
      commands()
        .slice(before)
        .filter(line => line.startsWith('docker')),
    ).toEqual([]);
    await deployment.destroy(elsewhere);
    expect(account.inventory()).toEqual([]);
  });
});
