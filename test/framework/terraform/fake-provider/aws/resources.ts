/** What AWS does, and what it rejects, when a resource is created, changed and deleted; one entry per resource type. */
import { createHash, randomUUID } from 'node:crypto';
import { ACCOUNT } from '../../publish-image/fake/machine.ts';
import { type Attributes, same } from '../values.ts';
import { type Account, refuse } from './account.ts';
import { COGNITO } from './cognito.ts';
import { deliverLate, GATEWAY } from './gateway.ts';
import { OBSERVABILITY } from './observability.ts';
import { allows } from './policy-document.ts';
import { type Resource, text } from './resource.ts';

const target = (attributes: Attributes): string => `${attributes.function_name}:${attributes.qualifier}`;
const functionArn = (account: Account, { function_name = null }: Attributes): string =>
  account.arn('lambda', `function:${function_name}`);
/** Returns the URI by which API Gateway invokes a function. */
const invokeArn = (account: Account, name: string): string =>
  `arn:${account.partition.partition}:apigateway:${account.region}:lambda:path/2015-03-31/functions/${name}/invocations`;

const repository: Resource = {
  name: attributes => text(attributes, 'name'),
  create(account, attributes) {
    const name = text(attributes, 'name');
    account.machine.setTags(name, {}, account.region);
    const repository_url = `${ACCOUNT}.dkr.ecr.${account.region}.${account.partition.dns_suffix}/${name}`;
    return { id: name, arn: account.arn('ecr', `repository/${name}`), registry_id: ACCOUNT, repository_url };
  },
  remove({ machine, region }, attributes) {
    const name = text(attributes, 'name');
    const images = Object.keys(machine.tags(name, region) ?? {});
    if (images.length > 0 && !attributes.force_delete)
      refuse(
        `RepositoryNotEmptyException: The repository with name '${name}' cannot be deleted because it still contains images`,
      );
    machine.setTags(name, undefined, region);
  },
};

const ofRepository: Resource = {
  name: attributes => text(attributes, 'repository'),
  create(account, attributes) {
    const name = text(attributes, 'repository');
    account.need('aws_ecr_repository', name, `RepositoryNotFoundException: ${name}`);
    return { id: name, registry_id: ACCOUNT };
  },
};

const role: Resource = {
  name: attributes => text(attributes, 'name'),
  create: (account, attributes) => ({
    id: text(attributes, 'name'),
    arn: account.arn('iam', `role/${attributes.name}`, ''),
    unique_id: 'AROASTANDIN',
    create_date: '2026-11-01T00:00:00Z',
  }),
  remove(account, attributes) {
    const kinds = ['aws_iam_role_policy', 'aws_iam_role_policy_attachment'];
    const attached = kinds
      .flatMap(type => account.all(type))
      .filter(({ role }) => same(role, attributes.name));
    if (attached.length > 0) refuse('DeleteConflict: Cannot delete entity, must remove policies first.');
  },
};

const ofRole: Resource = {
  name: attributes => `${attributes.role}:${attributes.name ?? attributes.policy_arn}`,
  create(account, attributes) {
    account.need(
      'aws_iam_role',
      text(attributes, 'role'),
      `NoSuchEntity: The role ${attributes.role} cannot be found.`,
    );
    return { id: `${attributes.role}:${attributes.name ?? attributes.policy_arn}` };
  },
};

const policy: Resource = {
  name: attributes => text(attributes, 'name'),
  create: (account, { name = null }) => ({
    id: name,
    arn: account.arn('iam', `policy/${name}`, ''),
    policy_id: 'ANPASTANDIN',
  }),
};

/** An OIDC provider; an account can have one per issuer. */
const oidcProvider: Resource = {
  name: attributes => text(attributes, 'url'),
  create(account, attributes) {
    const url = text(attributes, 'url');
    if (account.get('aws_iam_openid_connect_provider', url))
      refuse(`EntityAlreadyExists: Provider with url ${url} already exists.`);
    const arn = account.arn('iam', `oidc-provider/${url.replace('https://', '')}`, '');
    return { id: arn, arn, thumbprint_list: ['0'.repeat(40)] };
  },
};

const logGroup: Resource = {
  name: attributes => text(attributes, 'name'),
  create: (account, { name = null }) => ({ id: name, arn: account.arn('logs', `log-group:${name}`) }),
  remove: (account, attributes) => deliverLate(account, text(attributes, 'name')),
};

/** Attributes whose change publishes a version if `publish` is set. */
export const PUBLISHED = [
  'architectures',
  'description',
  'environment',
  'ephemeral_storage',
  'image_config',
  'image_uri',
  'logging_config',
  'memory_size',
  'role',
  'snap_start',
  'timeout',
  'tracing_config',
  'vpc_config',
];

function checkFunction(account: Account, attributes: Attributes): void {
  const roleName = text(attributes, 'role').split('/').at(-1) ?? '';
  account.need(
    'aws_iam_role',
    roleName,
    'InvalidParameterValueException: The role defined for the function cannot be assumed by Lambda.',
  );
  account.need(
    'aws_cloudwatch_log_group',
    `/aws/lambda/${attributes.function_name}`,
    'The function would create a log group that Terraform does not manage.',
  );
  const [, name = '', digest = ''] = /^[^/]+\/([^@]+)@(.*)$/.exec(text(attributes, 'image_uri')) ?? [];
  if (!Object.values(account.machine.tags(name, account.region) ?? {}).includes(digest))
    refuse(
      `InvalidParameterValueException: Source image ${attributes.image_uri} does not exist. Provide a valid source image.`,
    );
  checkPull(account, attributes, name);
  checkKey(account, attributes, roleName);
  checkConcurrency(account, attributes);
}

/** Checks that the role may decrypt the environment variables with the customer managed key. */
function checkKey(account: Account, { kms_key_arn }: Attributes, roleName: string): void {
  if (typeof kms_key_arn !== 'string' || kms_key_arn === '') return;
  const policies = account.all('aws_iam_role_policy').filter(({ role }) => role === roleName);
  const request = { action: 'kms:Decrypt', resource: kms_key_arn };
  if (!policies.some(({ policy }) => allows(String(policy), request)))
    refuse('KMSAccessDeniedException: Lambda was unable to decrypt the environment variables.');
}

/**
 * Checks that the repository's policy allows Lambda to pull the image for the function's ARN. A repository that Terraform does not
 * manage is not checked.
 */
function checkPull(account: Account, attributes: Attributes, repositoryName: string): void {
  if (!account.get('aws_ecr_repository', repositoryName)) return;
  const { policy = '' } = account.get('aws_ecr_repository_policy', repositoryName) ?? {};
  const request = {
    principal: 'lambda.amazonaws.com',
    context: { 'aws:sourcearn': functionArn(account, attributes) },
  };
  const needed = ['ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'];
  if (!needed.every(action => allows(String(policy), { ...request, action })))
    refuse(
      'AccessDeniedException: Lambda does not have permission to access the ECR image. Check the ECR permissions.',
    );
}

function checkConcurrency(account: Account, attributes: Attributes): void {
  const reserved = Number(attributes.reserved_concurrent_executions ?? -1);
  if (reserved > 0 && account.concurrencyQuota - reserved < 100)
    refuse(
      "InvalidParameterValueException: Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [100].",
    );
}

function published(account: Account, attributes: Attributes, version: number): Attributes {
  const name = functionArn(account, attributes);
  return {
    version: String(version),
    qualified_arn: `${name}:${version}`,
    qualified_invoke_arn: invokeArn(account, `${name}:${version}`),
    last_modified: '2026-11-01T00:00:00.000+0000',
    code_sha256: text(attributes, 'image_uri').split(':').at(-1) ?? '',
  };
}

const lambdaFunction: Resource = {
  name: attributes => text(attributes, 'function_name'),
  create(account, attributes) {
    const functionName = text(attributes, 'function_name');
    if (account.get('aws_lambda_function', functionName))
      refuse(`ResourceConflictException: Function already exist: ${functionName}`);
    checkFunction(account, attributes);
    const name = functionArn(account, attributes);
    return {
      id: functionName,
      arn: name,
      invoke_arn: invokeArn(account, name),
      response_streaming_invoke_arn: invokeArn(account, name)
        .replace('2015-03-31', '2021-11-15')
        .replace('/invocations', '/response-streaming-invocations'),
      ...published(account, attributes, 1),
    };
  },
  update(account, prior, planned) {
    checkFunction(account, planned);
    const changed = PUBLISHED.some(name => !same(prior[name], planned[name]));
    return published(account, planned, Number(prior.version) + (changed ? 1 : 0));
  },
  // Resources of a version or an alias are deleted with the function.
  remove: (account, attributes) => account.dropAliases(text(attributes, 'function_name')),
};

/** Rejects features that tenant isolation excludes: https://docs.aws.amazon.com/lambda/latest/dg/tenant-isolation.html */
function refuseIfIsolated(account: Account, attributes: Attributes, what: string): void {
  const { tenancy_config = null } =
    account.get('aws_lambda_function', text(attributes, 'function_name')) ?? {};
  if (Array.isArray(tenancy_config) && tenancy_config.length > 0)
    refuse(`InvalidParameterValueException: ${what} is not supported for functions with tenant isolation.`);
}

function checkVersion(account: Account, attributes: Attributes): void {
  const { version } = account.need(
    'aws_lambda_function',
    text(attributes, 'function_name'),
    'ResourceNotFoundException: Function not found',
  );
  if (Number(attributes.function_version) > Number(version))
    refuse(
      `ResourceNotFoundException: Function not found: ${functionArn(account, attributes)}:${attributes.function_version}`,
    );
}

const alias: Resource = {
  name: attributes => `${attributes.function_name}:${attributes.name}`,
  create(account, attributes) {
    checkVersion(account, attributes);
    const name = `${functionArn(account, attributes)}:${attributes.name}`;
    if (account.get('aws_lambda_alias', `${attributes.function_name}:${attributes.name}`))
      refuse(`ResourceConflictException: Alias already exists: ${name}`);
    return {
      id: name,
      arn: name,
      invoke_arn: invokeArn(account, name),
    };
  },
  update(account, _, planned) {
    checkVersion(account, planned);
    return {};
  },
  remove: (account, attributes) => account.dropStatements(`${attributes.function_name}:${attributes.name}`),
};

const needAlias = (account: Account, attributes: Attributes): Attributes =>
  account.need(
    'aws_lambda_alias',
    target(attributes),
    `ResourceNotFoundException: Cannot find alias arn: ${functionArn(account, attributes)}:${attributes.qualifier}`,
  );

const provisionedConcurrency: Resource = {
  name: target,
  create(account, attributes) {
    needAlias(account, attributes);
    refuseIfIsolated(account, attributes, 'Provisioned concurrency');
    return { id: `${attributes.function_name},${attributes.qualifier}` };
  },
};

const functionUrl: Resource = {
  name: target,
  async create(account, attributes) {
    needAlias(account, attributes);
    refuseIfIsolated(account, attributes, 'A Function URL');
    // For NONE, Terraform's provider adds these on creation, outside the state.
    const unasked = ['FunctionURLAllowPublicAccess', 'FunctionURLAllowInvokeAction'];
    if (attributes.authorization_type === 'NONE')
      await account.addStatements('aws_lambda_function_url', target(attributes), ...unasked);
    const url_id = createHash('sha256').update(randomUUID()).digest('hex').slice(0, 32);
    return {
      id: `${attributes.function_name}/${attributes.qualifier}`,
      function_arn: `${functionArn(account, attributes)}:${attributes.qualifier}`,
      function_url: `https://${url_id}.lambda-url.${account.region}.on.aws/`,
      url_id,
    };
  },
};

const permission: Resource = {
  name: attributes => `${target(attributes)} ${attributes.statement_id}`,
  async create(account, attributes) {
    needAlias(account, attributes);
    if (attributes.function_url_auth_type && attributes.action !== 'lambda:InvokeFunctionUrl') {
      refuse(
        'InvalidParameterValueException: FunctionUrlAuthType is only supported for lambda:InvokeFunctionUrl action',
      );
    }
    const id = text(attributes, 'statement_id');
    await account.addStatements('aws_lambda_permission', target(attributes), id);
    return { id, statement_id_prefix: '' };
  },
  remove: (account, attributes) =>
    account.removeStatement(target(attributes), text(attributes, 'statement_id')),
};

const table: Resource = {
  name: attributes => text(attributes, 'name'),
  create: (account, { name = null }) => ({ id: name, arn: account.arn('dynamodb', `table/${name}`) }),
};

/** Requires the queue, and permission of the role to send to it, which Lambda checks. */
const eventInvokeConfig: Resource = {
  name: attributes => target(attributes),
  create(account, attributes) {
    needAlias(account, attributes);
    const [{ on_failure = [] } = {}] = (attributes.destination_config ?? []) as Attributes[];
    for (const { destination } of on_failure as Attributes[]) {
      const queue = `${destination}`.split(':').at(-1) ?? '';
      account.need(
        'aws_sqs_queue',
        queue,
        `InvalidParameterValueException: The destination ARN ${destination} is invalid.`,
      );
      const policies = account.all('aws_iam_role_policy').map(({ policy }) => String(policy));
      if (!policies.some(policy => policy.includes('sqs:SendMessage') && policy.includes(`${destination}`)))
        refuse(
          `InvalidParameterValueException: The function's execution role does not have permissions to call SendMessage on ${destination}`,
        );
    }
    return { id: target(attributes) };
  },
};

/** A parameter. Only the account has its write-only value, which is neither in the state nor in the journal. */
const parameter: Resource = {
  name: attributes => text(attributes, 'name'),
  create(account, { name = null }, writeOnly) {
    const written = putSecret(account, text({ name }, 'name'), writeOnly);
    return { id: name, arn: account.arn('ssm', `parameter${name}`), version: 1, has_value_wo: written };
  },
  update(account, prior, planned, writeOnly) {
    const changes = Object.keys(planned).filter(name => !same(prior[name], planned[name]));
    if (changes.includes('value_wo_version')) putSecret(account, text(planned, 'name'), writeOnly);
    // The provider writes the complete parameter, and without a new version it has no value to write.
    else if (prior.has_value_wo === true && changes.some(name => !/^tags(_all)?$/.test(name)))
      refuse(
        "ValidationException: Value '' at 'value' failed to satisfy constraint: Member must have length at least 1",
      );
    return {};
  },
  remove: (account, attributes) => void account.secrets.delete(text(attributes, 'name')),
};

function putSecret(account: Account, name: string, { value_wo: value = null }: Attributes = {}): boolean {
  if (typeof value === 'string') account.secrets.set(name, value);
  return typeof value === 'string';
}

const queue: Resource = {
  name: attributes => text(attributes, 'name'),
  create(account, { name = null }) {
    const url = `https://sqs.${account.region}.${account.partition.dns_suffix}/${ACCOUNT}/${name}`;
    return { id: url, url, arn: account.arn('sqs', `${name}`) };
  },
};

export const RESOURCES: Readonly<Record<string, Resource>> = {
  ...COGNITO,
  ...GATEWAY,
  ...OBSERVABILITY,
  aws_cloudwatch_log_group: logGroup,
  aws_dynamodb_table: table,
  aws_ecr_lifecycle_policy: ofRepository,
  aws_ecr_repository: repository,
  aws_ecr_repository_policy: ofRepository,
  aws_iam_openid_connect_provider: oidcProvider,
  aws_iam_policy: policy,
  aws_iam_role: role,
  aws_iam_role_policy: ofRole,
  aws_iam_role_policy_attachment: ofRole,
  aws_lambda_alias: alias,
  aws_lambda_function: lambdaFunction,
  aws_lambda_function_event_invoke_config: eventInvokeConfig,
  aws_lambda_function_url: functionUrl,
  aws_lambda_permission: permission,
  aws_lambda_provisioned_concurrency_config: provisionedConcurrency,
  aws_sqs_queue: queue,
  aws_ssm_parameter: parameter,
};
