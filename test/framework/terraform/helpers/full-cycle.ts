/** A full cycle of a deployment with every option: create, change, hand over to a pipeline, destroy. */
import type { Endpoint } from '../../../../scripts/deployer-policy/policy.ts';
import { ACCOUNT, REGION } from '../publish-image/fake/machine.ts';
import { Deployment } from './deployment.ts';
import type { Terraform } from './terraform.ts';

const COMMON = [
  'tasks={enabled=true}',
  'tracing=true',
  'domain_name=mcp.example.com',
  'hosted_zone={id="Z1"}',
  'auth=oauth',
  'sign_in={provider="cognito"}',
];
const OPTIONS: Record<Endpoint, string[]> = {
  'function-url': [
    'provisioned_concurrency=1',
    `web_acl={arn="arn:aws:wafv2:us-east-1:${ACCOUNT}:global/webacl/mine/1"}`,
  ],
  'rest-api': [
    'manage_api_gateway_account=true',
    'authorizer=lambda',
    'api_key={}',
    'allowed_cidrs=["198.51.100.0/24"]',
    `web_acl={arn="arn:aws:wafv2:${REGION}:${ACCOUNT}:regional/webacl/mine/1"}`,
  ],
  'http-api': ['authorizer=lambda'],
};
/** Variables that the second apply changes. */
const BEFORE = [
  'memory_size=512',
  'timeout=29',
  'throttle={rate=5,burst=7}',
  'image_retention_count=5',
  'observability={email="me@example.com"}',
];
const AFTER = [
  'memory_size=1024',
  'timeout=28',
  'throttle={rate=6,burst=8}',
  'image_retention_count=6',
  'observability={email="me@example.com",monthly_budget=30}',
  'tags={team="platform"}',
  'log_retention_days=60',
  // Another redirect address of the sign-in.
  'public_url=https://tools.example.com/mcp',
  'policy_arns={more="arn:aws:iam::aws:policy/ReadOnlyAccess"}',
];

/** Runs the cycle of an endpoint in the account of `terraform`, whose journal then has the operations. */
export async function runFullCycle(terraform: Terraform, endpoint: Endpoint): Promise<void> {
  const deployment = new Deployment(terraform, '', [`endpoint=${endpoint}`, ...COMMON, ...OPTIONS[endpoint]]);
  await deployment.init();
  await deployment.apply(...BEFORE);
  const [digest] = Object.values(terraform.machine.tags('mcp') ?? {});
  const after = [...AFTER, `deployed_elsewhere={initial_digest="${digest}"}`];
  await deployment.apply(...after);
  await deployment.destroy(...after);
}
