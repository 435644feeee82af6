/**
 * The calls of a deployment cycle: for each resource that Terraform created, the actions of its row in
 * scripts/deployer-policy/permissions.ts, on the ARN that AWS checks for them.
 * https://docs.aws.amazon.com/service-authorization/latest/reference/
 */
import { DATA_SOURCES, PUBLISH_IMAGE, RESOURCES } from '../../../../scripts/deployer-policy/permissions.ts';
import type { Cycle } from '../../../../scripts/deployer-policy/policy.ts';
import type { Attributes } from '../../terraform/fake-provider/values.ts';
import { ACCOUNT, type Change, type Entry, REGION } from '../../terraform/publish-image/fake/machine.ts';
import type { Call } from './iam.ts';

const arn = (service: string, resource: string, where = `${REGION}:${ACCOUNT}`): string =>
  `arn:aws:${service}:${where}:${resource}`;

/** Returns the paths of an API Gateway resource below `arn:aws:apigateway:REGION::`: of its collection and of the item. */
function gatewayPaths(type: string, a: Attributes): { collection: string; item: string } {
  const under = (collection: string, item: unknown) => ({ collection, item: `${collection}/${item}` });
  const rest = `/restapis/${a.rest_api_id}`;
  const http = `/apis/${a.api_id}`;
  const method = `${rest}/resources/${a.resource_id}/methods/${a.http_method}`;
  switch (type.replace(/^aws_/, '')) {
    case 'api_gateway_account':
      return { collection: '/account', item: '/account' };
    case 'api_gateway_api_key':
      return under('/apikeys', a.id);
    case 'api_gateway_authorizer':
      return under(`${rest}/authorizers`, a.id);
    case 'api_gateway_base_path_mapping':
      return under(`/domainnames/${a.domain_name}/basepathmappings`, '(none)');
    case 'api_gateway_deployment':
      return under(`${rest}/deployments`, a.id);
    case 'api_gateway_domain_name':
    case 'apigatewayv2_domain_name':
      return under('/domainnames', a.domain_name);
    case 'api_gateway_gateway_response':
      return under(`${rest}/gatewayresponses`, a.response_type);
    case 'api_gateway_integration':
      return { collection: method, item: `${method}/integration` };
    case 'api_gateway_method':
      return { collection: method, item: method };
    case 'api_gateway_resource':
      return under(`${rest}/resources`, a.id);
    case 'api_gateway_rest_api':
      return under('/restapis', a.id);
    case 'api_gateway_rest_api_policy':
      return { collection: rest, item: rest };
    case 'api_gateway_method_settings':
    case 'api_gateway_stage':
      return under(`${rest}/stages`, a.stage_name);
    case 'api_gateway_usage_plan':
      return under('/usageplans', a.id);
    case 'api_gateway_usage_plan_key':
      return under(`/usageplans/${a.usage_plan_id}/keys`, a.key_id);
    case 'apigatewayv2_api':
      return under('/apis', a.id);
    case 'apigatewayv2_api_mapping':
      return under(`/domainnames/${a.domain_name}/apimappings`, a.id);
    case 'apigatewayv2_authorizer':
      return under(`${http}/authorizers`, a.id);
    case 'apigatewayv2_integration':
      return under(`${http}/integrations`, a.id);
    case 'apigatewayv2_route':
      return under(`${http}/routes`, a.id);
    case 'apigatewayv2_stage':
      return under(`${http}/stages`, a.name);
    default:
      throw new Error(`${type} has no path in test/framework/foreign/policies/deployer-calls.ts.`);
  }
}

/** Resource types whose PUT calls are not calls for tags. */
const PUT_ITEMS = /^aws_api_gateway_(gateway_response|integration|method|rest_api)$/;

function gatewayTargets(type: string, method: string, attributes: Attributes): string[] {
  if (type === 'aws_wafv2_web_acl_association') return [String(attributes.resource_arn)];
  const { collection, item } = gatewayPaths(type, attributes);
  const of = (path: string): string => arn('apigateway', path, `${REGION}:`);
  const tags = of(`/tags/${encodeURIComponent(of(item))}`);
  switch (method) {
    case 'POST':
      return [of(collection)];
    case 'PUT':
      return PUT_ITEMS.test(type) ? [of(item)] : [tags];
    default:
      return [of(item)];
  }
}

/** Returns the ARN of a function, or of its alias if the call names one. */
function functionArn({ function_name, qualifier }: Attributes, action: string, type: string): string[] {
  const bare = arn('lambda', `function:${function_name}`);
  if (/ProvisionedConcurrency/.test(action)) return [`${bare}:${qualifier}`];
  return type === 'aws_lambda_function' || !qualifier ? [bare] : [bare, `${bare}:${qualifier}`];
}

/** Returns the target of iam:PassRole and iam:CreateServiceLinkedRole. */
function roleTargets(name: string, type: string, a: Attributes): string[] {
  if (name === 'CreateServiceLinkedRole')
    return [
      arn(
        'iam',
        'role/aws-service-role/ops.apigateway.amazonaws.com/AWSServiceRoleForAPIGateway',
        `:${ACCOUNT}`,
      ),
    ];
  if (name === 'PassRole')
    return [String(type === 'aws_api_gateway_account' ? a.cloudwatch_role_arn : a.role)];
  return [arn('iam', `role/${type === 'aws_iam_role' ? a.name : a.role}`, `:${ACCOUNT}`)];
}

/** Returns the ARNs that AWS checks when Terraform calls an action for a resource. */
function targets(type: string, action: string, a: Attributes): string[] {
  const [service = '', name = ''] = action.split(':');
  switch (service) {
    case 'acm':
      return [String(a.certificate_arn ?? a.arn)];
    case 'apigateway':
      return gatewayTargets(type, name, a);
    case 'cloudwatch':
      return name === 'DescribeAlarms' ? [arn('cloudwatch', 'alarm:*')] : [String(a.dashboard_arn ?? a.arn)];
    case 'cognito-idp':
      return [String(a.arn ?? arn('cognito-idp', `userpool/${a.user_pool_id}`))];
    case 'ecr':
      return [arn('ecr', `repository/${a.repository ?? a.repository_name ?? repositoryOf(a) ?? a.name}`)];
    case 'iam':
      return roleTargets(name, type, a);
    case 'lambda':
      return functionArn(a, name, type);
    case 'logs': {
      const group = arn('logs', `log-group:${a.log_group_name ?? a.name}`);
      // As in CloudTrail: the ARN ends like this in most calls, but not in those for tags.
      return /Tag/.test(name) ? [group] : [`${group}:log-stream:`];
    }
    case 'route53':
      return [
        name === 'GetChange'
          ? arn('route53', 'change/C1', ':')
          : arn('route53', `hostedzone/${a.zone_id}`, ':'),
      ];
    case 'servicequotas':
      return [arn('servicequotas', 'lambda/L-B99A9384')];
    case 'sns': {
      const topic = String(a.topic_arn ?? a.arn);
      return /^(Unsubscribe|[GS]etSubscriptionAttributes)$/.test(name) ? [`${topic}:1-2-3`] : [topic];
    }
    case 'wafv2':
      return [String(a.resource_arn), ...(name === 'DisassociateWebACL' ? [] : [String(a.web_acl_arn)])];
    default:
      return [String(a.arn)];
  }
}

/** Returns the repository of a function's image. */
function repositoryOf({ image_uri }: Attributes): string | undefined {
  return typeof image_uri === 'string' ? image_uri.replace(/^[^/]+\/([^@]+)@.*$/, '$1') : undefined;
}

const PASSED_TO: Readonly<Record<string, string>> = {
  aws_api_gateway_account: 'apigateway.amazonaws.com',
  aws_lambda_function: 'lambda.amazonaws.com',
};

/** Returns every call of a cycle for the resources in the journal. `isForAll` returns whether AWS lists an action without resources. */
export async function callsOfCycle(
  cycle: Cycle,
  journal: readonly Entry[],
  isForAll: (action: string) => Promise<boolean>,
): Promise<Call[]> {
  const created = journal.filter((entry): entry is Change => 'action' in entry && entry.action === 'create');
  const calls: Call[] = [];
  const add = async (type: string, action: string, attributes: Attributes): Promise<void> => {
    const resources = (await isForAll(action)) ? ['*'] : targets(type, action, attributes);
    const passedTo = PASSED_TO[type];
    for (const resource of resources)
      calls.push({
        action,
        resource,
        ...(action === 'iam:PassRole' && passedTo && { context: { 'iam:PassedToService': passedTo } }),
      });
  };
  for (const { type, attributes } of created) {
    const { [type]: row } = RESOURCES;
    for (const operation of cycle[type] ?? [])
      for (const action of row?.[operation] ?? []) await add(type, action, attributes as Attributes);
  }
  for (const type of Object.keys(cycle).filter(each => each.startsWith('data.')))
    for (const action of DATA_SOURCES[type.slice('data.'.length)]?.read ?? [])
      await add(type, action, { repository_name: 'mcp' });
  for (const action of PUBLISH_IMAGE) await add('publish-image', action, { name: 'mcp' });
  return [...new Map(calls.map(call => [JSON.stringify(call), call])).values()];
}
