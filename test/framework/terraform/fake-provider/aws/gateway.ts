/**
 * API Gateway, its domains and related services, with the rules that check the order and the completeness of a configuration: which
 * resource needs which, and what AWS rejects.
 */
import { createHash } from 'node:crypto';
import type { Attributes, Value } from '../values.ts';
import { isAttributes, same } from '../values.ts';
import { type Account, refuse } from './account.ts';
import { allows } from './policy-document.ts';
import { type Resource, text } from './resource.ts';

/** Returns an ID like those of API Gateway, always the same for the same parts. */
const idOf = (...words: string[]): string =>
  createHash('sha256').update(words.join('\n')).digest('hex').slice(0, 10);
const blocks = (value: Value | undefined): Attributes[] =>
  Array.isArray(value) ? value.filter(isAttributes) : [];
/** Returns an ARN without an account, as for API Gateway's resources: `arn:aws:apigateway:REGION::/restapis/…`. */
const gatewayArn = ({ partition: { partition }, region }: Account, path: string): string =>
  `arn:${partition}:apigateway:${region}::${path}`;
/** Returns the parent domain of API Gateway in a region. */
const gatewayHost = ({ partition: { dns_suffix }, region }: Account): string =>
  `execute-api.${region}.${dns_suffix}`;

const needApi = (account: Account, attributes: Attributes): Attributes =>
  account.need(
    'aws_api_gateway_rest_api',
    text(attributes, 'rest_api_id'),
    'NotFoundException: Invalid API identifier specified',
  );

const restApi: Resource = {
  name: attributes => idOf('rest', text(attributes, 'name')),
  create(account, attributes) {
    const id = idOf('rest', text(attributes, 'name'));
    return {
      id,
      arn: gatewayArn(account, `/restapis/${id}`),
      execution_arn: account.arn('execute-api', id),
      root_resource_id: idOf('root', id),
      created_date: '2026-11-01T00:00:00Z',
    };
  },
};

const resourceKey = (attributes: Attributes): string =>
  idOf(text(attributes, 'rest_api_id'), text(attributes, 'parent_id'), text(attributes, 'path_part'));

const resource: Resource = {
  name: resourceKey,
  create(account, attributes) {
    needApi(account, attributes);
    return { id: resourceKey(attributes), path: `/${attributes.path_part}` };
  },
};

const methodKey = (attributes: Attributes): string =>
  [attributes.rest_api_id, attributes.resource_id, attributes.http_method].join('-');

const method: Resource = {
  name: methodKey,
  create(account, attributes) {
    needApi(account, attributes);
    checkAuthorization(attributes);
    return { id: `agm-${methodKey(attributes)}` };
  },
  update(_, __, planned) {
    checkAuthorization(planned);
    return {};
  },
};

function checkAuthorization({ authorization, authorizer_id }: Attributes): void {
  if (authorization === 'CUSTOM' && !authorizer_id)
    refuse(
      'BadRequestException: Invalid authorizer ID specified. Setting the authorization type to CUSTOM requires a valid authorizer.',
    );
}

const integration: Resource = {
  name: methodKey,
  create(account, attributes) {
    account.need(
      'aws_api_gateway_method',
      methodKey(attributes),
      'NotFoundException: Invalid Method identifier specified',
    );
    checkTransfer(attributes);
    return { id: `agi-${methodKey(attributes)}` };
  },
  update(_, __, planned) {
    checkTransfer(planned);
    return {};
  },
};

/** https://docs.aws.amazon.com/apigateway/latest/developerguide/response-transfer-mode-lambda.html */
function checkTransfer(attributes: Attributes): void {
  const streams = attributes.response_transfer_mode === 'STREAM';
  const longest = streams ? 900_000 : 29_000;
  if (streams !== text(attributes, 'uri').includes('/response-streaming-invocations'))
    refuse('BadRequestException: The integration URI does not fit the response transfer mode.');
  if (Number(attributes.timeout_milliseconds) > longest)
    refuse(`BadRequestException: Timeout should be between 50 ms and ${longest} ms`);
}

const authorizer: Resource = {
  name: attributes => idOf('authorizer', text(attributes, 'rest_api_id'), text(attributes, 'name')),
  create(account, attributes) {
    needApi(account, attributes);
    const id = idOf('authorizer', text(attributes, 'rest_api_id'), text(attributes, 'name'));
    return { id, arn: gatewayArn(account, `/restapis/${attributes.rest_api_id}/authorizers/${id}`) };
  },
};

const gatewayResponse: Resource = {
  name: attributes => `${attributes.rest_api_id} ${attributes.response_type}`,
  create(account, attributes) {
    needApi(account, attributes);
    return { id: `aggr-${attributes.rest_api_id}-${attributes.response_type}` };
  },
};

const deploymentKey = (attributes: Attributes): string =>
  idOf('deployment', text(attributes, 'rest_api_id'), JSON.stringify(attributes.triggers));

const deployment: Resource = {
  name: attributes => (typeof attributes.id === 'string' ? attributes.id : deploymentKey(attributes)),
  create(account, attributes) {
    needApi(account, attributes);
    const ofApi = (type: string) =>
      account.all(type).filter(each => same(each.rest_api_id, attributes.rest_api_id));
    const methods = ofApi('aws_api_gateway_method');
    if (methods.length === 0) refuse("BadRequestException: The REST API doesn't contain any methods");
    const integrated = new Set(ofApi('aws_api_gateway_integration').map(methodKey));
    if (methods.some(each => !integrated.has(methodKey(each))))
      refuse('BadRequestException: No integration defined for method');
    const id = deploymentKey(attributes);
    account.snapshots.set(id, needApi(account, attributes));
    return { id, created_date: '2026-11-01T00:00:00Z' };
  },
  remove(account, attributes) {
    const stages = account.all('aws_api_gateway_stage');
    if (stages.some(stage => same(stage.deployment_id, attributes.id)))
      refuse('BadRequestException: Active stages pointing to this deployment must be moved or deleted');
  },
};

/**
 * Returns whether the default URL of an API with a domain is enabled. A change takes effect only with the next deployment.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/rest-api-disable-default-endpoint.html
 */
export function executeApiIsOpen(account: Account): boolean {
  const stages = account.all('aws_api_gateway_stage');
  const served = stages.map(({ deployment_id = null }) => account.snapshots.get(String(deployment_id)));
  return served.some(api => api?.disable_execute_api_endpoint !== true);
}

const stageKey = (attributes: Attributes): string => `${attributes.rest_api_id} ${attributes.stage_name}`;

function checkStage(account: Account, attributes: Attributes): void {
  account.need(
    'aws_api_gateway_deployment',
    text(attributes, 'deployment_id'),
    'NotFoundException: Invalid Deployment identifier specified',
  );
  for (const { destination_arn } of blocks(attributes.access_log_settings)) {
    const known = account
      .all('aws_cloudwatch_log_group')
      .some(group => same(group.arn, destination_arn ?? null));
    if (!known) refuse('BadRequestException: Invalid ARN specified in the request');
    if (!account.logRole && account.all('aws_api_gateway_account').length === 0)
      refuse(
        'BadRequestException: CloudWatch Logs role ARN must be set in account settings to enable logging',
      );
  }
}

const stage: Resource = {
  name: stageKey,
  create(account, attributes) {
    checkStage(account, attributes);
    const { rest_api_id: api, stage_name: name } = attributes;
    return {
      id: `ags-${api}-${name}`,
      arn: gatewayArn(account, `/restapis/${api}/stages/${name}`),
      execution_arn: account.arn('execute-api', `${api}/${name}`),
      invoke_url: `https://${api}.${gatewayHost(account)}/${name}`,
    };
  },
  update(account, _, planned) {
    checkStage(account, planned);
    return {};
  },
};

const needStage = (account: Account, attributes: Attributes): Attributes =>
  account.need(
    'aws_api_gateway_stage',
    stageKey(attributes),
    'NotFoundException: Invalid stage identifier specified',
  );

const ofStage: Resource = {
  name: attributes => `${stageKey(attributes)} ${attributes.method_path}`,
  create(account, attributes) {
    needStage(account, attributes);
    return { id: `${attributes.rest_api_id}-${attributes.stage_name}-${attributes.method_path}` };
  },
};

const policyOfApi: Resource = {
  name: attributes => text(attributes, 'rest_api_id'),
  create(account, attributes) {
    const { execution_arn = null } = needApi(account, attributes);
    // API Gateway expands the short form of its ARNs, and Terraform reads the long form.
    const policy = text(attributes, 'policy').replaceAll('"execute-api:/', `"${execution_arn}/`);
    return { id: text(attributes, 'rest_api_id'), policy };
  },
};

const WELCOME = '/aws/apigateway/welcome';
const MANAGED_LOG_POLICY = 'AmazonAPIGatewayPushToCloudWatchLogs';

/** Returns whether the role of API Gateway for logs may do an action on a log group. */
function logRoleMay(account: Account, role: Attributes, action: string, group: string): boolean {
  const resource = account.arn('logs', `log-group:${group}:log-stream:`);
  const isOfRole = (each: Attributes): boolean => same(each.role, role.name);
  const managed = account.all('aws_iam_role_policy_attachment').filter(isOfRole);
  if (managed.some(({ policy_arn }) => String(policy_arn).endsWith(`/${MANAGED_LOG_POLICY}`))) return true;
  const inline = account.all('aws_iam_role_policy').filter(isOfRole);
  return inline.some(({ policy }) => allows(String(policy), { action, resource }));
}

/**
 * API Gateway tests the role by creating a log group, which remains.
 * https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/2312
 */
const accountSettings: Resource = {
  name: () => 'account',
  create(account, { cloudwatch_role_arn }) {
    const [role] = account.all('aws_iam_role').filter(each => same(each.arn, cloudwatch_role_arn ?? null));
    const needed = [
      'logs:CreateLogGroup',
      'logs:CreateLogStream',
      'logs:DescribeLogGroups',
      'logs:PutLogEvents',
    ];
    if (!role || !needed.every(action => logRoleMay(account, role, action, WELCOME)))
      refuse('BadRequestException: The role ARN does not have required permissions configured.');
    account.leftBehind.add(WELCOME);
    return { id: 'api-gateway-account' };
  },
};

/** Delivers a late log line, which creates its log group again if the role may do so. */
export function deliverLate(account: Account, group: string): void {
  const [settings] = account.all('aws_api_gateway_account');
  const [role] = account.all('aws_iam_role').filter(each => same(each.arn, settings?.cloudwatch_role_arn));
  if (role && logRoleMay(account, role, 'logs:CreateLogGroup', group)) account.leftBehind.add(group);
}

const apiKey: Resource = {
  name: attributes => text(attributes, 'name'),
  create: (_, { name = null }) => ({
    id: idOf('key', String(name)),
    value: idOf('value', String(name)).repeat(4),
  }),
};

const usagePlan: Resource = {
  name: attributes => text(attributes, 'name'),
  create(account, attributes) {
    for (const { api_id, stage: stage_name } of blocks(attributes.api_stages))
      needStage(account, { rest_api_id: api_id ?? null, stage_name: stage_name ?? null });
    return { id: idOf('plan', text(attributes, 'name')) };
  },
};

const usagePlanKey: Resource = {
  name: attributes => `${attributes.usage_plan_id} ${attributes.key_id}`,
  create: (_, { key_id = null }) => ({ id: key_id, name: 'key', value: '' }),
};

function needIssued(account: Account, certificateArn: Value | undefined, region: string): void {
  if (!String(certificateArn).includes(`:acm:${region}:`))
    refuse(`BadRequestException: The certificate ${certificateArn} is not in ${region}.`);
  const [certificate] = account
    .all('aws_acm_certificate')
    .filter(each => same(each.arn, certificateArn ?? null));
  const validated = account
    .all('aws_acm_certificate_validation')
    .some(each => same(each.certificate_arn, certificateArn ?? null));
  if (certificate && !validated)
    refuse(
      'BadRequestException: The certificate is pending validation. Only an issued certificate can be used.',
    );
}

const domainName: Resource = {
  name: attributes => text(attributes, 'domain_name'),
  create(account, attributes) {
    needIssued(account, attributes.regional_certificate_arn, account.region);
    const name = text(attributes, 'domain_name');
    return {
      id: name,
      arn: gatewayArn(account, `/domainnames/${name}`),
      regional_domain_name: `d-${idOf(name)}.${gatewayHost(account)}`,
      regional_zone_id: 'ZREGIONAL',
    };
  },
};

const basePathMapping: Resource = {
  name: attributes => `${attributes.domain_name}/${attributes.base_path ?? ''}`,
  create(account, { domain_name, api_id, stage_name }) {
    account.need(
      'aws_api_gateway_domain_name',
      String(domain_name),
      'NotFoundException: Invalid domain name identifier specified',
    );
    needStage(account, { rest_api_id: api_id ?? null, stage_name: stage_name ?? null });
    return { id: `${domain_name}/` };
  },
};

const needHttpApi = (account: Account, attributes: Attributes): Attributes =>
  account.need(
    'aws_apigatewayv2_api',
    text(attributes, 'api_id'),
    'NotFoundException: Invalid API identifier specified',
  );

const httpApi: Resource = {
  name: attributes => idOf('http', text(attributes, 'name')),
  create(account, attributes) {
    const id = idOf('http', text(attributes, 'name'));
    return {
      id,
      arn: gatewayArn(account, `/apis/${id}`),
      execution_arn: account.arn('execute-api', id),
      api_endpoint: `https://${id}.${gatewayHost(account)}`,
    };
  },
};

const httpIntegration: Resource = {
  name: attributes => idOf('integration', text(attributes, 'api_id'), text(attributes, 'integration_uri')),
  create(account, attributes) {
    needHttpApi(account, attributes);
    if (Number(attributes.timeout_milliseconds) > 30_000)
      refuse('BadRequestException: Timeout should be between 50 ms and 30000 ms');
    return { id: idOf('integration', text(attributes, 'api_id'), text(attributes, 'integration_uri')) };
  },
};

const httpAuthorizer: Resource = {
  name: attributes => idOf('authorizer', text(attributes, 'api_id'), text(attributes, 'name')),
  create(account, attributes) {
    needHttpApi(account, attributes);
    if (attributes.authorizer_type === 'JWT')
      for (const { audience } of blocks(attributes.jwt_configuration))
        if (!Array.isArray(audience) || audience.length === 0)
          refuse('BadRequestException: Audience list must have at least 1 item.');
    return { id: idOf('authorizer', text(attributes, 'api_id'), text(attributes, 'name')) };
  },
};

const route: Resource = {
  name: attributes => `${attributes.api_id} ${attributes.route_key}`,
  create(account, attributes) {
    needHttpApi(account, attributes);
    checkRoute(attributes);
    return { id: idOf('route', text(attributes, 'api_id'), text(attributes, 'route_key')) };
  },
  update(_, __, planned) {
    checkRoute(planned);
    return {};
  },
};

function checkRoute({ authorization_type, authorizer_id, authorization_scopes }: Attributes): void {
  const named = authorization_type === 'JWT' || authorization_type === 'CUSTOM';
  if (named !== Boolean(authorizer_id))
    refuse('BadRequestException: Authorizer id and authorization type do not fit.');
  const scopes = Array.isArray(authorization_scopes) ? authorization_scopes.length : 0;
  if (scopes > 0 && authorization_type !== 'JWT')
    refuse('BadRequestException: Scopes are supported for JWT authorization only.');
}

const httpStage: Resource = {
  name: attributes => `${attributes.api_id} ${attributes.name}`,
  create(account, attributes) {
    const { api_endpoint } = needHttpApi(account, attributes);
    checkVendedLogs(account, attributes);
    return {
      id: text(attributes, 'name'),
      arn: gatewayArn(account, `/apis/${attributes.api_id}/stages/${attributes.name}`),
      execution_arn: account.arn('execute-api', `${attributes.api_id}/${attributes.name}`),
      invoke_url: `${api_endpoint}/`,
    };
  },
};

/**
 * Checks the resource policy for log delivery, which has a size limit and covers all of /aws/vendedlogs/.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-and-resource-policy.html
 */
function checkVendedLogs(account: Account, attributes: Attributes): void {
  const destinations = blocks(attributes.access_log_settings).map(each => text(each, 'destination_arn'));
  if (account.logPolicyFull && destinations.some(each => !each.includes(':log-group:/aws/vendedlogs/')))
    refuse('BadRequestException: Insufficient permissions to enable logging');
}

const httpDomainName: Resource = {
  name: attributes => text(attributes, 'domain_name'),
  create(account, attributes) {
    const name = text(attributes, 'domain_name');
    const configuration = blocks(attributes.domain_name_configuration).map(each => {
      needIssued(account, each.certificate_arn, account.region);
      const target_domain_name = `d-${idOf(name)}.${gatewayHost(account)}`;
      return {
        ...each,
        target_domain_name,
        hosted_zone_id: 'ZREGIONAL',
        ip_address_type: typeof each.ip_address_type === 'string' ? each.ip_address_type : 'ipv4',
        ownership_verification_certificate_arn: '',
      };
    });
    return { id: name, domain_name_configuration: configuration };
  },
};

const apiMapping: Resource = {
  name: attributes => `${attributes.domain_name}/${attributes.api_mapping_key ?? ''}`,
  create(account, attributes) {
    account.need(
      'aws_apigatewayv2_domain_name',
      text(attributes, 'domain_name'),
      'NotFoundException: Invalid domain name identifier specified',
    );
    account.need(
      'aws_apigatewayv2_stage',
      `${attributes.api_id} ${attributes.stage}`,
      'BadRequestException: Invalid stage identifier specified',
    );
    return { id: idOf('mapping', text(attributes, 'domain_name')) };
  },
};

const certificate: Resource = {
  name: attributes => text(attributes, 'domain_name'),
  create(account, attributes) {
    const name = text(attributes, 'domain_name');
    const made = account.arn('acm', `certificate/${idOf(name, account.region)}`);
    return {
      id: made,
      arn: made,
      status: 'PENDING_VALIDATION',
      subject_alternative_names: [name],
      domain_validation_options: [
        {
          domain_name: name,
          resource_record_name: `_proof.${name}.`,
          resource_record_type: 'CNAME',
          resource_record_value: '_proof.acm-validations.aws.',
        },
      ],
    };
  },
};

const validation: Resource = {
  name: attributes => text(attributes, 'certificate_arn'),
  create(account, attributes) {
    const names = Array.isArray(attributes.validation_record_fqdns) ? attributes.validation_record_fqdns : [];
    const records = account.all('aws_route53_record').map(({ fqdn }) => fqdn);
    if (!names.every(name => records.some(record => same(record ?? null, name))))
      refuse('waiting for ACM Certificate to be issued: timeout while waiting for state to become ISSUED');
    return { id: text(attributes, 'certificate_arn') };
  },
};

const record: Resource = {
  name: attributes => `${attributes.zone_id} ${attributes.name} ${attributes.type}`,
  create(account, attributes) {
    const { zone_id, name, type } = attributes;
    if (
      account.get('aws_route53_record', `${zone_id} ${name} ${type}`) &&
      attributes.allow_overwrite !== true
    )
      refuse(
        `InvalidChangeBatch: [Tried to create resource record set [name='${name}', type='${type}'] but it already exists]`,
      );
    for (const alias of blocks(attributes.alias)) checkIpv6(account, text(attributes, 'type'), alias);
    return { id: `${zone_id}_${name}_${type}`, fqdn: text(attributes, 'name').replace(/\.$/, '') };
  },
};

/** Rejects an AAAA record for a domain with IPv4 only, which Route 53 accepts but which never resolves. */
function checkIpv6(account: Account, type: string, { name: target = null }: Attributes): void {
  if (type !== 'AAAA') return;
  const rest = account
    .all('aws_api_gateway_domain_name')
    .filter(each => same(each.regional_domain_name, target))
    .flatMap(each => blocks(each.endpoint_configuration));
  const http = account
    .all('aws_apigatewayv2_domain_name')
    .flatMap(each => blocks(each.domain_name_configuration))
    .filter(each => same(each.target_domain_name, target));
  if ([...rest, ...http].some(({ ip_address_type }) => ip_address_type !== 'dualstack'))
    refuse(`The AAAA record points to ${target}, which has no IPv6 addresses.`);
}

/** Returns the names whose certificate cannot be renewed, because its validation record does not exist. */
export function notRenewable(account: Account): string[] {
  const records = new Set(account.all('aws_route53_record').map(({ name }) => String(name)));
  return account
    .all('aws_acm_certificate')
    .filter(each =>
      blocks(each.domain_validation_options).some(
        option => !records.has(text(option, 'resource_record_name')),
      ),
    )
    .map(each => text(each, 'domain_name'));
}

const distribution: Resource = {
  name: attributes => text(attributes, 'comment'),
  create(account, attributes) {
    for (const { acm_certificate_arn } of blocks(attributes.viewer_certificate))
      needIssued(account, acm_certificate_arn, 'us-east-1');
    const id = `E${idOf('distribution', text(attributes, 'comment')).toUpperCase()}`;
    return {
      id,
      arn: account.arn('cloudfront', `distribution/${id}`, ''),
      domain_name: `${id.toLowerCase()}.cloudfront.net`,
      hosted_zone_id: 'Z2FDTNDATAQYW2',
    };
  },
};

const firewall: Resource = {
  name: attributes => text(attributes, 'resource_arn'),
  create(account, { resource_arn, web_acl_arn }) {
    if (!account.all('aws_api_gateway_stage').some(each => same(each.arn, resource_arn ?? null)))
      refuse('WAFInvalidParameterException: The ARN is not valid.');
    return { id: `${web_acl_arn},${resource_arn}` };
  },
};

export const GATEWAY: Readonly<Record<string, Resource>> = {
  aws_acm_certificate: certificate,
  aws_acm_certificate_validation: validation,
  aws_api_gateway_account: accountSettings,
  aws_api_gateway_api_key: apiKey,
  aws_api_gateway_authorizer: authorizer,
  aws_api_gateway_base_path_mapping: basePathMapping,
  aws_api_gateway_deployment: deployment,
  aws_api_gateway_domain_name: domainName,
  aws_api_gateway_gateway_response: gatewayResponse,
  aws_api_gateway_integration: integration,
  aws_api_gateway_method: method,
  aws_api_gateway_method_settings: ofStage,
  aws_api_gateway_resource: resource,
  aws_api_gateway_rest_api: restApi,
  aws_api_gateway_rest_api_policy: policyOfApi,
  aws_api_gateway_stage: stage,
  aws_api_gateway_usage_plan: usagePlan,
  aws_api_gateway_usage_plan_key: usagePlanKey,
  aws_apigatewayv2_api: httpApi,
  aws_apigatewayv2_api_mapping: apiMapping,
  aws_apigatewayv2_authorizer: httpAuthorizer,
  aws_apigatewayv2_domain_name: httpDomainName,
  aws_apigatewayv2_integration: httpIntegration,
  aws_apigatewayv2_route: route,
  aws_apigatewayv2_stage: httpStage,
  aws_cloudfront_distribution: distribution,
  aws_route53_record: record,
  aws_wafv2_web_acl_association: firewall,
};

const OF_API = ['rest_api_id', 'region'];
const OF_HTTP_API = ['api_id', 'region'];

/** Attributes whose change replaces the resource, from the provider's sources (ForceNew, RequiresReplace). */
export const GATEWAY_REPLACED_BY: Readonly<Record<string, readonly string[]>> = {
  aws_acm_certificate: ['domain_name', 'validation_method', 'region'],
  aws_acm_certificate_validation: ['certificate_arn', 'validation_record_fqdns', 'region'],
  aws_api_gateway_account: ['region'],
  aws_api_gateway_api_key: ['region'],
  aws_api_gateway_authorizer: OF_API,
  aws_api_gateway_base_path_mapping: ['domain_name', 'region'],
  aws_api_gateway_deployment: [...OF_API, 'triggers'],
  aws_api_gateway_domain_name: ['domain_name', 'region'],
  aws_api_gateway_gateway_response: [...OF_API, 'response_type'],
  aws_api_gateway_integration: [...OF_API, 'resource_id', 'http_method', 'integration_http_method', 'type'],
  aws_api_gateway_method: [...OF_API, 'resource_id', 'http_method'],
  aws_api_gateway_method_settings: [...OF_API, 'stage_name', 'method_path'],
  aws_api_gateway_resource: OF_API,
  aws_api_gateway_rest_api: ['region'],
  aws_api_gateway_rest_api_policy: OF_API,
  aws_api_gateway_stage: [...OF_API, 'stage_name'],
  aws_api_gateway_usage_plan: ['region'],
  aws_api_gateway_usage_plan_key: ['key_id', 'key_type', 'usage_plan_id', 'region'],
  aws_apigatewayv2_api: ['protocol_type', 'region'],
  aws_apigatewayv2_api_mapping: ['api_id', 'domain_name', 'region'],
  aws_apigatewayv2_authorizer: [...OF_HTTP_API, 'authorizer_type'],
  aws_apigatewayv2_domain_name: ['domain_name', 'region'],
  aws_apigatewayv2_integration: [...OF_HTTP_API, 'integration_type'],
  aws_apigatewayv2_route: OF_HTTP_API,
  aws_apigatewayv2_stage: [...OF_HTTP_API, 'name'],
  aws_cloudfront_distribution: [],
  aws_route53_record: ['zone_id', 'name', 'type'],
  aws_wafv2_web_acl_association: ['resource_arn', 'web_acl_arn', 'region'],
};
