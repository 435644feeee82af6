/** The AWS provider for an account: behaviour that is not in its schema, taken from its sources and documentation. */
import { ACCOUNT } from '../../publish-image/fake/machine.ts';
import type { Behaviour } from '../behaviour.ts';
import { type Attributes, isAttributes, same } from '../values.ts';
import { type Account, refuse } from './account.ts';
import { COGNITO_REPLACED_BY } from './cognito.ts';
import { GATEWAY_REPLACED_BY } from './gateway.ts';
import { OBSERVABILITY_REPLACED_BY } from './observability.ts';
import { policyDocument } from './policy-document.ts';
import type { Resource } from './resource.ts';
import { PUBLISHED, RESOURCES } from './resources.ts';

const DEFAULTS: Behaviour['defaults'] = {
  aws_ecr_repository: { image_tag_mutability: 'MUTABLE' },
  aws_iam_policy: { path: '/' },
  aws_iam_role: { path: '/', max_session_duration: 3600, force_detach_policies: false },
  aws_lambda_function: {
    memory_size: 128,
    package_type: 'Zip',
    publish: false,
    reserved_concurrent_executions: -1,
    skip_destroy: false,
    timeout: 3,
  },
  aws_lambda_function_url: { invoke_mode: 'BUFFERED' },
};

const REPLACED_BY: Behaviour['replacedBy'] = {
  ...COGNITO_REPLACED_BY,
  ...GATEWAY_REPLACED_BY,
  ...OBSERVABILITY_REPLACED_BY,
  aws_cloudwatch_log_group: ['name', 'region'],
  aws_dynamodb_table: ['name', 'hash_key', 'range_key', 'region'],
  aws_ecr_lifecycle_policy: ['repository', 'region'],
  aws_ecr_repository: ['name', 'encryption_configuration', 'region'],
  aws_ecr_repository_policy: ['repository', 'region'],
  aws_iam_openid_connect_provider: ['url'],
  aws_iam_policy: ['name', 'path', 'description'],
  aws_iam_role: ['name', 'path'],
  aws_iam_role_policy: ['name', 'role'],
  aws_iam_role_policy_attachment: ['role', 'policy_arn'],
  aws_lambda_alias: ['function_name', 'name', 'region'],
  aws_lambda_function: ['function_name', 'package_type', 'region', 'tenancy_config'],
  aws_lambda_function_event_invoke_config: ['function_name', 'qualifier', 'region'],
  aws_lambda_function_url: ['function_name', 'qualifier', 'region'],
  aws_lambda_permission: [
    'action',
    'function_name',
    'function_url_auth_type',
    'invoked_via_function_url',
    'principal',
    'qualifier',
    'region',
    'statement_id',
  ],
  aws_lambda_provisioned_concurrency_config: ['function_name', 'qualifier', 'region'],
  aws_sqs_queue: ['name', 'fifo_queue', 'region'],
  aws_ssm_parameter: ['name', 'data_type', 'region'],
};

/** Attributes that the provider marks as unknown when a version will be published. */
const WITH_A_VERSION = ['version', 'qualified_arn', 'qualified_invoke_arn', 'last_modified', 'code_sha256'];

export function awsBehaviour(account: Account): Behaviour {
  return {
    defaults: DEFAULTS ?? {},
    replacedBy: REPLACED_BY,
    sensitive: {
      aws_api_gateway_api_key: ['value'],
      aws_cognito_user_pool_client: ['client_secret'],
      aws_ssm_parameter: ['value', 'value_wo'],
    },
    writeOnly: { aws_ssm_parameter: ['value_wo'] },
    recomputed: (type, prior, planned) => {
      const publishes = type === 'aws_lambda_function' && planned.publish === true;
      return publishes && PUBLISHED.some(name => !same(prior[name], planned[name])) ? WITH_A_VERSION : [];
    },
    async create(type, planned, writeOnly) {
      const resource = knownResource(type);
      const here = account.in(regionOf(account, planned));
      account.note(type, 'create');
      checkLengths(type, planned);
      const made = { ...common(here, planned), ...(await resource.create?.(here, planned, writeOnly)) };
      await account.took(type);
      here.put(type, resource.name({ ...planned, ...made }), { ...planned, ...made });
      return made;
    },
    update(type, prior, planned, writeOnly) {
      const resource = knownResource(type);
      const here = account.in(regionOf(account, planned));
      account.note(type, 'update');
      if (!here.get(type, resource.name(prior)))
        refuse(`ResourceNotFoundException: There is no ${type} ${resource.name(prior)} any more.`);
      if (ignores(account, type, prior, planned)) return prior;
      const made = { ...common(here, planned), ...resource.update?.(here, prior, planned, writeOnly) };
      here.put(type, resource.name({ ...planned, ...made }), { ...planned, ...made });
      return made;
    },
    delete(type, prior) {
      const resource = knownResource(type);
      const here = account.in(regionOf(account, prior));
      account.note(type, 'delete');
      resource.remove?.(here, prior);
      if (account.misbehaviour.stays === type) return;
      here.remove(type, resource.name(prior));
    },
    read(type, state) {
      account.note(type, 'read');
      const here = account.in(regionOf(account, state));
      here.misbehaviour = account.misbehaviour;
      return here.read(type, knownResource(type).name(state), state);
    },
    readData(type, config) {
      account.note(`data.${type}`, 'read');
      return readData(account, type, config);
    },
  };
}

/** Maximum lengths that AWS accepts, by type and attribute. https://docs.aws.amazon.com/general/latest/gr/aws-service-information.html */
const LONGEST: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  aws_cloudwatch_dashboard: { dashboard_name: 255 },
  aws_cognito_user_pool: { name: 128 },
  aws_cognito_user_pool_client: { name: 128 },
  aws_cognito_user_pool_domain: { domain: 63 },
  aws_cloudwatch_log_group: { name: 512 },
  aws_cloudwatch_metric_alarm: { alarm_name: 255, alarm_description: 1024 },
  aws_dynamodb_table: { name: 255 },
  aws_ecr_repository: { name: 256 },
  aws_iam_policy: { name: 128 },
  aws_iam_role: { name: 64, description: 1000 },
  aws_iam_role_policy: { name: 128 },
  aws_lambda_function: { function_name: 64, description: 256 },
  aws_lambda_permission: { statement_id: 100 },
  aws_sns_topic: { name: 256 },
  aws_sqs_queue: { name: 80 },
};

function checkLengths(type: string, planned: Attributes): void {
  for (const [name, longest] of Object.entries(LONGEST[type] ?? {})) {
    const value = planned[name];
    if (typeof value === 'string' && value.length > longest)
      refuse(`expected length of ${name} to be in the range (1 - ${longest}), got ${value}`);
  }
}

/** Returns whether the account has the fault that it accepts an update without effect. */
function ignores({ misbehaviour }: Account, type: string, prior: Attributes, planned: Attributes): boolean {
  const isRollback =
    type === 'aws_lambda_alias' && Number(planned.function_version) < Number(prior.function_version);
  return misbehaviour.ignoresUpdates === type || (isRollback && misbehaviour.ignoresRollbacks === true);
}

/** Returns the region of a resource: its own, or the provider's. */
function regionOf(account: Account, { region }: Attributes): string {
  return typeof region === 'string' && region !== '' ? region : account.region;
}

function common({ region }: Account, planned: Attributes): Attributes {
  return {
    ...('region' in planned && { region }),
    ...('tags_all' in planned && { tags_all: isAttributes(planned.tags) ? planned.tags : {} }),
  };
}

function readData(account: Account, type: string, config: Attributes): Attributes {
  switch (type) {
    case 'aws_caller_identity':
      return {
        id: ACCOUNT,
        account_id: ACCOUNT,
        arn: account.arn('iam', 'user/deployer', ''),
        user_id: 'AIDADEPLOYER',
      };
    case 'aws_region': {
      const region = regionOf(account, config);
      return { id: region, name: region, region };
    }
    case 'aws_partition':
      return { id: account.partition.partition, ...account.partition };
    case 'aws_servicequotas_service_quota':
      return { value: account.concurrencyQuota };
    case 'aws_iam_policy_document':
      return policyDocument(config);
    case 'aws_ecr_image':
      return image(account.in(regionOf(account, config)), config);
    default:
      throw new Error(`The fake provider does not know data.${type}`);
  }
}

function image(account: Account, { repository_name, image_tag }: Attributes): Attributes {
  const digest = account.machine.tags(String(repository_name), account.region)?.[String(image_tag)];
  return digest
    ? { id: digest, image_digest: digest }
    : refuse(`reading ECR Images: couldn't find resource ${repository_name}:${image_tag}`);
}

function knownResource(type: string): Resource {
  return RESOURCES[type] ?? refuse(`The fake provider does not know ${type}`);
}
