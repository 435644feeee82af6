/** The AWS provider before an account: what its schema does not say, taken from its sources and documentation. */
import { ACCOUNT, REGION } from '../../publish-image/fake/machine.ts';
import type { Behaviour } from '../behaviour.ts';
import { type Attributes, isAttributes, same, UNKNOWN } from '../values.ts';
import { type Account, refuse } from './account.ts';
import { GATEWAY_REPLACED_BY } from './gateway.ts';
import { OBSERVABILITY_REPLACED_BY } from './observability.ts';
import { policyDocument } from './policy-document.ts';
import { arn, type Resource } from './resource.ts';
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
  ...GATEWAY_REPLACED_BY,
  ...OBSERVABILITY_REPLACED_BY,
  aws_cloudwatch_log_group: ['name', 'region'],
  aws_dynamodb_table: ['name', 'hash_key', 'range_key', 'region'],
  aws_ecr_lifecycle_policy: ['repository', 'region'],
  aws_ecr_repository: ['name', 'encryption_configuration', 'region'],
  aws_ecr_repository_policy: ['repository', 'region'],
  aws_iam_policy: ['name', 'path', 'description'],
  aws_iam_role: ['name', 'path'],
  aws_iam_role_policy: ['name', 'role'],
  aws_iam_role_policy_attachment: ['role', 'policy_arn'],
  aws_lambda_alias: ['function_name', 'name', 'region'],
  aws_lambda_function: ['function_name', 'package_type', 'region'],
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
};

/** Names that the provider announces as new whenever a version is going to be published. */
const WITH_A_VERSION = ['version', 'qualified_arn', 'qualified_invoke_arn', 'last_modified', 'code_sha256'];

export function awsBehaviour(account: Account): Behaviour {
  return {
    defaults: DEFAULTS ?? {},
    replacedBy: REPLACED_BY,
    sensitive: { aws_api_gateway_api_key: ['value'] },
    recomputed: (type, prior, planned) => {
      const publishes = type === 'aws_lambda_function' && planned.publish === true;
      return publishes && PUBLISHED.some(name => !same(prior[name], planned[name])) ? WITH_A_VERSION : [];
    },
    async create(type, planned) {
      const resource = knownResource(type);
      const made = { ...common(planned), ...(await resource.create?.(account, planned)) };
      await account.took(type);
      account.put(type, resource.name(planned), { ...planned, ...made });
      return made;
    },
    update(type, prior, planned) {
      const resource = knownResource(type);
      const made = { ...common(planned), ...resource.update?.(account, prior, planned) };
      account.put(type, resource.name(planned), { ...planned, ...made });
      return made;
    },
    delete(type, prior) {
      const resource = knownResource(type);
      resource.remove?.(account, prior);
      account.remove(type, resource.name(prior));
    },
    read: (type, state) => (account.get(type, knownResource(type).name(state)) ? state : null),
    readData: (type, config) => readData(account, type, config),
  };
}

function common(planned: Attributes): Attributes {
  return {
    ...('region' in planned && { region: planned.region === UNKNOWN ? REGION : (planned.region ?? REGION) }),
    ...('tags_all' in planned && { tags_all: isAttributes(planned.tags) ? planned.tags : {} }),
  };
}

function readData(account: Account, type: string, config: Attributes): Attributes {
  switch (type) {
    case 'aws_caller_identity':
      return {
        id: ACCOUNT,
        account_id: ACCOUNT,
        arn: arn('iam', 'user/standin', ''),
        user_id: 'AIDASTANDIN',
      };
    case 'aws_region':
      return { id: REGION, name: REGION, region: REGION };
    case 'aws_partition':
      return { id: 'aws', partition: 'aws', dns_suffix: 'amazonaws.com' };
    case 'aws_servicequotas_service_quota':
      return { value: account.concurrencyQuota };
    case 'aws_iam_policy_document':
      return policyDocument(config);
    case 'aws_ecr_image':
      return image(account, config);
    default:
      throw new Error(`The stand-in does not know data.${type}`);
  }
}

function image(account: Account, { repository_name, image_tag }: Attributes): Attributes {
  const digest = account.machine.tags(String(repository_name))?.[String(image_tag)];
  return digest
    ? { id: digest, image_digest: digest }
    : refuse(`reading ECR Images: couldn't find resource ${repository_name}:${image_tag}`);
}

function knownResource(type: string): Resource {
  return RESOURCES[type] ?? refuse(`The stand-in does not know ${type}`);
}
