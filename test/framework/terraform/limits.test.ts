/** The variable `limits` creates the table, and says what happens while it does not respond. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Deployment } from './helpers/deployment.ts';
import { statements, tooWide } from './helpers/policies.ts';
import { describeTerraform, Terraform } from './helpers/terraform.ts';

const APPLY_MS = 120_000;
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
  test(
    'creates the table, whose items the function may count in, and nothing of tasks',
    async () => {
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
    },
    APPLY_MS,
  );

  test(
    'allows calls while the table does not respond, if that is chosen',
    async () => {
      await deployment.apply(...GIVEN, 'limits={enabled=true,failure_mode="allow"}');
      expect(settings()).toContain('"MCP_LIMITS_FAILURE_MODE":"allow"');
    },
    APPLY_MS,
  );

  test(
    'is destroyed completely',
    async () => {
      await deployment.destroy();
      expect(terraform.account.all('aws_dynamodb_table')).toEqual([]);
    },
    APPLY_MS,
  );
});
