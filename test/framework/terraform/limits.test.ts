/** The variable `limits`, which creates the table and sets the behaviour while it does not respond. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Deployment } from './helpers/deployment.ts';
import { statements, tooWide } from './helpers/policies.ts';
import { describeTerraform, Terraform } from './helpers/terraform.ts';

const GIVEN = ['reserved_concurrency=10', 'observability={enabled=false}'];
let terraform: Terraform;
let deployment: Deployment;
beforeAll(async () => {
  terraform = await Terraform.start();
  deployment = new Deployment(terraform);
});
afterAll(() => terraform?.[Symbol.dispose]());

const settings = (): string =>
  JSON.stringify(terraform.account.get('aws_lambda_function', 'mcp')?.environment);

describeTerraform('the variable limits', () => {
  test('creates the table, which the function may update, and no resources for tasks', async () => {
    await deployment.init();
    await deployment.apply(...GIVEN, 'limits={enabled=true}');
    expect(terraform.account.all('aws_dynamodb_table')).toMatchObject([{ name: 'mcp-store' }]);
    expect(terraform.account.all('aws_sqs_queue')).toEqual([]);
    expect(settings()).toContain('"MCP_TABLE":"mcp-store"');
    expect(settings()).toContain('"MCP_LIMITS_FAILURE_MODE":"deny"');
    const [table] = statements(terraform.account).filter(({ Action }) =>
      [Action].flat().some(action => action.startsWith('dynamodb:')),
    );
    expect([table?.Action].flat().toSorted()).toEqual([
      'dynamodb:GetItem',
      'dynamodb:PutItem',
      'dynamodb:UpdateItem',
    ]);
    expect(tooWide(terraform.account)).toEqual([]);
  });

  test('can allow calls while the table does not respond', async () => {
    await deployment.apply(...GIVEN, 'limits={enabled=true,failure_mode="allow"}');
    expect(settings()).toContain('"MCP_LIMITS_FAILURE_MODE":"allow"');
  });

  test('creates only resources that destroy removes', async () => {
    await deployment.destroy();
    expect(terraform.account.all('aws_dynamodb_table')).toEqual([]);
  });
});
