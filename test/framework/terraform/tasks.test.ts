/** The variable `tasks` creates the table and the other resources for tasks, in an order that AWS accepts, with least privilege. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Deployment } from './helpers/deployment.ts';
import { expectOrder, lineOf } from './helpers/journal.ts';
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

const all = (type: string) => terraform.account.all(type);
const settings = (): string =>
  JSON.stringify(terraform.account.get('aws_lambda_function', 'mcp')?.environment);

describeTerraform('the variable tasks', () => {
  test('creates no resources by default', async () => {
    await deployment.init();
    await deployment.apply(...GIVEN);
    for (const type of ['aws_dynamodb_table', 'aws_sqs_queue', 'aws_lambda_function_event_invoke_config'])
      expect(all(type), type).toEqual([]);
    expect(settings()).not.toContain('MCP_TABLE');
  });

  test('creates the table before it updates the function, and the queue and its policy before the event invoke configuration', async () => {
    const before = terraform.machine.journal.length;
    await deployment.apply(...GIVEN, 'tasks={enabled=true}', 'timeout=900');
    const lines = terraform.machine.journal.slice(before).map(lineOf);
    expectOrder(lines, 'create aws_dynamodb_table mcp-store', 'update aws_lambda_function mcp');
    expectOrder(
      lines,
      'create aws_sqs_queue mcp-tasks-failed',
      'create aws_iam_role_policy',
      'create aws_lambda_function_event_invoke_config mcp:live',
    );
    expect(settings()).toContain('"MCP_TABLE":"mcp-store"');
    expect(all('aws_dynamodb_table')).toMatchObject([
      {
        billing_mode: 'PAY_PER_REQUEST',
        hash_key: 'key',
        ttl: [{ attribute_name: 'expires', enabled: true }],
      },
    ]);
    expect(all('aws_lambda_function_event_invoke_config')).toMatchObject([
      { maximum_retry_attempts: 2, maximum_event_age_in_seconds: 600 },
    ]);
    expect(await deployment.output('tasks_failed_queue_url')).toMatch(/\/mcp-tasks-failed$/);
    expect(await deployment.pending(...GIVEN, 'tasks={enabled=true}', 'timeout=900')).toBe(0);
  });

  test('grants access to one table, one alias and one queue', () => {
    expect(tooWide(terraform.account)).toEqual([]);
    const granted = statements(terraform.account).filter(({ Action }) =>
      [Action].flat().some(action => /^(dynamodb|lambda|sqs):/.test(action)),
    );
    expect(granted.flatMap(({ Resource }) => Resource).sort()).toEqual([
      'arn:aws:dynamodb:eu-west-1:123456789012:table/mcp-store',
      'arn:aws:lambda:eu-west-1:123456789012:function:mcp:live',
      'arn:aws:sqs:eu-west-1:123456789012:mcp-tasks-failed',
    ]);
  });

  test('creates only resources that destroy removes', async () => {
    await deployment.destroy();
    expect(terraform.account.inventory()).toEqual([]);
  });
});
