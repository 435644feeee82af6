/** Creates the policy for deploying an endpoint, from the calls of a complete deployment cycle. */
import { readFileSync } from 'node:fs';
import {
  DATA_SOURCES,
  KMS,
  type Operation,
  type Permissions,
  PUBLISH_IMAGE,
  RESOURCES,
} from './permissions.ts';

export const ENDPOINTS = ['function-url', 'rest-api', 'http-api'] as const;
export type Endpoint = (typeof ENDPOINTS)[number];

/** Operations of a full cycle of a deployment with every option: resource type, or data.TYPE → operations. */
export type Cycle = Readonly<Record<string, readonly Operation[]>>;

export interface Scope {
  /** Name of the deployment, Terraform's `name`. */
  name: string;
  partition: string;
  /** `*` for any. */
  region: string;
  account: string;
  /** ARN of the KMS key in `kms_key_arn`. */
  kmsKey?: string;
}

export interface Statement {
  Sid: string;
  Effect: 'Allow';
  Action: string[];
  Resource: string[];
  Condition?: Record<string, Record<string, string[]>>;
}

export function readCycles(): Record<Endpoint, Cycle> {
  return JSON.parse(readFileSync(new URL('cycles.json', import.meta.url), 'utf8'));
}

/** Returns the IAM actions of a cycle. Throws for a type that has no row. */
export function actionsOf(cycle: Cycle): string[] {
  const called = Object.entries(cycle).flatMap(([type, operations]) =>
    operations.flatMap(operation => permissionsOf(type)[operation]),
  );
  return [...new Set([...called, ...PUBLISH_IMAGE])].sort();
}

function permissionsOf(type: string): Permissions {
  const found = type.startsWith('data.') ? DATA_SOURCES[type.slice('data.'.length)] : RESOURCES[type];
  if (!found) throw new Error(`${type} has no row in scripts/deployer-policy/permissions.ts.`);
  return found;
}

export function deployerPolicy(cycle: Cycle, scope: Scope): { Version: string; Statement: Statement[] } {
  const groups = Map.groupBy(actionsOf(cycle), action => groupOf(action));
  const statements = [...groups].map(([group, actions]) => statementOf(group, actions, cycle, scope));
  const key = scope.kmsKey ? [allow('EncryptWithKey', KMS, [scope.kmsKey])] : [];
  return { Version: '2012-10-17', Statement: [...statements, ...key] };
}

/** Characters of a managed policy, without white space. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html */
export const MANAGED_POLICY_SIZE = 6144;

type Policy = ReturnType<typeof deployerPolicy>;

/** Splits a policy into documents that each fit a managed policy. */
export function inParts({ Version, Statement: statements }: Policy): Policy[] {
  const parts: Policy[] = [];
  for (const statement of statements) {
    const last = parts.at(-1);
    const longer = { Version, Statement: [...(last?.Statement ?? []), statement] };
    if (last && JSON.stringify(longer).length <= MANAGED_POLICY_SIZE) parts[parts.length - 1] = longer;
    else parts.push({ Version, Statement: [statement] });
  }
  return parts;
}

/**
 * Actions for which a policy cannot name resources. https://docs.aws.amazon.com/service-authorization/latest/reference/
 * DescribeAlarms accepts ARNs of alarms, but finds composite alarms only with `*`.
 */
const WITHOUT_RESOURCES = new Set([
  'acm:RequestCertificate',
  'cloudfront:CreateDistribution',
  'cloudwatch:DescribeAlarms',
  'cognito-idp:CreateUserPool',
  'cognito-idp:DescribeUserPoolDomain',
  'ec2:DescribeSecurityGroups',
  'ec2:DescribeSubnets',
  'ec2:DescribeVpcs',
  'ecr:GetAuthorizationToken',
  'logs:CreateLogDelivery',
  'logs:DeleteLogDelivery',
  'logs:DeleteQueryDefinition',
  'logs:DescribeLogGroups',
  'logs:DescribeQueryDefinitions',
  'logs:DescribeResourcePolicies',
  'logs:GetLogDelivery',
  'logs:ListLogDeliveries',
  'logs:PutQueryDefinition',
  'logs:PutResourcePolicy',
  'logs:UpdateLogDelivery',
  'ssm:DescribeParameters',
]);

const PASS_ROLE = 'iam:PassRole';
const SERVICE_LINKED_ROLE = 'iam:CreateServiceLinkedRole';

/** Actions of one group go into one statement. */
function groupOf(action: string): string {
  if (WITHOUT_RESOURCES.has(action)) return 'AnyResource';
  if (action === PASS_ROLE || action === SERVICE_LINKED_ROLE) return action;
  return action.split(':')[0] ?? '';
}

const allow = (Sid: string, Action: string[], Resource: string[]): Statement => ({
  Sid,
  Effect: 'Allow',
  Action,
  Resource,
});

function statementOf(group: string, actions: string[], cycle: Cycle, scope: Scope): Statement {
  const { name, partition, region, account } = scope;
  /** The value, if the cycle has one of the types. */
  const having = (types: readonly string[], ...values: string[]): string[] =>
    types.some(type => type in cycle) ? values : [];
  const authorizer = having(
    ['aws_api_gateway_authorizer', 'aws_apigatewayv2_authorizer'],
    `${name}-authorizer`,
    `${name}-authorizer:*`,
  );
  const arn = (service: string, resource: string, where = `${region}:${account}`): string =>
    `arn:${partition}:${service}:${where}:${resource}`;
  const roles = [arn('iam', `role/${name}-*`, `:${account}`)];
  if (group === 'AnyResource') return allow('AnyResource', actions, ['*']);
  if (group === PASS_ROLE) {
    const services = [
      ...having(['aws_api_gateway_account'], 'apigateway.amazonaws.com'),
      'lambda.amazonaws.com',
    ];
    return {
      ...allow('PassRoles', actions, roles),
      Condition: { StringEquals: { 'iam:PassedToService': services } },
    };
  }
  if (group === SERVICE_LINKED_ROLE)
    return allow('CreateGatewayRole', actions, [
      arn('iam', 'role/aws-service-role/ops.apigateway.amazonaws.com/*', `:${account}`),
    ]);
  const resources: Record<string, string[]> = {
    acm: [arn('acm', 'certificate/*', `*:${account}`)],
    apigateway: [arn('apigateway', '/*', `${region}:`)],
    budgets: [arn('budgets', `budget/${name}-*`, `:${account}`)],
    cloudfront: [arn('cloudfront', 'distribution/*', `:${account}`)],
    cloudwatch: [
      arn('cloudwatch', `alarm:${name}-*`),
      arn('cloudwatch', `dashboard/${name}-*`, `:${account}`),
    ],
    'cognito-idp': [arn('cognito-idp', 'userpool/*')],
    dynamodb: [arn('dynamodb', `table/${name}-store`)],
    ecr: [arn('ecr', `repository/${name}`)],
    iam: roles,
    lambda: [name, `${name}:*`, ...authorizer].map(each => arn('lambda', `function:${each}`)),
    logs: [
      `/aws/lambda/${name}*`,
      ...having(['aws_api_gateway_rest_api'], `/aws/apigateway/${name}-rest*`),
      ...having(['aws_apigatewayv2_api'], `/aws/vendedlogs/apigateway/${name}-http*`),
    ].map(each => arn('logs', `log-group:${each}`)),
    route53: [arn('route53', 'hostedzone/*', ':'), arn('route53', 'change/*', ':')],
    servicequotas: [arn('servicequotas', 'lambda/L-B99A9384')],
    sns: [arn('sns', `${name}-alarms`), arn('sns', `${name}-alarms:*`)],
    sqs: [arn('sqs', `${name}-tasks-failed`)],
    ssm: [arn('ssm', `parameter/mcp-on-lambda/${name}/*`)],
    wafv2: [arn('wafv2', 'regional/webacl/*'), arn('apigateway', '/restapis/*/stages/*', `${region}:`)],
  };
  const found = resources[group];
  if (!found) throw new Error(`The service ${group} has no resources in scripts/deployer-policy/policy.ts.`);
  return allow(
    group.replace(/(?:^|-)(.)/g, (_, letter: string) => letter.toUpperCase()),
    actions,
    found,
  );
}
