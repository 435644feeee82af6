/** `npm run deployer-policy -- --endpoint rest-api`: prints the IAM policy that deploying an endpoint needs. */
import { parseArgs } from 'node:util';
import { deployerPolicy, ENDPOINTS, type Endpoint, inParts, readCycles } from './policy.ts';

const USAGE = `Usage: npm run deployer-policy -- --endpoint ${ENDPOINTS.join('|')} [options]

Prints the IAM policy of a user or pipeline that runs terraform apply and destroy, including every option of the endpoint.

  --endpoint TYPE    value of the variable endpoint
  --name NAME        value of the variable name; by default mcp
  --account ID       AWS account; by default any
  --region REGION    region; by default any
  --partition NAME   aws (default), aws-us-gov, aws-cn or aws-eusc
  --part N           only the Nth part; each part fits a managed policy of 6,144 characters
  --kms-key ARN      value of the variable kms_key_arn
`;

const { values } = parseArgs({
  options: {
    endpoint: { type: 'string' },
    name: { type: 'string', default: 'mcp' },
    account: { type: 'string', default: '*' },
    region: { type: 'string', default: '*' },
    partition: { type: 'string', default: 'aws' },
    part: { type: 'string' },
    'kms-key': { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  },
});
const endpoint = ENDPOINTS.find(each => each === values.endpoint);
if (values.help || !endpoint) {
  process[values.help ? 'stdout' : 'stderr'].write(USAGE);
  process.exit(values.help ? 0 : 2);
}
print(endpoint);

function print(chosen: Endpoint): void {
  const { name, account, region, partition, 'kms-key': kmsKey } = values;
  const policy = deployerPolicy(readCycles()[chosen], {
    name,
    account,
    region,
    partition,
    ...(kmsKey && { kmsKey }),
  });
  const parts = inParts(policy);
  const document = values.part === undefined ? policy : parts[Number(values.part) - 1];
  if (!document) throw new RangeError(`There is no part ${values.part}: the policy has ${parts.length}.`);
  process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
  if (values.part === undefined && parts.length > 1)
    process.stderr.write(
      `The policy is too large for one managed policy: use it as an inline policy of a role, or use the ${parts.length} parts: --part 1 to --part ${parts.length}.\n`,
    );
}
