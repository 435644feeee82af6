/** Rules of a real account: what it accepts and rejects, and what deployments share in it. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { deliverLate, executeApiIsOpen, notRenewable } from './fake-provider/aws/gateway.ts';
import type { Attributes } from './fake-provider/values.ts';
import { Deployment } from './helpers/deployment.ts';
import { statements, tooWide } from './helpers/policies.ts';
import { describeTerraform, Terraform } from './helpers/terraform.ts';
import { ACCOUNT, REGION } from './publish-image/fake/machine.ts';

// Each test runs Terraform several times.

const DIGEST = `sha256:${'a'.repeat(64)}`;
const QUIET = 'observability={enabled=false}';
const REST = ['endpoint=rest-api', 'manage_api_gateway_account=true'];
const ZONE = ['domain_name=mcp.example.com', 'hosted_zone={id="Z1"}'];

let terraform: Terraform;
beforeEach(async () => {
  terraform = await Terraform.start();
});
afterEach(() => terraform?.[Symbol.dispose]());

/** Creates a deployment of an existing image. */
async function deploymentIn(region: string, always: readonly string[] = [], suffix = 'amazonaws.com') {
  terraform.machine.setTags('own', { v1: DIGEST }, region);
  const image = `image_uri=${ACCOUNT}.dkr.ecr.${region}.${suffix}/own@${DIGEST}`;
  const deployment = new Deployment(terraform, '', [`region=${region}`, image, ...always]);
  await deployment.init();
  return deployment;
}

const all = (type: string): Attributes[] => terraform.account.all(type);

/** Runs a plan with these variables. Returns its status and its output. */
async function plan(deployment: Deployment, ...variables: string[]) {
  const { status, output } = await terraform.run(deployment.folder, 'plan', ...deployment.flags(variables));
  return { status, output: output.replaceAll(/\s+/g, ' ') };
}

describeTerraform('a deployment in another partition', () => {
  const cases = [
    ['aws-us-gov', 'us-gov-west-1', 'amazonaws.com'],
    ['aws-eusc', 'eusc-de-east-1', 'amazonaws.eu'],
    ['aws-cn', 'cn-northwest-1', 'amazonaws.com.cn'],
  ] as const;

  test.each(cases)(
    'accepts the longest name, has a permissions boundary on every role and no budget: %s',
    async (...given) => {
      const [partition, region, dns_suffix] = given;
      terraform.account.partition = { partition, dns_suffix };
      const boundary = `arn:${partition}:iam::${ACCOUNT}:policy/boundary`;
      const name = `a${'-very-long-name-of-a-server'.repeat(2)}`.slice(0, 40);
      const variables = [...REST, 'authorizer=lambda', `name=${name}`, `permissions_boundary=${boundary}`];
      const deployment = await deploymentIn(region, variables, dns_suffix);
      await deployment.apply();
      expect(all('aws_iam_role')).toHaveLength(3);
      for (const { name: role, permissions_boundary } of all('aws_iam_role'))
        expect(permissions_boundary, String(role)).toBe(boundary);
      expect(all('aws_budgets_budget')).toEqual([]);
      expect(JSON.stringify(terraform.account.inventory())).not.toContain('arn:aws:');
      const console_ = {
        'aws-us-gov': 'amazonaws-us-gov.com',
        'aws-eusc': 'amazonaws-eusc.eu',
        'aws-cn': 'amazonaws.cn',
      };
      expect(await deployment.output('dashboard_url')).toContain(`.console.${console_[partition]}/`);
      await deployment.destroy();
      expect(terraform.account.inventory()).toEqual([]);
    },
  );
});

describeTerraform('the default URL of a REST API with a domain', () => {
  test('is disabled when a domain is added, and enabled when it is removed', async () => {
    const deployment = await deploymentIn(REGION, [QUIET, ...REST]);
    await deployment.apply();
    expect(executeApiIsOpen(terraform.account)).toBe(true);
    await deployment.apply(...ZONE);
    expect(executeApiIsOpen(terraform.account)).toBe(false);
    await deployment.apply();
    expect(executeApiIsOpen(terraform.account)).toBe(true);
  });
});

describeTerraform('two deployments with the same name', () => {
  test('in two regions have a dashboard each, and destroying one keeps the other', async () => {
    const here = await deploymentIn(REGION);
    const there = await deploymentIn('us-east-1');
    await here.apply();
    await there.apply();
    expect(all('aws_cloudwatch_dashboard')).toHaveLength(2);
    await there.destroy();
    expect(await here.pending()).toBe(0);
    expect(await here.output('dashboard_url')).toContain(
      String(all('aws_cloudwatch_dashboard')[0]?.dashboard_name),
    );
  });
});

describeTerraform('a certificate for a name that has one already', () => {
  const OTHER = {
    zone_id: 'Z1',
    name: '_proof.mcp.example.com.',
    type: 'CNAME',
    fqdn: '_proof.mcp.example.com',
  };

  test('does not change the validation record of the other certificate', async () => {
    // The validation record of another certificate for this name, which is not part of this configuration.
    terraform.account.put('aws_route53_record', 'Z1 _proof.mcp.example.com. CNAME', OTHER);
    const deployment = await deploymentIn(REGION, [QUIET, ...REST, 'domain_name=mcp.example.com']);
    const refused = await terraform.run(
      deployment.folder,
      'apply',
      '-auto-approve',
      ...deployment.flags(['hosted_zone={id="Z1"}']),
    );
    expect(refused.output).toContain('but it already exists');

    const shared = 'hosted_zone={id="Z1",validation_record=false}';
    await deployment.apply(shared);
    expect(notRenewable(terraform.account)).toEqual([]);
    await deployment.destroy(shared);
    expect(terraform.account.inventory()).toEqual(['aws_route53_record Z1 _proof.mcp.example.com. CNAME']);
  });
});

describeTerraform('the logs of an API', () => {
  test('of a REST API are not created again after destroy', async () => {
    const deployment = await deploymentIn(REGION, [QUIET, ...REST]);
    await deployment.apply();
    deliverLate(terraform.account, '/aws/apigateway/mcp-rest');
    await deployment.destroy();
    // API Gateway creates this log group to test the role (terraform/README.md).
    expect([...terraform.account.leftBehind]).toEqual(['/aws/apigateway/welcome']);
  });

  test('of an HTTP API are delivered even if the account’s log policy is full', async () => {
    terraform.account.logPolicyFull = true;
    const deployment = await deploymentIn(REGION, [QUIET, 'endpoint=http-api']);
    await deployment.apply();
    expect(await deployment.output('access_log_group_name')).toBe('/aws/vendedlogs/apigateway/mcp-http');
  });
});

describeTerraform('a plan', () => {
  test('requires a value for the account’s role for the logs of REST APIs', async () => {
    const deployment = await deploymentIn(REGION);
    const { status, output } = await plan(deployment, 'endpoint=rest-api');
    expect([status, output]).toEqual([1, expect.stringContaining('aws apigateway get-account')]);
  });

  test.each([
    [
      ['endpoint=http-api', 'iam={principals=["arn:aws:iam::111122223333:root"]}'],
      'An HTTP API has no resource policy',
    ],
    [[...REST, 'iam={principals=["*"]}'], 'iam.principals must be ARNs without *'],
    [['iam={principals=["*"]}'], 'iam.principals must be ARNs without *'],
  ])('rejects the variables %j', async (variables, message) => {
    const deployment = await deploymentIn(REGION);
    const { status, output } = await plan(deployment, 'auth=iam', ...variables);
    expect([status, output]).toEqual([1, expect.stringContaining(message)]);
  });

  test('warns if the function’s timeout exceeds the 29 s that a REST API waits', async () => {
    const deployment = await deploymentIn(REGION, [QUIET]);
    const { status, output } = await plan(deployment, ...REST, 'streaming=false', 'timeout=60');
    expect([status, output]).toEqual([0, expect.stringContaining('after 29 seconds')]);
    const streaming = await plan(deployment, ...REST, 'timeout=60');
    expect(streaming.output).not.toContain('after 29 seconds');
  });
});

describeTerraform('a KMS key', () => {
  const KEY = `arn:aws:kms:${REGION}:${ACCOUNT}:key/11111111-2222-3333-4444-555555555555`;

  test('encrypts all data that a deployment stores, and the roles may use it', async () => {
    const deployment = new Deployment(terraform, '', [
      `kms_key_arn=${KEY}`,
      'tasks={enabled=true}',
      'timeout=900',
    ]);
    await deployment.init();
    await deployment.apply(...REST, 'authorizer=lambda');
    const keys = [
      ...all('aws_lambda_function').map(({ kms_key_arn }) => kms_key_arn),
      ...all('aws_cloudwatch_log_group').map(({ kms_key_id }) => kms_key_id),
      ...all('aws_sns_topic').map(({ kms_master_key_id }) => kms_master_key_id),
      ...all('aws_sqs_queue').map(({ kms_master_key_id }) => kms_master_key_id),
      ...all('aws_dynamodb_table').flatMap(({ server_side_encryption }) =>
        (server_side_encryption as Attributes[]).map(({ kms_key_arn }) => kms_key_arn),
      ),
      ...all('aws_ecr_repository').flatMap(({ encryption_configuration }) =>
        (encryption_configuration as Attributes[]).map(({ kms_key }) => kms_key),
      ),
    ];
    expect(keys).toEqual(Array(9).fill(KEY));
    const granted = statements(terraform.account).filter(({ Resource }) => Resource === KEY);
    expect(granted.flatMap(({ Action }) => Action)).toEqual(
      expect.arrayContaining(['kms:Decrypt', 'kms:GenerateDataKey']),
    );
    expect(tooWide(terraform.account)).toEqual([]);
    expect(await deployment.pending(...REST, 'authorizer=lambda')).toBe(0);
  });
});

describeTerraform('the capacity for tasks', () => {
  test('is shown by the plan, and an alarm reports a failed invocation', async () => {
    const deployment = await deploymentIn(REGION, ['tasks={enabled=true}', 'timeout=900']);
    const { output } = await plan(deployment);
    expect(output).toContain('600 tasks of 10 s, 100 tasks of 60 s, 10 tasks of 900 s');
    await deployment.apply();
    const alarms = all('aws_cloudwatch_metric_alarm').filter(({ namespace }) => namespace === 'AWS/SQS');
    expect(alarms).toMatchObject([
      {
        dimensions: { QueueName: 'mcp-tasks-failed' },
        threshold: 0,
        alarm_actions: [all('aws_sns_topic')[0]?.arn],
      },
    ]);
  });
});
