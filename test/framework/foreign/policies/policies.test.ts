/**
 * The policies that Terraform creates, evaluated by a program of another project (see iam.ts): they allow the calls that are made,
 * deny the calls that must be denied, and have no unused part. It does not prove that AWS makes exactly these calls with this
 * context.
 */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Deployment } from '../../terraform/helpers/deployment.ts';
import { describeTerraform, Terraform } from '../../terraform/helpers/terraform.ts';
import { REGION } from '../../terraform/publish-image/fake/machine.ts';
import { functionPolicy, inlinePolicies, repositoryPolicy, trustPolicy } from './created-policies.ts';
import { ACCOUNT, type Call, type Calls, flawsOf, loadIam, type PolicyDocument } from './iam.ts';

const iam = await loadIam();
const KEY = `arn:aws:kms:${REGION}:${ACCOUNT}:key/11111111-2222-3333-4444-555555555555`;
const CALLER = 'arn:aws:iam::111122223333:role/caller';
const STRANGER = 'arn:aws:iam::444455556666:role/stranger';

const arn = (service: string, resource: string): string =>
  `arn:aws:${service}:${REGION}:${ACCOUNT}:${resource}`;
const calls = (actions: readonly string[], resource: string, more: Partial<Call> = {}): Call[] =>
  actions.map(action => ({ action, resource, ...more }));

/** Calls that a program has made to AWS, or to moto (test/framework/foreign/aws-cli writes the file). */
const RECORDED: Record<'pipeline' | 'function', Call[]> = JSON.parse(
  readFileSync(new URL('recorded-calls.json', import.meta.url), 'utf8'),
);

describe('the policy checker', () => {
  const document = (statement: object): PolicyDocument => ({
    Version: '2012-10-17',
    Statement: [{ Sid: 'S', Effect: 'Allow', Action: [], ...statement }],
  });
  const invoke: Calls = {
    allowed: [{ action: 'lambda:InvokeFunction', resource: arn('lambda', 'function:mcp:live') }],
    refused: [{ action: 'lambda:InvokeFunction', resource: arn('lambda', 'function:mcp') }],
  };
  const granted = { Action: ['lambda:InvokeFunction'], Resource: [arn('lambda', 'function:mcp:live')] };

  test('accepts a policy whose parts are all needed', async () => {
    expect(await flawsOf(iam, document(granted), 'identity', invoke)).toEqual([]);
  });

  test.each([
    ['AWS knows no action lambda:Invoke', { ...granted, Action: ['lambda:Invoke'] }],
    ['AWS knows no action lambada:Invoke', { ...granted, Action: ['lambada:Invoke'] }],
    ['is spelled lambda:InvokeFunction', { ...granted, Action: ['lambda:invokeFunction'] }],
    ['has resource types, and is granted for *', { ...granted, Resource: ['*'] }],
    ['has no condition key lambda:ViaUrl', { ...granted, Condition: { Bool: { 'lambda:ViaUrl': 'true' } } }],
    ['has no condition key aws:Colour', { ...granted, Condition: { Bool: { 'aws:Colour': 'red' } } }],
    ['needs no action lambda:GetFunction', { ...granted, Action: [...granted.Action, 'lambda:GetFunction'] }],
    [
      'needs no resource arn:aws:lambda:eu-west-1:123456789012:layer:x',
      { ...granted, Resource: [...granted.Resource, arn('lambda', 'layer:x')] },
    ],
    ['allows lambda:InvokeFunction on', { ...granted, Resource: [arn('lambda', 'function:mcp*')] }],
    ['does not allow lambda:InvokeFunction on', { ...granted, Resource: [arn('lambda', 'function:x')] }],
    [
      'needs no condition aws:SecureTransport',
      { ...granted, Condition: { BoolIfExists: { 'aws:SecureTransport': 'true' } } },
    ],
  ])('reports the flaw of a policy: %s', async (flaw, statement) => {
    const flaws = await flawsOf(iam, document(statement), 'identity', invoke);
    expect(flaws.join('\n')).toContain(flaw);
  });

  test('rejects a call on a resource type that the action does not have', async () => {
    const wrong = { action: 'sqs:SendMessage', resource: arn('sns', 'mcp-tasks-failed') };
    await expect(
      flawsOf(iam, document({ Action: ['sqs:SendMessage'], Resource: [wrong.resource] }), 'identity', {
        allowed: [wrong],
        refused: [],
      }),
    ).rejects.toThrow('no.resource.types');
  });
});

describeTerraform('the policies that Terraform creates', () => {
  let terraform: Terraform;
  beforeAll(async () => {
    terraform = await Terraform.start();
    terraform.account.logRole = true;
    const deploy = async (...variables: string[]): Promise<Deployment> => {
      const deployment = new Deployment(terraform, '', variables);
      await deployment.init();
      await deployment.apply();
      return deployment;
    };
    const quiet = 'observability={enabled=false}';
    signed = await deploy(
      'auth=iam',
      `iam={principals=["${CALLER}"]}`,
      'tasks={enabled=true}',
      'tracing=true',
      `kms_key_arn=${KEY}`,
      'streaming=false',
      'vpc={subnet_ids=["subnet-1"],security_group_ids=["sg-1"]}',
    );
    await deploy('name=open', quiet);
    await deploy(
      ...['name=rest', 'endpoint=rest-api', 'manage_api_gateway_account=true', 'authorizer=lambda', quiet],
      'allowed_cidrs=["198.51.100.0/24"]',
    );
    signedRest = await deploy(
      ...['name=signed-rest', 'endpoint=rest-api', 'manage_api_gateway_account=false', quiet],
      ...['auth=iam', `iam={principals=["${CALLER}"]}`, 'allowed_cidrs=["198.51.100.0/24"]'],
    );
    await deploy('name=http', 'endpoint=http-api', 'authorizer=lambda', quiet);
    const pipeline = new Deployment(terraform, 'modules/github-oidc', [
      'name=pipeline',
      'repository=octo-org/octo-repo',
      'environment=production',
      `repository_arn=${arn('ecr', 'repository/mcp')}`,
      `function={arn="${arn('lambda', 'function:mcp')}",image_parameter_arn="${arn('ssm', 'parameter/mcp-on-lambda/mcp/image-digest')}"}`,
    ]);
    await pipeline.init();
    await pipeline.apply();
  });
  afterAll(() => terraform?.[Symbol.dispose]());
  let signed: Deployment;
  let signedRest: Deployment;

  const flaws = (
    document: PolicyDocument | undefined,
    kind: 'identity' | 'resource' | 'trust',
    calls: Calls,
  ) => flawsOf(iam, document ?? { Statement: [] }, kind, calls);
  const roles = (): string[] => terraform.account.all('aws_iam_role').map(({ name }) => String(name));

  test('are exactly the roles and policies that this suite evaluates', () => {
    const { account } = terraform;
    expect(Object.keys(inlinePolicies(account, `mcp-${REGION}`)).sort()).toEqual([
      'runtime',
      'table',
      'tasks',
    ]);
    expect(roles().sort()).toEqual(
      [
        `http-${REGION}`,
        `http-authorizer-${REGION}`,
        `mcp-${REGION}`,
        `open-${REGION}`,
        'pipeline',
        `rest-apigateway-logs-${REGION}`,
        `rest-authorizer-${REGION}`,
        `rest-${REGION}`,
        `signed-rest-${REGION}`,
      ].sort(),
    );
    expect(account.all('aws_iam_policy')).toEqual([]);
  });

  describe('of a function', () => {
    const stream = (name: string): string =>
      arn('logs', `log-group:/aws/lambda/${name}:log-stream:2026/11/26/mcp[1]0123456789abcdef`);

    /** Returns the call that reads MCP_SECRET of a deployment. */
    const readSecret = (name: string) => ({
      action: 'ssm:GetParameter',
      resource: arn('ssm', `parameter/mcp-on-lambda/${name}/secret`),
    });

    test.each(['http', 'http-authorizer', 'open', 'rest-authorizer', 'signed-rest'])(
      'let %s write its log, let a server read MCP_SECRET, and allow nothing else',
      async name => {
        const { runtime, ...others } = inlinePolicies(terraform.account, `${name}-${REGION}`);
        const isServer = !name.endsWith('-authorizer');
        expect(others).toEqual({});
        expect(
          await flaws(runtime, 'identity', {
            allowed: [
              ...calls(['logs:CreateLogStream', 'logs:PutLogEvents'], stream(name)),
              ...(isServer ? [readSecret(name)] : []),
            ],
            refused: [
              ...calls(['logs:CreateLogStream', 'logs:PutLogEvents'], stream('another')),
              readSecret('another'),
              ...(isServer ? [] : [readSecret(name.replace('-authorizer', ''))]),
              { action: 'logs:CreateLogGroup', resource: arn('logs', `log-group:/aws/lambda/${name}`) },
              { action: 'logs:GetLogEvents', resource: stream(name) },
              { action: 'lambda:InvokeFunction', resource: arn('lambda', `function:${name}:live`) },
            ],
          }),
        ).toEqual([]);
      },
    );

    test('let it send traces, decrypt its environment variables and run in a VPC', async () => {
      const interfaces = [
        'ec2:AssignPrivateIpAddresses',
        'ec2:CreateNetworkInterface',
        'ec2:DeleteNetworkInterface',
        'ec2:UnassignPrivateIpAddresses',
      ];
      expect(
        await flaws(inlinePolicies(terraform.account, `mcp-${REGION}`).runtime, 'identity', {
          allowed: [
            ...calls(['logs:CreateLogStream', 'logs:PutLogEvents'], stream('mcp')),
            readSecret('mcp'),
            ...calls(['xray:PutTraceSegments', 'xray:PutTelemetryRecords'], '*'),
            { action: 'kms:Decrypt', resource: KEY },
            ...calls(['ec2:DescribeNetworkInterfaces', 'ec2:DescribeSubnets'], '*'),
            ...calls(interfaces, arn('ec2', 'network-interface/eni-1')),
            { action: 'ec2:CreateNetworkInterface', resource: arn('ec2', 'subnet/subnet-1') },
            { action: 'ec2:CreateNetworkInterface', resource: arn('ec2', 'security-group/sg-1') },
          ],
          refused: [
            { action: 'kms:Encrypt', resource: KEY },
            { action: 'kms:Decrypt', resource: arn('kms', 'key/another') },
            { action: 'ec2:TerminateInstances', resource: arn('ec2', 'instance/i-1') },
            { action: 'xray:GetTraceSummaries', resource: '*' },
            {
              action: 'ec2:CreateNetworkInterface',
              resource: `arn:aws:ec2:us-east-1:${ACCOUNT}:subnet/subnet-1`,
            },
          ],
        }),
      ).toEqual([]);
    });

    test('let the store read and write items of one table, and use the key only through DynamoDB', async () => {
      const throughDynamo = { 'kms:ViaService': `dynamodb.${REGION}.amazonaws.com` };
      // https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html
      const key = calls(
        [
          'kms:CreateGrant',
          'kms:Decrypt',
          'kms:DescribeKey',
          'kms:Encrypt',
          'kms:GenerateDataKey',
          'kms:ReEncryptFrom',
          'kms:ReEncryptTo',
        ],
        KEY,
        { context: throughDynamo },
      );
      const items = RECORDED.function.filter(({ action }) => action.startsWith('dynamodb:'));
      expect(
        await flaws(inlinePolicies(terraform.account, `mcp-${REGION}`).table, 'identity', {
          allowed: [...items, ...key],
          refused: [
            ...calls(['kms:Decrypt'], KEY),
            ...calls(['kms:Decrypt'], KEY, { context: { 'kms:ViaService': `s3.${REGION}.amazonaws.com` } }),
            ...calls(
              ['dynamodb:Scan', 'dynamodb:Query', 'dynamodb:DeleteItem', 'dynamodb:DeleteTable'],
              arn('dynamodb', 'table/mcp-store'),
            ),
            ...calls(['dynamodb:GetItem'], arn('dynamodb', 'table/another-store')),
          ],
        }),
      ).toEqual([]);
    });

    test('let tasks invoke the alias and send to one queue', async () => {
      const invocations = RECORDED.function.filter(({ action }) => action.startsWith('lambda:'));
      expect(
        await flaws(inlinePolicies(terraform.account, `mcp-${REGION}`).tasks, 'identity', {
          allowed: [
            ...invocations,
            // Lambda uses the function's role to send the record of a failed invocation and to encrypt it with the key.
            { action: 'sqs:SendMessage', resource: arn('sqs', 'mcp-tasks-failed') },
            ...calls(['kms:Decrypt', 'kms:GenerateDataKey'], KEY),
          ],
          refused: [
            { action: 'lambda:InvokeFunction', resource: arn('lambda', 'function:mcp') },
            { action: 'lambda:InvokeFunction', resource: arn('lambda', 'function:mcp:7') },
            { action: 'lambda:InvokeFunction', resource: arn('lambda', 'function:another:live') },
            { action: 'lambda:UpdateFunctionCode', resource: arn('lambda', 'function:mcp') },
            { action: 'sqs:SendMessage', resource: arn('sqs', 'another') },
            { action: 'sqs:ReceiveMessage', resource: arn('sqs', 'mcp-tasks-failed') },
          ],
        }),
      ).toEqual([]);
    });
  });

  describe('of a role', () => {
    const assume = (principal: string): Call => ({
      action: 'sts:AssumeRole',
      resource: `arn:aws:iam::${ACCOUNT}:role/role`,
      principal,
    });

    test.each([
      ['lambda.amazonaws.com', `mcp-${REGION}`],
      ['lambda.amazonaws.com', `rest-authorizer-${REGION}`],
      ['apigateway.amazonaws.com', `rest-apigateway-logs-${REGION}`],
    ])('let only %s assume %s', async (service, role) => {
      expect(
        await flaws(trustPolicy(terraform.account, role), 'trust', {
          allowed: [assume(service)],
          refused: [assume('ec2.amazonaws.com'), assume(`arn:aws:iam::${ACCOUNT}:root`), assume(STRANGER)],
        }),
      ).toEqual([]);
    });

    test('let API Gateway write the logs of REST APIs', async () => {
      const group = (name: string) => arn('logs', `log-group:${name}`);
      const stream = (name: string) => arn('logs', `log-group:${name}:log-stream:1`);
      const created = ['/aws/apigateway/welcome', 'API-Gateway-Execution-Logs_abc/live'];
      expect(
        await flaws(inlinePolicies(terraform.account, `rest-apigateway-logs-${REGION}`).logs, 'identity', {
          allowed: [
            // The log group as in a CreateLogGroup event of CloudTrail.
            ...created.map(name => ({
              action: 'logs:CreateLogGroup',
              resource: `${group(name)}:log-stream:`,
            })),
            ...['logs:CreateLogStream', 'logs:PutLogEvents'].flatMap(action =>
              [...created, '/aws/apigateway/rest-rest'].map(name => ({ action, resource: stream(name) })),
            ),
            { action: 'logs:DescribeLogStreams', resource: group('/aws/apigateway/rest-rest') },
            { action: 'logs:DescribeLogGroups', resource: '*' },
          ],
          refused: [
            { action: 'logs:CreateLogGroup', resource: group('/aws/apigateway/rest-rest') },
            { action: 'logs:DeleteLogGroup', resource: group('/aws/apigateway/rest-rest') },
            { action: 'logs:GetLogEvents', resource: stream('/aws/lambda/rest') },
          ],
        }),
      ).toEqual([]);
    });
  });

  describe('of an endpoint', () => {
    const alias = (name: string) => arn('lambda', `function:${name}:live`);
    /** Returns both calls that Lambda checks for a request to a Function URL. */
    const viaUrl = (name: string, principal: string, type: string): Call[] => [
      {
        action: 'lambda:InvokeFunctionUrl',
        resource: alias(name),
        principal,
        context: { 'lambda:FunctionUrlAuthType': type },
      },
      {
        action: 'lambda:InvokeFunction',
        resource: alias(name),
        principal,
        context: { 'lambda:InvokedViaFunctionUrl': 'true' },
      },
    ];

    test('let everyone call an open Function URL, and invoke the function only through it', async () => {
      const [url, invoke] = viaUrl('open', '*', 'NONE') as [Call, Call];
      expect(
        await flaws(functionPolicy(terraform.account, 'open', 'live'), 'resource', {
          allowed: [url, invoke, ...viaUrl('open', STRANGER, 'NONE')],
          refused: [
            { action: 'lambda:InvokeFunction', resource: alias('open'), principal: '*' },
            { action: 'lambda:InvokeFunction', resource: alias('open'), principal: STRANGER },
            { ...url, context: { 'lambda:FunctionUrlAuthType': 'AWS_IAM' } },
            { ...invoke, context: { 'lambda:InvokedViaFunctionUrl': 'false' } },
          ],
        }),
      ).toEqual([]);
    });

    test('let the listed principals of other accounts call a Function URL with AWS_IAM', async () => {
      const [url, invoke] = viaUrl('mcp', CALLER, 'AWS_IAM') as [Call, Call];
      expect(
        await flaws(functionPolicy(terraform.account, 'mcp', 'live'), 'resource', {
          allowed: [url, invoke],
          refused: [
            ...viaUrl('mcp', STRANGER, 'AWS_IAM'),
            ...viaUrl('mcp', '*', 'AWS_IAM'),
            { ...url, context: { 'lambda:FunctionUrlAuthType': 'NONE' } },
            { ...invoke, context: {} },
          ],
        }),
      ).toEqual([]);
    });

    test('let callers with invoke_policy_json call only a Function URL', async () => {
      const policy = JSON.parse(await signed.output('invoke_policy_json'));
      const [url, invoke] = viaUrl('mcp', `arn:aws:iam::${ACCOUNT}:role/caller`, 'AWS_IAM') as [Call, Call];
      expect(
        await flaws(policy, 'identity', {
          allowed: [url, invoke],
          refused: [
            { ...invoke, context: {} },
            { ...url, context: { 'lambda:FunctionUrlAuthType': 'NONE' } },
            ...viaUrl('open', `arn:aws:iam::${ACCOUNT}:role/caller`, 'AWS_IAM'),
          ],
        }),
      ).toEqual([]);
    });

    const gateway = (name: string, source: string, principal = 'apigateway.amazonaws.com'): Call => ({
      action: 'lambda:InvokeFunction',
      resource: alias(name),
      principal,
      context: { 'aws:SourceArn': arn('execute-api', source) },
    });

    test.each([
      ['rest', 'aws_api_gateway_rest_api', '/live/POST/mcp', '/test-invoke-stage/POST/mcp'],
      ['http', 'aws_apigatewayv2_api', '/$default/mcp', '/another/mcp'],
    ])('let the API of %s invoke its function and its authorizer', async (name, type, path, otherPath) => {
      const [api] = terraform.account.all(type).filter(each => each.name === name);
      const id = String(api?.id);
      expect(
        await flaws(functionPolicy(terraform.account, name, 'live'), 'resource', {
          allowed: [gateway(name, `${id}${path}`)],
          refused: [
            gateway(name, `${id}${otherPath}`),
            gateway(name, `another${path}`),
            gateway(name, `${id}${path}`, 'events.amazonaws.com'),
          ],
        }),
      ).toEqual([]);
      const authorizers = [
        ...terraform.account.all('aws_api_gateway_authorizer').filter(each => each.rest_api_id === id),
        ...terraform.account.all('aws_apigatewayv2_authorizer').filter(each => each.api_id === id),
      ];
      const source = `${id}/authorizers/${authorizers[0]?.id}`;
      expect(
        await flaws(functionPolicy(terraform.account, `${name}-authorizer`, 'live'), 'resource', {
          allowed: [gateway(`${name}-authorizer`, source)],
          refused: [
            gateway(`${name}-authorizer`, `${id}/authorizers/another`),
            gateway(`${name}-authorizer`, source, 'events.amazonaws.com'),
          ],
        }),
      ).toEqual([]);
    });

    const restApi = (name: string) => {
      const [api] = terraform.account.all('aws_api_gateway_rest_api').filter(each => each.name === name);
      const [policy] = terraform.account
        .all('aws_api_gateway_rest_api_policy')
        .filter(({ rest_api_id }) => rest_api_id === api?.id);
      return {
        document: JSON.parse(String(policy?.policy)) as PolicyDocument,
        call: (principal: string, address: string): Call => ({
          action: 'execute-api:Invoke',
          resource: arn('execute-api', `${api?.id}/live/POST/mcp`),
          principal,
          context: { 'aws:SourceIp': address },
        }),
      };
    };

    test('let only the listed IP addresses call a REST API', async () => {
      const { document, call } = restApi('rest');
      expect(
        await flaws(document, 'resource', {
          allowed: [call('*', '198.51.100.7')],
          refused: [call('*', '203.0.113.7')],
        }),
      ).toEqual([]);
    });

    test('let only the listed principals call a REST API with AWS_IAM, from the listed IP addresses', async () => {
      const { document, call } = restApi('signed-rest');
      expect(
        await flaws(document, 'resource', {
          allowed: [call(CALLER, '198.51.100.7')],
          refused: [call(CALLER, '203.0.113.7'), call(STRANGER, '198.51.100.7'), call('*', '198.51.100.7')],
        }),
      ).toEqual([]);
      const policy = JSON.parse(await signedRest.output('invoke_policy_json'));
      const { action, resource } = call(CALLER, '198.51.100.7');
      expect(
        await flaws(policy, 'identity', {
          allowed: [{ action, resource }],
          refused: [{ action, resource: arn('execute-api', 'another/live/POST/mcp') }],
        }),
      ).toEqual([]);
    });
  });

  test('let Lambda pull the image for each function of the deployment, in every version', async () => {
    const functions = ['mcp', 'mcp-authorizer'].flatMap(name => [name, `${name}:7`]);
    const pull = (source: string, principal = 'lambda.amazonaws.com'): Call[] =>
      calls(['ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'], arn('ecr', 'repository/mcp'), {
        principal,
        context: { 'aws:SourceArn': source },
      });
    expect(
      await flaws(repositoryPolicy(terraform.account, 'mcp'), 'resource', {
        allowed: functions.flatMap(name => pull(arn('lambda', `function:${name}`))),
        refused: [
          ...pull(arn('lambda', 'function:another')),
          ...pull(`arn:aws:lambda:${REGION}:444455556666:function:mcp`),
          ...pull(arn('lambda', 'function:mcp'), 'ecs-tasks.amazonaws.com'),
          ...pull(arn('lambda', 'function:mcp'), STRANGER),
        ],
      }),
    ).toEqual([]);
  });

  test('let only alarms and the budget of the account publish to the topic', async () => {
    const [topic] = terraform.account.all('aws_sns_topic_policy');
    const publish = (principal: string, account: string): Call => ({
      action: 'sns:Publish',
      resource: arn('sns', 'mcp-alarms'),
      principal,
      context: { 'aws:SourceAccount': account },
    });
    expect(
      await flaws(JSON.parse(String(topic?.policy)), 'resource', {
        allowed: [publish('cloudwatch.amazonaws.com', ACCOUNT), publish('budgets.amazonaws.com', ACCOUNT)],
        refused: [publish('cloudwatch.amazonaws.com', '444455556666'), publish('s3.amazonaws.com', ACCOUNT)],
      }),
    ).toEqual([]);
  });

  describe('of a pipeline', () => {
    const REPOSITORY = arn('ecr', 'repository/mcp');

    test('let it only publish images', async () => {
      const recorded = RECORDED.pipeline.filter(({ action }) => action.startsWith('ecr:'));
      expect(
        await flaws(inlinePolicies(terraform.account, 'pipeline').publish, 'identity', {
          allowed: [
            ...recorded,
            ...calls(PUSH, REPOSITORY),
            // Permissions of the caller that sets the image of a function. https://docs.aws.amazon.com/lambda/latest/dg/images-create.html#gettingstarted-images-permissions
            ...calls(['ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'], REPOSITORY),
          ],
          refused: [
            ...calls(['ecr:BatchDeleteImage', 'ecr:SetRepositoryPolicy', 'ecr:DeleteRepository'], REPOSITORY),
            ...calls(PUSH, arn('ecr', 'repository/another')),
          ],
        }),
      ).toEqual([]);
    });

    test('let it only deploy the function’s code and record the image digest', async () => {
      const recorded = RECORDED.pipeline.filter(({ action }) => /^(lambda|ssm):/.test(action));
      const changes = [
        'lambda:AddPermission',
        'lambda:CreateFunctionUrlConfig',
        'lambda:DeleteFunction',
        'lambda:InvokeFunction',
        'lambda:UpdateFunctionConfiguration',
      ];
      expect(
        await flaws(inlinePolicies(terraform.account, 'pipeline').deploy, 'identity', {
          allowed: [
            ...recorded,
            // "Set to true to publish a new version [...]. This has the same effect as calling PublishVersion separately."
            // https://docs.aws.amazon.com/lambda/latest/api/API_UpdateFunctionCode.html
            { action: 'lambda:PublishVersion', resource: arn('lambda', 'function:mcp') },
          ],
          refused: [
            ...calls(changes, arn('lambda', 'function:mcp')),
            { action: 'lambda:UpdateFunctionCode', resource: arn('lambda', 'function:another') },
            { action: 'ssm:PutParameter', resource: arn('ssm', 'parameter/another') },
            {
              action: 'ssm:GetParameter',
              resource: arn('ssm', 'parameter/mcp-on-lambda/mcp/image-digest'),
            },
            { action: 'iam:PassRole', resource: `arn:aws:iam::${ACCOUNT}:role/mcp-${REGION}` },
          ],
        }),
      ).toEqual([]);
    });

    test('let only jobs of one environment of one repository assume its role', async () => {
      const issuer = 'token.actions.githubusercontent.com';
      const provider = `arn:aws:iam::${ACCOUNT}:oidc-provider/${issuer}`;
      const [role] = terraform.account.all('aws_iam_openid_connect_provider');
      const assume = (sub: string, aud = 'sts.amazonaws.com', principal = String(role?.arn)): Call => ({
        action: 'sts:AssumeRoleWithWebIdentity',
        resource: `arn:aws:iam::${ACCOUNT}:role/pipeline`,
        principal,
        context: { [`${issuer}:sub`]: sub, [`${issuer}:aud`]: aud },
      });
      expect(String(role?.arn)).toBe(provider);
      expect(
        await flaws(trustPolicy(terraform.account, 'pipeline'), 'trust', {
          allowed: [assume('repo:octo-org/octo-repo:environment:production')],
          refused: [
            assume('repo:octo-org/octo-repo:environment:staging'),
            assume('repo:octo-org/octo-repo:ref:refs/heads/main'),
            assume('repo:octo-org/octo-repo:pull_request'),
            assume('repo:octo-org/octo-repo-2:environment:production'),
            assume('repo:octo-org/octo-repo:environment:production', 'another-audience'),
            assume(
              'repo:octo-org/octo-repo:environment:production',
              'sts.amazonaws.com',
              `arn:aws:iam::${ACCOUNT}:oidc-provider/gitlab.com`,
            ),
          ],
        }),
      ).toEqual([]);
    });
  });
});

/** Permissions that `docker push` needs. https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-push-iam.html */
const PUSH = [
  'ecr:BatchCheckLayerAvailability',
  'ecr:BatchGetImage',
  'ecr:CompleteLayerUpload',
  'ecr:InitiateLayerUpload',
  'ecr:PutImage',
  'ecr:UploadLayerPart',
];
