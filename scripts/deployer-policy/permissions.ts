/**
 * IAM actions that Terraform's AWS provider calls, by resource type and operation. `source` is the file of the provider that
 * makes the calls, below https://github.com/hashicorp/terraform-provider-aws/blob/v6.66.0/internal/service/. A test fails for a
 * type or an operation without a row.
 */
export type Operation = 'create' | 'read' | 'update' | 'delete';

export interface Permissions extends Readonly<Record<Operation, readonly string[]>> {
  readonly source: string;
}

const row = (
  source: string,
  actions: Partial<Record<Operation, readonly string[]>>,
  prefix = source.split('/')[0] ?? '',
): Permissions => {
  const named = (operation: Operation): string[] =>
    (actions[operation] ?? []).map(action => (action.includes(':') ? action : `${prefix}:${action}`));
  return {
    source,
    create: named('create'),
    read: named('read'),
    update: named('update'),
    delete: named('delete'),
  };
};

/** API Gateway's actions are HTTP methods on its resources. https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonapigatewaymanagement.html */
const gateway = (
  source: string,
  more: Partial<Record<Operation, readonly string[]>> = {},
  create: 'POST' | 'PUT' | 'PATCH' = 'POST',
): Permissions =>
  row(
    source,
    {
      create: [create, 'PUT', ...(more.create ?? [])],
      read: ['GET', ...(more.read ?? [])],
      update: ['PATCH', 'PUT', 'DELETE', ...(more.update ?? [])],
      delete: ['DELETE', ...(more.delete ?? [])],
    },
    'apigateway',
  );

const data = (source: string, ...read: string[]): Permissions => row(source, { read });

/** Log delivery of HTTP APIs. https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-and-resource-policy.html */
const LOG_DELIVERY = [
  'logs:CreateLogDelivery',
  'logs:DeleteLogDelivery',
  'logs:DescribeLogGroups',
  'logs:DescribeResourcePolicies',
  'logs:GetLogDelivery',
  'logs:ListLogDeliveries',
  'logs:PutResourcePolicy',
  'logs:UpdateLogDelivery',
];

const DOMAIN = ['AddCertificateToDomain', 'iam:CreateServiceLinkedRole'];
const FUNCTION_IN = ['iam:PassRole', 'ec2:DescribeSecurityGroups', 'ec2:DescribeSubnets', 'ec2:DescribeVpcs'];
const IMAGE_OF_FUNCTION = ['ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer', 'ecr:GetRepositoryPolicy'];
/** Actions with which the deployer encrypts data of a service by kms_key_arn. */
export const KMS = [
  'kms:CreateGrant',
  'kms:Decrypt',
  'kms:DescribeKey',
  'kms:Encrypt',
  'kms:GenerateDataKey',
  'kms:RetireGrant',
];

export const RESOURCES: Readonly<Record<string, Permissions>> = {
  aws_acm_certificate: row('acm/certificate.go', {
    create: ['RequestCertificate', 'AddTagsToCertificate'],
    read: ['DescribeCertificate', 'ListTagsForCertificate'],
    update: ['UpdateCertificateOptions', 'AddTagsToCertificate', 'RemoveTagsFromCertificate'],
    delete: ['DeleteCertificate'],
  }),
  aws_acm_certificate_validation: row('acm/certificate_validation.go', {
    create: ['DescribeCertificate'],
    read: ['DescribeCertificate'],
  }),
  aws_api_gateway_account: row('apigateway/account.go', {
    create: ['PATCH', 'iam:PassRole'],
    read: ['GET'],
    update: ['PATCH', 'iam:PassRole'],
    delete: ['PATCH'],
  }),
  aws_api_gateway_api_key: gateway('apigateway/api_key.go'),
  aws_api_gateway_authorizer: gateway('apigateway/authorizer.go'),
  aws_api_gateway_base_path_mapping: gateway('apigateway/base_path_mapping.go'),
  aws_api_gateway_deployment: gateway('apigateway/deployment.go'),
  aws_api_gateway_domain_name: gateway('apigateway/domain_name.go', {
    create: DOMAIN,
    update: ['AddCertificateToDomain', 'RemoveCertificateFromDomain'],
    delete: ['RemoveCertificateFromDomain'],
  }),
  aws_api_gateway_gateway_response: gateway('apigateway/gateway_response.go', {}, 'PUT'),
  aws_api_gateway_integration: gateway('apigateway/integration.go', {}, 'PUT'),
  aws_api_gateway_method: gateway('apigateway/method.go', {}, 'PUT'),
  aws_api_gateway_method_settings: gateway('apigateway/method_settings.go', { delete: ['PATCH'] }, 'PATCH'),
  aws_api_gateway_resource: gateway('apigateway/resource.go'),
  aws_api_gateway_rest_api: gateway('apigateway/rest_api.go'),
  aws_api_gateway_rest_api_policy: gateway(
    'apigateway/rest_api_policy.go',
    {
      create: ['UpdateRestApiPolicy'],
      update: ['UpdateRestApiPolicy'],
      delete: ['PATCH', 'UpdateRestApiPolicy'],
    },
    'PATCH',
  ),
  aws_api_gateway_stage: gateway('apigateway/stage.go', { create: ['PATCH'] }),
  aws_api_gateway_usage_plan: gateway('apigateway/usage_plan.go', { create: ['PATCH'], delete: ['PATCH'] }),
  aws_api_gateway_usage_plan_key: gateway('apigateway/usage_plan_key.go'),
  aws_apigatewayv2_api: gateway('apigatewayv2/api.go', { create: ['PATCH'] }),
  aws_apigatewayv2_api_mapping: gateway('apigatewayv2/api_mapping.go'),
  aws_apigatewayv2_authorizer: gateway('apigatewayv2/authorizer.go'),
  aws_apigatewayv2_domain_name: gateway('apigatewayv2/domain_name.go', {
    create: DOMAIN,
    update: ['AddCertificateToDomain', 'RemoveCertificateFromDomain'],
    delete: ['RemoveCertificateFromDomain'],
  }),
  aws_apigatewayv2_integration: gateway('apigatewayv2/integration.go'),
  aws_apigatewayv2_route: gateway('apigatewayv2/route.go'),
  aws_apigatewayv2_stage: gateway('apigatewayv2/stage.go', {
    create: ['PATCH', ...LOG_DELIVERY],
    update: LOG_DELIVERY,
    delete: LOG_DELIVERY,
  }),
  aws_budgets_budget: row('budgets/budget.go', {
    create: ['ModifyBudget', 'TagResource'],
    read: ['ViewBudget', 'ListTagsForResource'],
    update: ['ModifyBudget', 'TagResource', 'UntagResource'],
    delete: ['ModifyBudget'],
  }),
  aws_cloudfront_distribution: row('cloudfront/distribution.go', {
    create: ['CreateDistribution', 'TagResource'],
    read: ['GetDistribution', 'ListTagsForResource'],
    update: ['UpdateDistribution', 'TagResource', 'UntagResource'],
    delete: ['UpdateDistribution', 'DeleteDistribution'],
  }),
  aws_cloudwatch_dashboard: row('cloudwatch/dashboard.go', {
    create: ['PutDashboard'],
    read: ['GetDashboard'],
    update: ['PutDashboard'],
    delete: ['DeleteDashboards'],
  }),
  aws_cloudwatch_log_group: row('logs/group.go', {
    create: ['CreateLogGroup', 'PutRetentionPolicy', 'TagResource', 'AssociateKmsKey'],
    read: ['DescribeLogGroups', 'ListTagsForResource'],
    update: [
      'PutRetentionPolicy',
      'DeleteRetentionPolicy',
      'AssociateKmsKey',
      'DisassociateKmsKey',
      'TagResource',
      'UntagResource',
    ],
    delete: ['DeleteLogGroup'],
  }),
  aws_cloudwatch_log_metric_filter: row('logs/metric_filter.go', {
    create: ['PutMetricFilter'],
    read: ['DescribeMetricFilters'],
    update: ['PutMetricFilter'],
    delete: ['DeleteMetricFilter'],
  }),
  aws_cloudwatch_metric_alarm: row('cloudwatch/metric_alarm.go', {
    create: ['PutMetricAlarm', 'TagResource'],
    read: ['DescribeAlarms', 'ListTagsForResource'],
    update: ['PutMetricAlarm', 'TagResource', 'UntagResource'],
    delete: ['DeleteAlarms'],
  }),
  aws_cloudwatch_query_definition: row('logs/query_definition.go', {
    create: ['PutQueryDefinition'],
    read: ['DescribeQueryDefinitions'],
    update: ['PutQueryDefinition'],
    delete: ['DeleteQueryDefinition'],
  }),
  aws_cognito_managed_login_branding: row(
    'cognitoidp/managed_login_branding.go',
    {
      create: ['CreateManagedLoginBranding', 'DescribeManagedLoginBranding'],
      read: ['DescribeManagedLoginBranding', 'DescribeManagedLoginBrandingByClient', 'ListUserPoolClients'],
      update: ['DescribeManagedLoginBranding', 'UpdateManagedLoginBranding'],
      delete: ['DeleteManagedLoginBranding'],
    },
    'cognito-idp',
  ),
  aws_cognito_user_pool: row(
    'cognitoidp/user_pool.go',
    {
      create: ['CreateUserPool', 'SetUserPoolMfaConfig', 'TagResource'],
      read: ['DescribeUserPool', 'GetUserPoolMfaConfig'],
      update: ['SetUserPoolMfaConfig', 'TagResource', 'UntagResource', 'UpdateUserPool'],
      delete: ['DeleteUserPool'],
    },
    'cognito-idp',
  ),
  aws_cognito_user_pool_client: row(
    'cognitoidp/user_pool_client.go',
    {
      create: ['CreateUserPoolClient'],
      read: ['DescribeUserPoolClient'],
      update: ['UpdateUserPoolClient'],
      delete: ['DeleteUserPoolClient'],
    },
    'cognito-idp',
  ),
  aws_cognito_user_pool_domain: row(
    'cognitoidp/user_pool_domain.go',
    {
      create: ['CreateUserPoolDomain'],
      read: ['DescribeUserPoolDomain'],
      update: ['UpdateUserPoolDomain'],
      delete: ['DeleteUserPoolDomain'],
    },
    'cognito-idp',
  ),
  aws_dynamodb_table: row('dynamodb/table.go', {
    create: ['CreateTable', 'TagResource', 'UpdateContinuousBackups', 'UpdateTimeToLive'],
    read: ['DescribeContinuousBackups', 'DescribeTable', 'DescribeTimeToLive', 'ListTagsOfResource'],
    update: ['TagResource', 'UntagResource', 'UpdateContinuousBackups', 'UpdateTable', 'UpdateTimeToLive'],
    delete: ['DeleteTable'],
  }),
  aws_ecr_lifecycle_policy: row('ecr/lifecycle_policy.go', {
    create: ['PutLifecyclePolicy'],
    read: ['GetLifecyclePolicy'],
    update: ['PutLifecyclePolicy'],
    delete: ['DeleteLifecyclePolicy'],
  }),
  aws_ecr_repository: row('ecr/repository.go', {
    create: ['CreateRepository', 'TagResource'],
    read: ['DescribeRepositories', 'ListTagsForResource'],
    update: ['PutImageScanningConfiguration', 'PutImageTagMutability', 'TagResource', 'UntagResource'],
    delete: ['DeleteRepository'],
  }),
  aws_ecr_repository_policy: row('ecr/repository_policy.go', {
    create: ['SetRepositoryPolicy'],
    read: ['GetRepositoryPolicy'],
    update: ['SetRepositoryPolicy'],
    delete: ['DeleteRepositoryPolicy'],
  }),
  aws_iam_openid_connect_provider: row('iam/openid_connect_provider.go', {
    create: ['CreateOpenIDConnectProvider', 'TagOpenIDConnectProvider'],
    read: ['GetOpenIDConnectProvider'],
    update: [
      'AddClientIDToOpenIDConnectProvider',
      'RemoveClientIDFromOpenIDConnectProvider',
      'TagOpenIDConnectProvider',
      'UntagOpenIDConnectProvider',
      'UpdateOpenIDConnectProviderThumbprint',
    ],
    delete: ['DeleteOpenIDConnectProvider'],
  }),
  aws_iam_policy: row('iam/policy.go', {
    create: ['CreatePolicy', 'TagPolicy'],
    read: ['GetPolicy', 'GetPolicyVersion', 'ListPolicyVersions'],
    update: ['CreatePolicyVersion', 'DeletePolicyVersion', 'TagPolicy', 'UntagPolicy'],
    delete: ['DeletePolicy', 'DeletePolicyVersion'],
  }),
  aws_iam_role: row('iam/role.go', {
    create: ['CreateRole', 'TagRole', 'PutRolePermissionsBoundary'],
    read: ['GetRole', 'ListAttachedRolePolicies', 'ListRolePolicies'],
    update: [
      'DeleteRolePermissionsBoundary',
      'PutRolePermissionsBoundary',
      'TagRole',
      'UntagRole',
      'UpdateAssumeRolePolicy',
      'UpdateRole',
      'UpdateRoleDescription',
    ],
    delete: ['DeleteRole', 'ListInstanceProfilesForRole'],
  }),
  aws_iam_role_policy: row('iam/role_policy.go', {
    create: ['PutRolePolicy'],
    read: ['GetRolePolicy'],
    update: ['PutRolePolicy'],
    delete: ['DeleteRolePolicy'],
  }),
  aws_iam_role_policy_attachment: row('iam/role_policy_attachment.go', {
    create: ['AttachRolePolicy'],
    read: ['ListAttachedRolePolicies'],
    update: ['AttachRolePolicy', 'DetachRolePolicy'],
    delete: ['DetachRolePolicy'],
  }),
  aws_lambda_alias: row('lambda/alias.go', {
    create: ['CreateAlias'],
    read: ['GetAlias'],
    update: ['UpdateAlias'],
    delete: ['DeleteAlias'],
  }),
  aws_lambda_function: row('lambda/function.go', {
    create: [
      'CreateFunction',
      'PublishVersion',
      'PutFunctionConcurrency',
      'TagResource',
      ...FUNCTION_IN,
      ...IMAGE_OF_FUNCTION,
    ],
    read: [
      'GetFunction',
      'GetFunctionCodeSigningConfig',
      'GetFunctionConfiguration',
      'ListTags',
      'ListVersionsByFunction',
    ],
    update: [
      'DeleteFunctionConcurrency',
      'PublishVersion',
      'PutFunctionConcurrency',
      'TagResource',
      'UntagResource',
      'UpdateFunctionCode',
      'UpdateFunctionConfiguration',
      ...FUNCTION_IN,
      ...IMAGE_OF_FUNCTION,
    ],
    delete: ['DeleteFunction'],
  }),
  aws_lambda_function_event_invoke_config: row('lambda/function_event_invoke_config.go', {
    create: ['PutFunctionEventInvokeConfig'],
    read: ['GetFunctionEventInvokeConfig'],
    update: ['PutFunctionEventInvokeConfig'],
    delete: ['DeleteFunctionEventInvokeConfig'],
  }),
  aws_lambda_function_url: row('lambda/function_url.go', {
    create: ['AddPermission', 'CreateFunctionUrlConfig'],
    read: ['GetFunctionUrlConfig'],
    update: ['UpdateFunctionUrlConfig'],
    delete: ['DeleteFunctionUrlConfig'],
  }),
  aws_lambda_permission: row('lambda/permission.go', {
    create: ['AddPermission'],
    read: ['GetPolicy'],
    delete: ['RemovePermission'],
  }),
  aws_lambda_provisioned_concurrency_config: row('lambda/provisioned_concurrency_config.go', {
    create: ['PutProvisionedConcurrencyConfig'],
    read: ['GetProvisionedConcurrencyConfig'],
    update: ['PutProvisionedConcurrencyConfig'],
    delete: ['DeleteProvisionedConcurrencyConfig'],
  }),
  aws_route53_record: row('route53/record.go', {
    create: ['ChangeResourceRecordSets', 'GetChange', 'GetHostedZone', 'ListResourceRecordSets'],
    read: ['GetHostedZone', 'ListResourceRecordSets'],
    update: ['ChangeResourceRecordSets', 'GetChange'],
    delete: ['ChangeResourceRecordSets', 'GetChange'],
  }),
  aws_sns_topic: row('sns/topic.go', {
    create: ['CreateTopic', 'SetTopicAttributes', 'TagResource'],
    read: ['GetTopicAttributes', 'ListTagsForResource'],
    update: ['SetTopicAttributes', 'TagResource', 'UntagResource'],
    delete: ['DeleteTopic'],
  }),
  aws_sns_topic_policy: row('sns/topic_policy.go', {
    create: ['SetTopicAttributes'],
    read: ['GetTopicAttributes'],
    update: ['SetTopicAttributes'],
    delete: ['SetTopicAttributes'],
  }),
  aws_sns_topic_subscription: row('sns/topic_subscription.go', {
    create: ['Subscribe'],
    read: ['GetSubscriptionAttributes'],
    update: ['SetSubscriptionAttributes'],
    delete: ['Unsubscribe'],
  }),
  aws_sqs_queue: row('sqs/queue.go', {
    create: ['CreateQueue', 'SetQueueAttributes', 'TagQueue'],
    read: ['GetQueueAttributes', 'GetQueueUrl', 'ListQueueTags'],
    update: ['SetQueueAttributes', 'TagQueue', 'UntagQueue'],
    delete: ['DeleteQueue'],
  }),
  aws_ssm_parameter: row('ssm/parameter.go', {
    create: ['AddTagsToResource', 'PutParameter'],
    read: ['DescribeParameters', 'GetParameter', 'ListTagsForResource'],
    update: ['AddTagsToResource', 'PutParameter', 'RemoveTagsFromResource'],
    delete: ['DeleteParameter'],
  }),
  aws_wafv2_web_acl_association: row('wafv2/web_acl_association.go', {
    create: ['AssociateWebACL', 'apigateway:SetWebACL'],
    read: ['GetWebACLForResource'],
    delete: ['DisassociateWebACL', 'apigateway:SetWebACL'],
  }),
};

export const DATA_SOURCES: Readonly<Record<string, Permissions>> = {
  // sts:GetCallerIdentity needs no permission. https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
  aws_caller_identity: data('sts/caller_identity_data_source.go'),
  aws_ecr_image: data('ecr/image_data_source.go', 'DescribeImages'),
  aws_iam_policy_document: data('iam/policy_document_data_source.go'),
  aws_partition: data('meta/partition_data_source.go'),
  aws_region: data('meta/region_data_source.go'),
  aws_servicequotas_service_quota: data('servicequotas/service_quota_data_source.go', 'GetServiceQuota'),
};

/** Actions of scripts/publish-image, which Terraform runs: docker push, and the tag live-…. */
export const PUBLISH_IMAGE = [
  'ecr:BatchCheckLayerAvailability',
  'ecr:BatchGetImage',
  'ecr:CompleteLayerUpload',
  'ecr:DescribeImages',
  'ecr:GetAuthorizationToken',
  'ecr:GetDownloadUrlForLayer',
  'ecr:InitiateLayerUpload',
  'ecr:PutImage',
  'ecr:UploadLayerPart',
];
