/** Every example deployed on the stand-in, as it is: it comes up, leaves nothing to do, grants little, and goes away. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Deployment } from './helpers/deployment.ts';
import { expectOrder, lineOf } from './helpers/journal.ts';
import { statements, tooWide } from './helpers/policies.ts';
import { describeTerraform, Terraform } from './helpers/terraform.ts';
import { ACCOUNT, REGION } from './publish-image/fake/machine.ts';

// Each test runs Terraform several times.

let terraform: Terraform;
beforeEach(async () => {
  terraform = await Terraform.start();
});
afterEach(() => terraform[Symbol.dispose]());

/** Deploys, looks twice, takes it away. */
async function live(
  configuration: string,
  variables: readonly string[],
  look: (deployment: Deployment) => Promise<void> | void,
): Promise<void> {
  const deployment = new Deployment(terraform, configuration);
  await deployment.init();
  await deployment.apply(...variables);
  expect(await deployment.pending(...variables)).toBe(0);
  expect(tooWide(terraform.account)).toEqual([]);
  await look(deployment);
  await deployment.destroy(...variables);
  expect(terraform.account.inventory()).toEqual([]);
}

const need = (type: string, name: string) =>
  terraform.account.need(type, name, `There is no ${type} ${name}`);

describeTerraform('examples', () => {
  test('minimal', () =>
    live('examples/minimal', [], () => {
      expect(need('aws_lambda_function_url', 'weather:live').authorization_type).toBe('NONE');
    }));

  test('iam', async () => {
    const principal = 'arn:aws:iam::111122223333:root';
    await live('examples/iam', [`other_accounts=["${principal}"]`], () => {
      expect(need('aws_lambda_function_url', 'weather-iam:live').authorization_type).toBe('AWS_IAM');
      const permissions = terraform.account.all('aws_lambda_permission');
      expect(permissions.map(({ action, principal }) => [action, principal]).sort()).toEqual([
        ['lambda:InvokeFunction', principal],
        ['lambda:InvokeFunctionUrl', principal],
      ]);
      const alias = `arn:aws:lambda:${REGION}:${ACCOUNT}:function:weather-iam:live`;
      expect(statements(terraform.account).filter(({ Resource }) => Resource === alias)).toEqual([
        {
          Sid: 'InvokeFunctionUrl',
          Effect: 'Allow',
          Action: 'lambda:InvokeFunctionUrl',
          Resource: alias,
          Condition: { StringEquals: { 'lambda:FunctionUrlAuthType': 'AWS_IAM' } },
        },
        {
          Sid: 'InvokeFunction',
          Effect: 'Allow',
          Action: 'lambda:InvokeFunction',
          Resource: alias,
          Condition: { Bool: { 'lambda:InvokedViaFunctionUrl': 'true' } },
        },
      ]);
    });
  });

  test('oauth', () =>
    live('examples/oauth', ['issuer=https://tenant.example/', 'audience=["https://mcp.example/mcp"]'], () => {
      const [environment] = need('aws_lambda_function', 'weather-oauth').environment as object[];
      expect(environment).toEqual({
        variables: {
          MCP_AUTH: 'oauth',
          MCP_OAUTH_ISSUER: 'https://tenant.example/',
          MCP_OAUTH_AUDIENCE: 'https://mcp.example/mcp',
          MCP_OAUTH_SCOPES: 'weather',
          MCP_OAUTH_TOKEN_TYPE: 'at+jwt',
          MCP_SECRET: 'ssm:/mcp-on-lambda/weather-oauth/secret',
        },
      });
    }));

  test('sign-in-cognito', () =>
    live('examples/sign-in-cognito', [], async () => {
      const [pool] = terraform.account.all('aws_cognito_user_pool');
      const [environment] = need('aws_lambda_function', 'weather-cognito').environment as {
        variables: object;
      }[];
      expect(environment?.variables).toMatchObject({ MCP_OAUTH_PROXY: 'on', MCP_OAUTH_REGISTRATION: 'on' });
      const deployed = terraform.machine.journal.map(lineOf);
      expectOrder(
        deployed,
        'create aws_lambda_function weather-cognito',
        'create aws_cognito_user_pool_client',
      );
      expect(pool?.name).toBe('weather-cognito');
    }));

  test('sign-in', () => {
    const secret = `arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:google-Ab12Cd`;
    const variables = [
      'issuer=https://accounts.google.com',
      'client_id=1234.apps.googleusercontent.com',
      `client_secret_arn=${secret}`,
      'allowed_domains=["example.com"]',
    ];
    return live('examples/sign-in', variables, () => {
      const [environment] = need('aws_lambda_function', 'weather-sign-in').environment as {
        variables: object;
      }[];
      expect(environment?.variables).toMatchObject({
        MCP_OAUTH_ISSUER: 'https://accounts.google.com',
        MCP_OAUTH_CLIENT_SECRET: `secretsmanager:${secret}`,
        MCP_OAUTH_ALLOWED_DOMAINS: 'example.com',
      });
      expect(terraform.account.all('aws_cognito_user_pool')).toEqual([]);
    });
  });

  test('own-image needs no engine and no aws command, and makes no repository and no token', async () => {
    const digest = `sha256:${'a'.repeat(64)}`;
    terraform.machine.setTags('own', { v1: digest });
    // Without a build to wait for, nothing but the order asked for keeps the function behind these.
    terraform.account.latency = { aws_cloudwatch_log_group: 500, aws_iam_role_policy: 500 };
    const variables = [
      `image_uri=${ACCOUNT}.dkr.ecr.${REGION}.amazonaws.com/own@${digest}`,
      `token_sha256=["${'b'.repeat(64)}"]`,
    ];
    await live('examples/own-image', variables, () => {
      const order = ['aws_cloudwatch_log_group', 'aws_iam_role_policy', 'aws_lambda_function'];
      expectOrder(terraform.machine.journal.map(lineOf), ...order.map(type => `create ${type} `));
      const journal = JSON.stringify(terraform.machine.journal);
      expect(journal).not.toContain('argv');
      expect(journal).not.toContain('aws_ecr_repository');
      expect(need('aws_lambda_function', 'weather-own-image').architectures).toEqual(['x86_64']);
    });
    expect(terraform.machine.tags('own')).toEqual({ v1: digest });
  });

  test('custom-tools', () =>
    live('examples/custom-tools', [], () => {
      const table = `arn:aws:dynamodb:${REGION}:${ACCOUNT}:table/notes`;
      const grants = statements(terraform.account).filter(({ Resource }) => Resource === table);
      expect(grants.map(({ Action }) => Action)).toEqual([
        ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:Query'],
      ]);
      const [environment] = need('aws_lambda_function', 'notes').environment as { variables: object }[];
      expect(environment?.variables).toMatchObject({ NOTES_TABLE: 'notes' });
    }));

  test('public', () =>
    live('examples/public', [], () => {
      const [environment] = need('aws_lambda_function', 'dice').environment as { variables: object }[];
      expect(environment?.variables).toMatchObject({ MCP_AUTH: 'none', MCP_LIMITS_FAILURE_MODE: 'deny' });
      const table = need('aws_dynamodb_table', 'dice-store').arn;
      const grants = statements(terraform.account).filter(({ Resource }) => Resource === table);
      expect(grants).toHaveLength(1);
    }));

  test('per-caller', () =>
    live('examples/per-caller', ['manage_api_gateway_account=true'], async example => {
      expect(need('aws_lambda_function', 'memory').tenancy_config).toEqual([
        { tenant_isolation_mode: 'PER_TENANT' },
      ]);
      const { hash_key, arn } = need('aws_dynamodb_table', 'memory-notes');
      expect(hash_key).toBe('tenant');
      const grants = statements(terraform.account).filter(({ Resource }) => Resource === arn);
      expect(grants.map(({ Action }) => Action)).toEqual([['dynamodb:GetItem', 'dynamodb:UpdateItem']]);

      const [pool] = terraform.account.all('aws_cognito_user_pool');
      const [environment] = need('aws_lambda_function', 'memory').environment as { variables: object }[];
      expect(environment?.variables).toMatchObject({
        NOTES_TABLE: 'memory-notes',
        MCP_OAUTH_PROXY: 'on',
        MCP_OAUTH_REGISTRATION: 'on',
        MCP_OAUTH_ISSUER: `https://cognito-idp.${REGION}.amazonaws.com/${pool?.id}`,
        MCP_SECRET: 'ssm:/mcp-on-lambda/memory/secret',
        MCP_TABLE: need('aws_dynamodb_table', 'memory-store').name,
      });
      const redirect = await example.output('redirect_url');
      expect(terraform.account.all('aws_cognito_user_pool_client')).toMatchObject([
        { callback_urls: [redirect] },
      ]);
      expect(await example.output('mcp_url')).toBe(redirect.replace(/callback$/, 'mcp'));
      expect(await example.output('invite')).toContain(
        `--region ${REGION} --user-pool-id ${pool?.id} --username `,
      );
    }));

  test('everything at once grants nothing by wildcard either', () =>
    live(
      '',
      [
        'tracing=true',
        'streaming=false',
        'vpc={subnet_ids=["subnet-1"],security_group_ids=["sg-1"]}',
        'provisioned_concurrency=1',
        'architecture=x86_64',
      ],
      () => {
        expect(need('aws_lambda_function_url', 'mcp:live').invoke_mode).toBe('BUFFERED');
        expect(
          need('aws_lambda_provisioned_concurrency_config', 'mcp:live').provisioned_concurrent_executions,
        ).toBe(1);
        expect(statements(terraform.account).flatMap(({ Action }) => Action)).toEqual(
          expect.arrayContaining(['xray:PutTraceSegments', 'ec2:CreateNetworkInterface']),
        );
      },
    ));

  test('a new account, where nothing can be reserved, takes the defaults', async () => {
    terraform.account.concurrencyQuota = 10;
    await live('', [], () => {
      expect(need('aws_lambda_function', 'mcp').reserved_concurrent_executions).toBe(-1);
    });
  });
});
