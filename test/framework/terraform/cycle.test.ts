/**
 * The life cycle of a deployment, in order: apply, an empty plan, a change of the sources, a failed push, a rollback, a rotation of
 * the token, destroy. Terraform and publish-image are real; AWS, docker and aws are fakes that write every operation into one
 * journal.
 */
import { createHash } from 'node:crypto';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Attributes } from './fake-provider/values.ts';
import { Deployment } from './helpers/deployment.ts';
import { expectOrder, isCommand, lineOf } from './helpers/journal.ts';
import { tooWide } from './helpers/policies.ts';
import { describeTerraform, Terraform } from './helpers/terraform.ts';
import { ACCOUNT, REGION } from './publish-image/fake/machine.ts';

// Each test runs Terraform several times.

const REPOSITORY = `${ACCOUNT}.dkr.ecr.${REGION}.amazonaws.com/mcp`;
const PUBLICATION = 'module.image[0].terraform_data.publication[0]';
const FUNCTION = 'module.lambda.aws_lambda_function.this';
const MCP_SECRET = 'ssm:/mcp-on-lambda/mcp/secret';
const ALIAS = 'module.lambda.aws_lambda_alias.live';

let terraform: Terraform;
let deployment: Deployment;
beforeAll(async () => {
  terraform = await Terraform.start();
  deployment = new Deployment(terraform);
  // Slow resources, so that a resource that does not wait for them fails.
  terraform.account.latency = {
    aws_ecr_repository_policy: 2500,
    aws_lambda_function_url: 100,
    aws_lambda_permission: 100,
  };
});
afterAll(() => terraform?.[Symbol.dispose]());

/** Returns the operations since the last call, one per line. */
let seen = 0;
function news(): string[] {
  const { journal } = terraform.machine;
  const lines = journal.slice(seen).map(lineOf);
  seen = journal.length;
  return lines;
}

const theFunction = (): Attributes =>
  terraform.account.need('aws_lambda_function', 'mcp', 'There is no function');
const theAlias = (): Attributes =>
  terraform.account.need('aws_lambda_alias', 'mcp:live', 'There is no alias');
const settings = (): Record<string, string> => {
  const [environment] = theFunction().environment as { variables: Record<string, string> }[];
  return environment?.variables ?? {};
};
const sha256 = (value: string): string => createHash('sha256').update(value).digest('hex');
const tags = (): Record<string, string> => terraform.machine.tags('mcp') ?? {};

describeTerraform('a deployment', () => {
  let firstTag: string;
  let firstUrl: string;
  let firstToken: string;

  test('is created by one apply, in an order that AWS accepts', async () => {
    await deployment.init();
    await deployment.apply();
    const lines = news();
    [firstTag = ''] = Object.keys(tags());

    const push = `docker push ${REPOSITORY}:${firstTag}`;
    expectOrder(
      lines,
      'create aws_ecr_repository mcp',
      'create aws_ecr_repository_policy',
      'docker buildx build',
      push,
      'create aws_lambda_function',
    );
    expectOrder(
      lines,
      'create aws_cloudwatch_log_group /aws/lambda/mcp',
      'create aws_iam_role_policy',
      'create aws_lambda_function',
    );
    expectOrder(
      lines,
      'create aws_lambda_function mcp',
      'create aws_lambda_alias mcp:live',
      'create aws_lambda_function_url mcp:live',
      'create aws_lambda_permission mcp:live McpInvokeFunctionUrl-public',
      'create aws_lambda_permission mcp:live McpInvokeFunction-public',
    );
  });

  test('pushes one image for the architecture of the function, and pins it by the registry’s digest', () => {
    const commands = terraform.machine.journal.filter(isCommand).map(lineOf);
    expect(commands.filter(line => line.startsWith('docker push'))).toHaveLength(1);
    expect(commands.find(line => line.startsWith('docker buildx build'))).toMatch(
      new RegExp(
        `--provenance=false --sbom=false --platform linux/arm64 --tag ${REPOSITORY}:arm64-[0-9a-f]{32} --file ${deployment.root}/Dockerfile ${deployment.root}$`,
      ),
    );
    expect(theFunction()).toMatchObject({
      architectures: ['arm64'],
      image_uri: `${REPOSITORY}@${tags()[firstTag]}`,
      image_config: [{ command: ['handler.stream'] }],
      package_type: 'Image',
      reserved_concurrent_executions: 10,
    });
  });

  test('has the tag that publish-image creates from the same sources', async () => {
    const script = join(deployment.root, 'scripts/publish-image');
    await terraform.shell(deployment.root, `${script} --repository ${REPOSITORY}`);
    const [looked = ''] = news();
    expect(looked).toContain(`imageTag=${firstTag} `);
  });

  test('has the outputs in the README', async () => {
    const outputs = await deployment.outputs();
    firstUrl = await deployment.output('mcp_url');
    firstToken = await deployment.output('mcp_token');
    expect(firstUrl).toMatch(new RegExp(`^https://[0-9a-f]{32}\\.lambda-url\\.${REGION}\\.on\\.aws/mcp$`));
    expect(firstToken).toMatch(/^[A-Za-z0-9]{43}$/);
    expect(
      Object.entries(outputs)
        .filter(([, { sensitive }]) => sensitive)
        .map(([name]) => name),
    ).toEqual(['claude_desktop', 'mcp_token']);
    expect(outputs).toMatchObject({
      claude_code: { value: expect.stringContaining(`claude mcp add --transport http mcp ${firstUrl} `) },
      image_uri: { value: theFunction().image_uri },
      latest_version: { value: '1' },
      pinned_version: { value: '1' },
      repository_url: { value: REPOSITORY },
      token_command: { value: 'export MCP_TOKEN="$(terraform output -raw mcp_token)"' },
    });
  });

  test('has commands as outputs that work unchanged', async () => {
    const token = (await deployment.outputs()).token_command?.value;
    const printed = await terraform.shell(deployment.folder, `${token}; printf %s "$MCP_TOKEN"`);
    expect(printed.stdout).toBe(firstToken);
    const script = `claude() { printf '%s\\n' "$@"; }; ${await deployment.output('claude_code')}`;
    const added = await terraform.shell(deployment.folder, script, [], { MCP_TOKEN: 'the-token' });
    expect(added.stdout.split('\n').slice(0, 8)).toEqual([
      'mcp',
      'add',
      '--transport',
      'http',
      'mcp',
      firstUrl,
      '--header',
      'Authorization: Bearer the-token',
    ]);
    const without = await terraform.shell(deployment.folder, script);
    expect(without).toMatchObject({
      status: 1,
      output: expect.stringContaining('MCP_TOKEN: is not set, see token_command'),
    });
  });

  test('passes only the digest of the token to the function; the token and MCP_SECRET are in no resource, command line or other output', async () => {
    expect(settings()).toEqual({ MCP_AUTH: 'token', MCP_TOKEN_SHA256: sha256(firstToken), MCP_SECRET });
    expect(JSON.stringify(terraform.machine.journal)).not.toContain(firstToken);
    const { claude_desktop, mcp_token, ...others } = await deployment.outputs();
    expect(JSON.stringify({ claude_desktop, mcp_token })).toContain(firstToken);
    expect(JSON.stringify(others)).not.toContain(firstToken);
    const shown = (await terraform.run(deployment.folder, 'show')).output;
    expect(shown).not.toContain(firstToken);
    const secret = terraform.account.secrets.get('/mcp-on-lambda/mcp/secret');
    expect(secret).toMatch(/^[A-Za-z0-9]{64}$/);
    expect([shown, JSON.stringify([terraform.machine.journal, others])].join()).not.toContain(secret);
  });

  test('has both permissions for the public URL, besides those that the provider adds', () => {
    expect(terraform.account.statements('mcp:live')).toEqual([
      'FunctionURLAllowInvokeAction',
      'FunctionURLAllowPublicAccess',
      'McpInvokeFunction-public',
      'McpInvokeFunctionUrl-public',
    ]);
  });

  test('grants no permission that is too broad', () => {
    expect(tooWide(terraform.account)).toEqual([]);
  });

  test('has an empty plan afterwards, and an empty apply calls no program', async () => {
    news();
    expect(await deployment.pending()).toBe(0);
    await deployment.apply();
    expect(news()).toEqual([]);
  });

  test('is not changed by a change of the documentation', async () => {
    appendFileSync(join(deployment.root, 'app/framework/local-lambda/README.md'), '\nMore.\n');
    expect(await deployment.pending()).toBe(0);
  });

  test('is changed by new sources in the publication, the function and the alias only', async () => {
    appendFileSync(join(deployment.root, 'app/routes.ts'), '\n// A change.\n');
    expect(await deployment.changes()).toEqual({
      [PUBLICATION]: ['create', 'delete'],
      [FUNCTION]: ['update'],
      [ALIAS]: ['update'],
    });
    await deployment.apply();
    const [tag = ''] = Object.keys(tags()).filter(name => name.startsWith('arm64-') && name !== firstTag);
    expectOrder(
      news(),
      `docker push ${REPOSITORY}:${tag}`,
      'update aws_lambda_function mcp',
      'update aws_lambda_alias mcp:live',
    );
    expect(theFunction()).toMatchObject({ image_uri: `${REPOSITORY}@${tags()[tag]}`, version: '2' });
    expect(theAlias().function_version).toBe('2');
    expect(await deployment.output('mcp_url')).toBe(firstUrl);
    expect(await deployment.output('mcp_token')).toBe(firstToken);
    expect(await deployment.pending()).toBe(0);
  });

  test('needs no build for previous sources, whose image still exists', async () => {
    const file = join(deployment.root, 'app/routes.ts');
    const changed = readFileSync(file, 'utf8');
    writeFileSync(file, changed.replace('\n// A change.\n', ''));
    await deployment.apply();
    expect(news().filter(line => line.startsWith('docker'))).toEqual([]);
    expect(theFunction()).toMatchObject({ image_uri: `${REPOSITORY}@${tags()[firstTag]}`, version: '3' });
    writeFileSync(file, changed);
    await deployment.apply();
    expect(theFunction().version).toBe('4');
    news();
  });

  test('is not changed by a failed push, which prints what to do, and is updated by the next apply', async () => {
    appendFileSync(join(deployment.root, 'app/routes.ts'), '// Another.\n');
    terraform.machine.answers = { stopped: ['docker'] };
    const failed = await terraform.run(deployment.folder, 'apply', '-auto-approve');
    expect(failed).toMatchObject({
      status: 1,
      output: expect.stringMatching(/A container engine is installed, but not running/),
    });
    expect(news().filter(line => /^(create|update|delete)/.test(line))).toEqual([]);
    terraform.machine.answers = {};
    await deployment.apply();
    expect(theAlias().function_version).toBe('5');
    expect(await deployment.pending()).toBe(0);
    news();
  });

  test('changes only the alias in a rollback, which the plan reports until it ends', async () => {
    expect(await deployment.changes('pinned_version=2')).toEqual({ [ALIAS]: ['update'] });
    await deployment.apply('pinned_version=2');
    expect(news()).toEqual(['update aws_lambda_alias mcp:live']);
    expect(theAlias().function_version).toBe('2');
    expect(await deployment.output('latest_version')).toBe('5');
    const { output } = await terraform.run(deployment.folder, 'plan', '-var=pinned_version=2');
    expect(output).toContain('Callers reach version 2');
    expect(output).toContain('No changes.');
  });

  test('rejects a rollback to a version that does not exist, before any change', async () => {
    const { status, output } = await terraform.run(
      deployment.folder,
      'apply',
      '-auto-approve',
      '-var=pinned_version=6',
    );
    expect(status).toBe(1);
    expect(output).toContain('There is no version 6 to roll back to: the newest is 5.');
    expect(output).toContain('aws lambda list-versions-by-function --function-name mcp');
    expect(news()).toEqual([]);
  });

  test('changes only the alias when the rollback ends', async () => {
    await deployment.apply();
    expect(news()).toEqual(['update aws_lambda_alias mcp:live']);
    expect(theAlias().function_version).toBe('5');
  });

  test('accepts the old and the new token during a rotation, without a build, until token_keep_previous is false', async () => {
    expect(await deployment.changes('token_generation=2')).toEqual({
      'random_password.token["2"]': ['create'],
      [FUNCTION]: ['update'],
      [ALIAS]: ['update'],
    });
    await deployment.apply('token_generation=2');
    const token = await deployment.output('mcp_token');
    expect(token).not.toBe(firstToken);
    expect(settings().MCP_TOKEN_SHA256).toBe(`${sha256(token)},${sha256(firstToken)}`);

    await deployment.apply('token_generation=2', 'token_keep_previous=false');
    expect(settings().MCP_TOKEN_SHA256).toBe(sha256(token));
    expect(await deployment.output('mcp_token')).toBe(token);
    expect(news().filter(line => line.startsWith('docker'))).toEqual([]);
    expect(JSON.stringify(terraform.machine.journal)).not.toContain(token);
  });

  test('updates the URL in place and removes its permissions when auth changes to iam', async () => {
    expect(await deployment.changes('auth=iam')).toEqual({
      'random_password.token["2"]': ['delete'],
      [FUNCTION]: ['update'],
      [ALIAS]: ['update'],
      'module.function_url[0].aws_lambda_function_url.this': ['update'],
      'module.function_url[0].aws_lambda_permission.invoke["public"]': ['delete'],
      'module.function_url[0].aws_lambda_permission.url["public"]': ['delete'],
    });
    await deployment.apply('auth=iam');
    expect(settings()).toEqual({ MCP_AUTH: 'iam', MCP_SECRET });
    expect(await deployment.output('mcp_url')).toBe(firstUrl);
    // The provider adds these outside the state; they allow no caller (terraform/modules/function-url).
    expect(terraform.account.statements('mcp:live')).toEqual([
      'FunctionURLAllowInvokeAction',
      'FunctionURLAllowPublicAccess',
    ]);
  });

  test('publishes a version with a snapshot for SnapStart, and one without when it is off again', async () => {
    const snapshots = (): unknown => theFunction().snap_start;
    expect(await deployment.changes('auth=iam', 'snap_start=true')).toEqual({
      [FUNCTION]: ['update'],
      [ALIAS]: ['update'],
    });
    const before = Number(theAlias().function_version);
    await deployment.apply('auth=iam', 'snap_start=true');
    expect(snapshots()).toMatchObject([{ apply_on: 'PublishedVersions' }]);
    expect(theAlias().function_version).toBe(String(before + 1));
    expect(await deployment.output('max_monthly_cost')).toMatch(
      /the snapshots of 1 published version\(s\) \(\$2\.01\)/,
    );
    expect(await deployment.pending('auth=iam', 'snap_start=true')).toBe(0);

    const { status, output } = await terraform.run(
      deployment.folder,
      'plan',
      '-var=auth=iam',
      '-var=snap_start=true',
      '-var=provisioned_concurrency=1',
    );
    expect(status).toBe(1);
    expect(output).toContain('snap_start and provisioned_concurrency exclude each other');

    await deployment.apply('auth=iam');
    expect(snapshots()).toEqual([]);
    expect(theAlias().function_version).toBe(String(before + 2));
  });

  test('is removed completely by one destroy', async () => {
    news();
    await deployment.destroy('auth=iam');
    const lines = news();
    expectOrder(
      lines,
      'delete aws_lambda_function_url',
      'delete aws_lambda_alias',
      'delete aws_lambda_function mcp',
      'delete aws_cloudwatch_log_group',
    );
    expectOrder(lines, 'delete aws_lambda_function mcp', 'delete aws_iam_role mcp');
    expect(terraform.account.inventory()).toEqual([]);
    expect(terraform.machine.tags('mcp')).toBeUndefined();
  });
});
