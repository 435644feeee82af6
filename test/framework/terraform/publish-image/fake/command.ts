/**
 * A fake `docker`, `podman`, `finch` or `aws`, with the commands that publish-image uses: records the call and prints the output of
 * the real program. An unknown call fails, so that each new call must be added here.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { ACCOUNT, Machine } from './machine.ts';

const [, , folder = '', program = '', ...args] = process.argv;
const machine = new Machine(folder);
const { answers } = machine;

function succeed(output = ''): never {
  if (output) process.stdout.write(`${output}\n`);
  process.exit(0);
}

function fail(message: string, code = 1): never {
  process.stderr.write(`${message}\n`);
  process.exit(code);
}

/** Returns the value after a flag. */
function flag(name: string): string {
  return args[args.indexOf(name) + 1] ?? fail(`${program}: ${name} is missing`);
}

/** By call that lists resources, their type; `any` for calls that list by tag. */
const LISTS: Readonly<Record<string, string>> = {
  'apigateway get-rest-apis': 'aws_api_gateway_rest_api',
  'apigatewayv2 get-apis': 'aws_apigatewayv2_api',
  'budgets describe-budgets': 'aws_budgets_budget',
  'cloudwatch describe-alarms': 'aws_cloudwatch_metric_alarm',
  'cloudwatch list-dashboards': 'aws_cloudwatch_dashboard',
  'ecr describe-repositories': 'aws_ecr_repository',
  'iam list-roles': 'aws_iam_role',
  'lambda list-functions': 'aws_lambda_function',
  'logs describe-log-groups': 'aws_cloudwatch_log_group',
  'resourcegroupstaggingapi get-resources': 'any',
  'sns list-topics': 'aws_sns_topic',
};

/** Returns the attributes of the existing resources in the journal, by `type name`. */
function alive(): Map<string, Record<string, unknown>> {
  const alive = new Map<string, Record<string, unknown>>();
  for (const entry of machine.journal) {
    if ('argv' in entry) continue;
    const key = `${entry.type} ${entry.name}`;
    if (entry.action === 'delete') alive.delete(key);
    else alive.set(key, { ...entry.attributes });
  }
  return alive;
}

/** Returns the existing resources of a type. Every filter of the calls is equivalent to the name of the deployment. */
function existing(type: string): string[] {
  const [wanted = ''] = /mcp-trial-[0-9a-f]+/.exec(args.join(' ')) ?? [];
  const found = [...alive()].filter(([key, attributes]) =>
    type === 'any' ? JSON.stringify(attributes.tags ?? {}).includes(wanted) : key.startsWith(`${type} `),
  );
  const names = found.map(([key, attributes]) => String(attributes.arn ?? attributes.name ?? key));
  return names.filter(name => name.includes(wanted));
}

function npm(): never {
  const signed = args.includes('--sigv4');
  const fails = answers.doctorFails === 'always' || (answers.doctorFails === 'with signatures' && signed);
  return fails ? fail('The doctor found a fault.') : succeed();
}

function aws(): never {
  const call = `${args[0]} ${args[1]}`;
  if (call === 'sts get-caller-identity') return succeed(answers.account ?? '210987654321');
  if (answers.awsFails) return fail(answers.awsFails, 254);
  if (call === 'ecr get-login-password') return succeed('password-of-the-registry');
  if (call === 'ecr batch-get-image')
    return succeed(`{"manifest":"${flag('--image-ids').replace('imageDigest=', '')}"}`);
  if (call === 'ecr put-image') return putImage();
  if (call === 'lambda get-alias')
    return succeed(String(alive().get(`aws_lambda_alias ${flag('--function-name')}:live`)?.function_version));
  if (call === 'apigateway get-account') return succeed('None');
  if (call === 'configure export-credentials')
    return succeed('{"AccessKeyId":"AKIA","SecretAccessKey":"secret"}');
  if (LISTS[call]) return succeed(JSON.stringify(existing(LISTS[call])));
  if (call === 'lambda update-function-code') return succeed('2');
  if (['lambda wait', 'lambda update-alias', 'ssm put-parameter'].includes(call)) return succeed();
  if (call !== 'ecr describe-images') return fail(`aws: ${call} is not known here`);
  const repository = flag('--repository-name');
  const tags = flag('--registry-id') === ACCOUNT && machine.tags(repository, flag('--region'));
  if (!tags) {
    return fail(
      `An error occurred (RepositoryNotFoundException) when calling the DescribeImages operation: The repository with name '${repository}' does not exist in the registry with id '${ACCOUNT}'`,
      254,
    );
  }
  const tag = flag('--image-ids').replace('imageTag=', '');
  const digest = tags[tag];
  if (digest) return succeed(digest);
  return fail(
    `An error occurred (ImageNotFoundException) when calling the DescribeImages operation: The image with imageId {imageDigest:'null', imageTag:'${tag}'} does not exist within the repository`,
    254,
  );
}

/** Tags an existing image of the repository. */
function putImage(): never {
  const repository = flag('--repository-name');
  const region = args.includes('--region') ? flag('--region') : undefined;
  const [digest, tag] = [flag('--image-digest'), flag('--image-tag')];
  const tags = machine.tags(repository, region) ?? {};
  if (!flag('--image-manifest').includes(digest)) return fail('ImageDigestDoesNotMatchException', 254);
  if (tags[tag]) return fail('An error occurred (ImageTagAlreadyExistsException)', 254);
  machine.setTags(repository, { ...tags, [tag]: digest }, region);
  return succeed('{}');
}

function engine(): never {
  const [command = ''] = args;
  if (command === '--version') return succeed(answers.version ?? `${program} version 99.0.0`);
  if (command === 'info') {
    return answers.stopped?.some(name => name === program)
      ? fail('Cannot connect to the daemon.')
      : succeed();
  }
  if (command === 'buildx' && args[1] === 'version') {
    return answers.withoutBuildx ? fail("'buildx' is not a command.") : succeed('buildx v99.0.0');
  }
  if (command === 'login') return login();
  if (command === 'build' || (command === 'buildx' && args[1] === 'build')) return build();
  if (command === 'image' && args[1] === 'inspect') return succeed(machine.engine.architecture);
  if (command === 'push') return push();
  return fail(`${program}: ${args.join(' ')} is not known here`);
}

function login(): never {
  if (answers.loginFails)
    return fail('Error response from daemon: login attempt failed with status: 400 Bad Request');
  machine.engine = { ...machine.engine, registry: args.at(-1) ?? '' };
  return succeed('Login Succeeded');
}

function build(): never {
  process.stderr.write('#1 building\n');
  process.stdout.write('progress that some engines print here\n');
  if (answers.buildFails) return fail(answers.buildFails);
  const architecture = answers.builds ?? flag('--platform').replace('linux/', '');
  machine.engine = { ...machine.engine, architecture };
  return succeed();
}

function push(): never {
  const image = args.at(-1) ?? '';
  const [registry = '', path = ''] = image.split(/\/(.*)/);
  const [repository = '', tag = ''] = path.split(':');
  if (machine.engine.registry !== registry) return fail('no basic auth credentials');
  const digest = `sha256:${createHash('sha256').update(image).digest('hex')}`;
  const [, region = ''] = /\.dkr\.ecr\.([a-z0-9-]+)\./.exec(registry) ?? [];
  const tags = machine.tags(repository, region);
  if (!tags) return fail('name unknown: The repository does not exist in the registry');
  if (answers.pushFails) return fail(answers.pushFails);
  if (answers.pushTaken) machine.setTags(repository, { ...tags, [tag]: digest }, region);
  if (machine.tags(repository, region)?.[tag])
    return fail('tag invalid: the tag already exists and the repository is immutable');
  machine.setTags(repository, { ...tags, [tag]: digest }, region);
  return succeed(`${tag}: digest: ${digest} size: 1234`);
}

// Reads stdin only if it is piped, because otherwise it may be a terminal.
const stdin = args.includes('--password-stdin') ? readFileSync(0, 'utf8') : undefined;
machine.record({ argv: [program, ...args], ...(stdin !== undefined && { stdin }) });
if (program === 'aws') aws();
else if (program === 'npm') npm();
else engine();
