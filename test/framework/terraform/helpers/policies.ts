/** Finds policy statements in an account that are too broad. */
import type { Account } from '../fake-provider/aws/account.ts';

interface Statement {
  Effect: string;
  Action: string | string[];
  Resource?: string | string[];
}

/** Actions for which AWS has no resource types. */
const WITHOUT_RESOURCES = new Set([
  'logs:DescribeLogGroups',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSubnets',
  'xray:PutTelemetryRecords',
  'xray:PutTraceSegments',
]);

/** Resources whose names are not known in advance: the streams of a log group, the network interfaces of an account. */
const UNNAMED_PARTS = [
  /^arn:aws:logs:eu-west-1:123456789012:log-group:\/aws\/lambda\/[\w-]+:\*$/,
  // The role of API Gateway serves every REST API of the account.
  /^arn:aws:logs:eu-west-1:123456789012:log-group:(\/aws\/apigateway\/welcome:|API-Gateway-Execution-Logs_)?\*$/,
  /^arn:aws:ec2:eu-west-1:123456789012:(network-interface|security-group|subnet)\/\*$/,
];

const POLICIES = ['aws_iam_policy', 'aws_iam_role_policy', 'aws_ecr_repository_policy'];

export function statements(account: Account): Statement[] {
  const documents = POLICIES.flatMap(type => account.all(type)).map(({ policy }) => String(policy));
  return documents.flatMap(document => JSON.parse(document).Statement);
}

export function tooWide(account: Account): Statement[] {
  return statements(account).filter(({ Action, Resource = [] }) => {
    const actions = [Action].flat();
    const everything = [Resource].flat().includes('*');
    const patterns = [Resource].flat().filter(name => name !== '*' && name.includes('*'));
    return (
      actions.some(action => action.includes('*')) ||
      (everything && !actions.every(action => WITHOUT_RESOURCES.has(action))) ||
      patterns.some(name => !UNNAMED_PARTS.some(part => part.test(name)))
    );
  });
}
