/** Messages for invalid values of variables: what is wrong, and which value to set. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CONFIGURATION, describeTerraform, Terraform } from './helpers/terraform.ts';

let terraform: Terraform;
beforeAll(async () => {
  terraform = await Terraform.start();
  await terraform.succeed(CONFIGURATION, 'init');
});
afterAll(() => terraform?.[Symbol.dispose]());

const VPC = 'vpc={subnet_ids=["subnet-1"],security_group_ids=["sg-1"]}';

describeTerraform('a message for an invalid value names a valid one', () => {
  test.each([
    [['auth=basic'], 'auth must be token, oauth, "token,oauth", iam or none.'],
    [
      ['auth=authorizer'],
      'To check credentials in an API Gateway authorizer, also set authorizer = "lambda".',
    ],
    [['auth=iam,token'], 'Deploy a second server for token or oauth.'],
    [['auth=oauth'], 'oauth = { issuer = "https://…", audience = ["…"] }'],
    [['token_sha256=["secret"]'], 'printf %s "$TOKEN" | sha256sum'],
    [
      ['image_uri=123456789012.dkr.ecr.eu-west-1.amazonaws.com/mcp:latest'],
      'aws ecr describe-images --repository-name NAME --image-ids imageTag=TAG',
    ],
    [
      [`image_uri=123456789012.dkr.ecr.us-east-1.amazonaws.com/mcp@sha256:${'a'.repeat(64)}`],
      'The image is in another region than the function (eu-west-1).',
    ],
    [['architecture=amd64'], 'architecture must be arm64 or x86_64, as Lambda calls them (amd64 is x86_64).'],
    [['memory_size=64'], 'memory_size must be a whole number of MB from 128 to 10240.'],
    [['timeout=1000'], 'timeout must be a whole number of seconds from 1 to 900'],
    [
      ['environment={AWS_REGION="x"}'],
      'Lambda sets the region and the credentials of the role itself; use another name for your variable.',
    ],
    [['environment={MCP_TABLE="mine"}', 'tasks={enabled=true}'], 'environment must not set MCP_TABLE'],
    [
      ['environment={MCP_AUTH="none"}'],
      'auth, token_sha256, oauth, iam, public_url, domain_name and isolation set them.',
    ],
    [[VPC], 'Set streaming = false, set endpoint = "rest-api", which streams from a VPC, or leave vpc out.'],
    [
      ['provisioned_concurrency=5', 'reserved_concurrency=2'],
      'provisioned_concurrency must not be more than reserved_concurrency',
    ],
    [['log_retention_days=10'], "log_retention_days must be one of CloudWatch's steps: 1, 3, 5, 7, 14, 30"],
    [['source_dir=/nowhere'], 'Set it to the path of the folder that contains the Dockerfile.'],
    [['policies={x="y"}'], 'take data.aws_iam_policy_document.NAME.json'],
    [
      ['registry={name="weather",description="Weather.",version="1.0.0"}'],
      'registry.name must be a namespace of yours, a slash and a name, such as io.github.USER/weather',
    ],
    [
      ['registry={name="com.example/w",description="",version="1.0.0"}'],
      'registry.description must have 1 to 100 characters.',
    ],
    [
      ['registry={name="com.example/w",description="W.",version="^1.0.0"}'],
      'registry.version must be one version, such as 1.0.0: neither a range nor latest.',
    ],
    [
      ['auth=iam', 'registry={name="com.example/w",description="W.",version="1.0.0"}'],
      'Leave registry out with auth = "iam".',
    ],
    [['name=My Server'], 'name must be 2 to 40 lower-case letters, digits and single hyphens'],
  ])('for the variables %j', async (variables, message) => {
    const flags = variables.map(variable => `-var=${variable}`);
    const { status, output } = await terraform.run(CONFIGURATION, 'plan', ...flags);
    expect(output).toContain(message);
    expect(status).toBe(1);
  });

  test('a message about a token instead of a digest does not contain the token', async () => {
    const { output } = await terraform.run(CONFIGURATION, 'plan', '-var=token_sha256=["correct-horse"]');
    expect(output).toContain('not the tokens themselves');
    expect(output.replace(/^.*var\.token_sha256.*$/gm, '')).not.toContain('correct-horse');
  });

  test('a plan for a public function without reserved_concurrency has a warning', async () => {
    const { status, output } = await terraform.run(
      CONFIGURATION,
      'plan',
      '-var=auth=none',
      '-var=reserved_concurrency=-1',
    );
    expect(output).toContain('anyone on the internet can call the function');
    expect(status).toBe(0);
  });
});
