/** isolation = "per-caller" on the fake provider: what is deployed, and the change from one mode to the other and back. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Attributes } from './fake-provider/values.ts';
import { Deployment } from './helpers/deployment.ts';
import { expectOrder, lineOf } from './helpers/journal.ts';
import { tooWide } from './helpers/policies.ts';
import { CONFIGURATION, describeTerraform, Terraform } from './helpers/terraform.ts';

// Each test runs Terraform several times; the one of the switch about twenty.

const ALWAYS = [
  'endpoint=rest-api',
  'authorizer=lambda',
  'manage_api_gateway_account=true',
  'tasks={enabled=true}',
];
const PER_CALLER = 'isolation=per-caller';

describeTerraform('a deployment with an environment per caller', () => {
  let terraform: Terraform;
  let deployment: Deployment;
  beforeEach(async () => {
    terraform = await Terraform.start();
    deployment = new Deployment(terraform, '', ALWAYS);
    await deployment.init();
  });
  afterEach(() => terraform?.[Symbol.dispose]());

  const need = (type: string, name: string): Attributes =>
    terraform.account.need(type, name, `There is no ${type} ${name}`);
  const variablesOf = (name: string): unknown =>
    (need('aws_lambda_function', name).environment as { variables: unknown }[])[0]?.variables;
  /** Method → mapping of the tenant, for every integration. */
  const tenants = () => {
    const { account } = terraform;
    const authorizations = new Map(
      account
        .all('aws_api_gateway_method')
        .map(each => [`${each.resource_id} ${each.http_method}`, each.authorization]),
    );
    return account.all('aws_api_gateway_integration').map(each => ({
      authorization: authorizations.get(`${each.resource_id} ${each.http_method}`),
      parameters: each.request_parameters,
    }));
  };
  /** What AWS deletes with the function is there again. */
  const isWhole = async (): Promise<void> => {
    expect(await deployment.pending(...current)).toBe(0);
    need('aws_lambda_alias', 'mcp:live');
    need('aws_lambda_function_event_invoke_config', 'mcp:live');
    expect(terraform.account.statements('mcp:live')).toEqual(['McpRestApi']);
    expect(terraform.account.statements('mcp-authorizer:live')).toEqual(['McpRestApi']);
    expect(tooWide(terraform.account)).toEqual([]);
  };
  let current: string[] = [];
  const apply = async (...variables: string[]): Promise<void> => {
    current = variables;
    await deployment.apply(...variables);
  };

  test('names the tenant of the authorizer for each request, and one tenant for all without credentials', async () => {
    await apply(PER_CALLER);
    await isWhole();
    expect(need('aws_lambda_function', 'mcp').tenancy_config).toEqual([
      { tenant_isolation_mode: 'PER_TENANT' },
    ]);
    expect(need('aws_lambda_function', 'mcp-authorizer').tenancy_config).toEqual([]);
    expect(variablesOf('mcp')).toMatchObject({ MCP_AUTH: 'authorizer', MCP_ISOLATION: 'per-caller' });
    expect(variablesOf('mcp-authorizer')).toMatchObject({ MCP_AUTH: 'token', MCP_ISOLATION: 'per-caller' });
    const header = 'integration.request.header.X-Amz-Tenant-Id';
    const mapped = tenants();
    expect(mapped).toHaveLength(7);
    for (const { authorization, parameters } of mapped)
      expect(parameters).toEqual({
        [header]: authorization === 'CUSTOM' ? 'context.authorizer.tenant' : "'open'",
      });
    expect(mapped.filter(({ authorization }) => authorization === 'NONE')).toHaveLength(4);
    const cost = await deployment.output('max_monthly_cost');
    expect(cost).toContain('what Lambda charges for each execution environment that it creates for a caller');
    await deployment.destroy(PER_CALLER);
    expect(terraform.account.inventory()).toEqual([]);
  });

  test('is made of a shared one, and becomes one again, in one apply each; the API keeps its URL', async () => {
    await apply();
    await isWhole();
    const url = await deployment.output('mcp_url');
    expect(await deployment.output('max_monthly_cost')).not.toContain('for a caller');
    for (const variables of [[PER_CALLER], []]) {
      const changes = await deployment.changes(...variables);
      expect(changes).toMatchObject({
        'module.lambda.aws_lambda_function.this': ['delete', 'create'],
        'module.lambda.aws_lambda_alias.live': ['delete', 'create'],
        'module.rest_api[0].aws_lambda_permission.invoke': ['delete', 'create'],
        'module.tasks[0].aws_lambda_function_event_invoke_config.live': ['delete', 'create'],
        'module.rest_api[0].aws_api_gateway_deployment.this': ['create', 'delete'],
      });
      const kept = Object.keys(changes).filter(address =>
        /api_gateway_(rest_api|resource|method|authorizer)|log_group|ecr|table|sqs|iam_role\.|random/.test(
          address,
        ),
      );
      expect(kept).toEqual([]);
      const before = terraform.machine.journal.length;
      await apply(...variables);
      const lines = terraform.machine.journal.slice(before).map(lineOf);
      expectOrder(
        lines,
        'delete aws_lambda_permission mcp:live McpRestApi',
        'delete aws_lambda_alias mcp:live',
        'delete aws_lambda_function mcp',
        'create aws_lambda_function mcp',
        'create aws_lambda_alias mcp:live',
        'create aws_lambda_permission mcp:live McpRestApi',
      );
      await isWhole();
      expect(await deployment.output('mcp_url')).toBe(url);
      expect(tenants().every(({ parameters }) => (parameters !== null) === variables.length > 0)).toBe(true);
    }
    await deployment.destroy();
    expect(terraform.account.inventory()).toEqual([]);
  });

  test('a new image replaces nothing', async () => {
    await apply(PER_CALLER);
    const changes = await deployment.changes(PER_CALLER, 'memory_size=1024');
    expect(changes['module.lambda.aws_lambda_function.this']).toEqual(['update']);
    expect(changes['module.lambda.aws_lambda_alias.live']).toEqual(['update']);
    expect(Object.keys(changes).filter(address => address.includes('permission'))).toEqual([]);
  });
});

describeTerraform(
  'what has no tenant isolation is refused when planning, with the reason and what to use instead',
  () => {
    let terraform: Terraform;
    beforeAll(async () => {
      terraform = await Terraform.start();
      await terraform.succeed(CONFIGURATION, 'init');
    });
    afterAll(() => terraform?.[Symbol.dispose]());

    const REST = ['endpoint=rest-api', 'manage_api_gateway_account=true'];
    test.each([
      [
        [],
        'a Function URL and an HTTP API cannot name the caller',
        'Set endpoint = "rest-api" with authorizer = "lambda"',
      ],
      [
        ['endpoint=http-api', 'authorizer=lambda'],
        'a Function URL and an HTTP API cannot name the caller',
        'Set endpoint = "rest-api" with authorizer = "lambda"',
      ],
      [REST, 'the authorizer verifies the caller before Lambda chooses', 'Set authorizer = "lambda", or'],
      [
        [...REST, 'auth=iam'],
        "the name of a role's session is chosen by the caller",
        'Set auth to token, oauth or both with authorizer = "lambda"',
      ],
      [[...REST, 'auth=none'], 'the authorizer verifies the caller', 'Set authorizer = "lambda", or'],
      [
        [...REST, 'authorizer=lambda', 'provisioned_concurrency=1'],
        'Lambda cannot create an execution environment before it knows the caller',
        'Leave provisioned_concurrency out',
      ],
      [
        [...REST, 'authorizer=lambda', 'snap_start=true'],
        'Lambda restores no snapshot for a function with tenant isolation',
        'Leave snap_start out',
      ],
      [
        [...REST, 'authorizer=lambda', 'region=ap-southeast-6'],
        'does not exist in this region',
        'Deploy to another region, or set isolation = "shared".',
      ],
      [[...REST, 'authorizer=lambda', 'isolation=per-tenant'], 'isolation must be shared or per-caller.', ''],
      [
        [...REST, 'authorizer=lambda', 'environment={MCP_ISOLATION="shared"}'],
        'environment must not set',
        'or MCP_ISOLATION',
      ],
    ])('%j', async (variables, reason, instead) => {
      const flags = [PER_CALLER, ...variables].map(variable => `-var=${variable}`);
      const { status, output } = await terraform.run(CONFIGURATION, 'plan', ...flags);
      expect(status).toBe(1);
      expect(output).toContain(reason);
      expect(output).toContain(instead);
    });

    test.each([
      { partition: 'aws-us-gov', dns_suffix: 'amazonaws.com' },
      { partition: 'aws-cn', dns_suffix: 'amazonaws.com.cn' },
    ])('the partition $partition', async partition => {
      const before = terraform.account.partition;
      terraform.account.partition = partition;
      const flags = [PER_CALLER, ...REST, 'authorizer=lambda'].map(variable => `-var=${variable}`);
      const { status, output } = await terraform.run(CONFIGURATION, 'plan', ...flags);
      terraform.account.partition = before;
      expect({ status, output }).toMatchObject({
        status: 1,
        output: expect.stringContaining('does not exist in this region'),
      });
    });
  },
);
