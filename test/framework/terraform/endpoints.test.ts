/**
 * Every endpoint type deployed on the fake provider, and changed to another type while it is deployed: which resources are replaced,
 * in which order, and that no caller is wrongly allowed or rejected in between.
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Attributes } from './fake-provider/values.ts';
import { Deployment } from './helpers/deployment.ts';
import { expectOrder, lineOf } from './helpers/journal.ts';
import { statements, tooWide } from './helpers/policies.ts';
import { describeTerraform, Terraform } from './helpers/terraform.ts';
import { ACCOUNT, REGION } from './publish-image/fake/machine.ts';

// Each test runs Terraform several times.

let terraform: Terraform;
let deployment: Deployment;
beforeEach(async () => {
  terraform = await Terraform.start();
  // Observability is off, because it is the same for every endpoint.
  deployment = new Deployment(terraform, '', [
    'observability={enabled=false}',
    'manage_api_gateway_account=true',
  ]);
  await deployment.init();
});
afterEach(() => terraform?.[Symbol.dispose]());

let seen = 0;
beforeEach(() => {
  seen = 0;
});
/** Returns the operations since the last call, one per line. */
function news(): string[] {
  const { journal } = terraform.machine;
  const lines = journal.slice(seen).map(lineOf);
  seen = journal.length;
  return lines;
}

const all = (type: string): Attributes[] => terraform.account.all(type);
const only = (type: string): Attributes => {
  expect(all(type), type).toHaveLength(1);
  return all(type)[0] as Attributes;
};
/** Returns the environment variables of a function, except MCP_SECRET, which the server always has (sign-in.test.ts). */
const settings = (name: string): unknown => {
  const fn = terraform.account.need('aws_lambda_function', name, `There is no function ${name}`);
  const { MCP_SECRET: _, ...others } =
    (fn.environment as { variables: Record<string, string> }[])[0]?.variables ?? {};
  return others;
};

const OAUTH = ['auth=oauth', 'oauth={issuer="https://tenant.example/",audience=["mcp"],scopes=["read"]}'];
const ZONE = ['domain_name=mcp.example.com', 'hosted_zone={id="Z1"}'];
const GATEWAY_ACCOUNT = `arn:aws:execute-api:${REGION}:${ACCOUNT}`;

/** Applies, expects an empty plan and no policy that is too broad, runs `look`, and destroys. */
async function live(variables: string[], look: () => Promise<void> | void): Promise<void> {
  await deployment.apply(...variables);
  expect(await deployment.pending(...variables)).toBe(0);
  expect(tooWide(terraform.account)).toEqual([]);
  await look();
  await deployment.destroy(...variables);
  expect(terraform.account.inventory()).toEqual([]);
}

/** Returns the principal and source of every permission on a function, by alias. */
const permissions = () =>
  Object.fromEntries(
    all('aws_lambda_permission').map(({ function_name, qualifier, source_arn, principal }) => [
      `${function_name}:${qualifier}`,
      { source_arn, principal },
    ]),
  );

describeTerraform('a REST API', () => {
  test('is created in an order that AWS accepts, streams, and has its stage in the URL', () =>
    live(['endpoint=rest-api'], async () => {
      const lines = news();
      expectOrder(
        lines,
        'create aws_api_gateway_integration',
        'create aws_api_gateway_deployment',
        'create aws_api_gateway_stage',
        'create aws_api_gateway_method_settings',
      );
      expectOrder(lines, 'create aws_api_gateway_account', 'create aws_api_gateway_stage');
      expectOrder(
        lines,
        'create aws_cloudwatch_log_group /aws/apigateway/mcp-rest',
        'create aws_api_gateway_stage',
      );
      expectOrder(
        lines,
        'create aws_lambda_alias mcp:live',
        'create aws_lambda_permission mcp:live McpRestApi',
        'create aws_api_gateway_stage',
      );
      const { id } = only('aws_api_gateway_rest_api');
      const url = `https://${id}.execute-api.${REGION}.amazonaws.com/live/mcp`;
      expect(await deployment.output('mcp_url')).toBe(url);
      expect(await deployment.output('claude_code')).toContain(` ${url} `);
      const alias = `arn:aws:lambda:${REGION}:${ACCOUNT}:function:mcp:live`;
      for (const integration of all('aws_api_gateway_integration'))
        expect(integration).toMatchObject({
          type: 'AWS_PROXY',
          response_transfer_mode: 'STREAM',
          timeout_milliseconds: 60_000,
          uri: `arn:aws:apigateway:${REGION}:lambda:path/2021-11-15/functions/${alias}/response-streaming-invocations`,
        });
      expect(permissions()).toEqual({
        'mcp:live': {
          principal: 'apigateway.amazonaws.com',
          source_arn: `${GATEWAY_ACCOUNT}:${id}/live/*/*`,
        },
      });
      expect(settings('mcp')).toMatchObject({ MCP_AUTH: 'token' });
      const [log] = only('aws_api_gateway_stage').access_log_settings as { format: string }[];
      expect(Object.keys(JSON.parse(log?.format ?? ''))).toEqual(
        expect.arrayContaining(['requestId', 'status', 'caller', 'sourceIp']),
      );
      expect(log?.format).not.toMatch(/authorization|requestOverride|header|querystring|body/i);
      expect(only('aws_api_gateway_rest_api').endpoint_configuration).toEqual([
        expect.objectContaining({ types: ['REGIONAL'] }),
      ]);
    }));

  test('creates no role for logs with manage_api_gateway_account=false, which requires that the account has one', async () => {
    const refused = await terraform.run(
      deployment.folder,
      'apply',
      '-auto-approve',
      '-var=endpoint=rest-api',
      '-var=manage_api_gateway_account=false',
    );
    expect(refused.output).toContain('CloudWatch Logs role ARN must be set in account settings');
    terraform.account.logRole = true;
    await live(['endpoint=rest-api', 'manage_api_gateway_account=false'], () => {
      expect(all('aws_api_gateway_account')).toEqual([]);
    });
  });

  test('with a Lambda authorizer: only the authorizer checks credentials, and denials name the OAuth metadata', () =>
    live(['endpoint=rest-api', 'authorizer=lambda', ...OAUTH], async () => {
      const rules = {
        MCP_AUTH: 'oauth',
        MCP_OAUTH_ISSUER: 'https://tenant.example/',
        MCP_OAUTH_AUDIENCE: 'mcp',
        MCP_OAUTH_SCOPES: 'read',
        MCP_OAUTH_TOKEN_TYPE: 'at+jwt',
      };
      expect(settings('mcp-authorizer')).toEqual(rules);
      expect(settings('mcp')).toEqual({
        MCP_AUTH: 'authorizer',
        MCP_OAUTH_ISSUER: 'https://tenant.example/',
        MCP_OAUTH_SCOPES: 'read',
      });
      const server = terraform.account.need('aws_lambda_function', 'mcp', '');
      const authorizer = terraform.account.need('aws_lambda_function', 'mcp-authorizer', '');
      expect(authorizer).toMatchObject({
        image_uri: server.image_uri,
        image_config: [expect.objectContaining({ command: ['authorizer.request'] })],
      });
      const { id: api } = only('aws_api_gateway_rest_api');
      const { id: authorizerId, ...made } = only('aws_api_gateway_authorizer');
      expect(made).toMatchObject({
        type: 'REQUEST',
        identity_source: 'method.request.header.Authorization',
        authorizer_result_ttl_in_seconds: 0,
      });
      expect(permissions()).toMatchObject({
        'mcp-authorizer:live': { source_arn: `${GATEWAY_ACCOUNT}:${api}/authorizers/${authorizerId}` },
      });
      const methods = all('aws_api_gateway_method').map(({ http_method, authorization }) => [
        http_method,
        authorization,
      ]);
      expect(methods.filter(([, authorization]) => authorization === 'CUSTOM')).toHaveLength(3);
      const open = methods.filter(([, authorization]) => authorization === 'NONE');
      expect(open.map(([method]) => method).sort()).toEqual(['GET', 'HEAD', 'OPTIONS', 'OPTIONS']);
      const url = `https://${api}.execute-api.${REGION}.amazonaws.com/live`;
      for (const response of all('aws_api_gateway_gateway_response'))
        expect(response).toMatchObject({
          status_code: '401',
          response_parameters: {
            'gatewayresponse.header.WWW-Authenticate': `'Bearer resource_metadata="${url}/.well-known/oauth-protected-resource/mcp"'`,
          },
        });
      expect(
        all('aws_api_gateway_gateway_response')
          .map(({ response_type }) => response_type)
          .sort(),
      ).toEqual(['ACCESS_DENIED', 'UNAUTHORIZED']);
      // The authorizer may only write its log.
      const roles = all('aws_iam_role_policy').filter(({ role }) => String(role).includes('authorizer'));
      expect(roles.flatMap(({ policy }) => JSON.parse(String(policy)).Statement)).toEqual([
        {
          Sid: 'WriteOwnLogs',
          Effect: 'Allow',
          Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
          Resource: `arn:aws:logs:${REGION}:${ACCOUNT}:log-group:/aws/lambda/mcp-authorizer:*`,
        },
      ]);
    }));

  test('with a domain: creates and validates the certificate first and the DNS record last, and disables the default URL', () =>
    live(['endpoint=rest-api', 'authorizer=lambda', ...OAUTH, ...ZONE], async () => {
      const lines = news();
      expectOrder(
        lines,
        `create aws_acm_certificate mcp.example.com`,
        'create aws_route53_record Z1 _proof.mcp.example.com. CNAME',
        'create aws_acm_certificate_validation',
        'create aws_api_gateway_domain_name mcp.example.com',
        'create aws_api_gateway_base_path_mapping mcp.example.com/',
        'create aws_route53_record Z1 mcp.example.com A',
      );
      expectOrder(lines, 'create aws_api_gateway_stage', 'create aws_api_gateway_base_path_mapping');
      expect(only('aws_api_gateway_rest_api').disable_execute_api_endpoint).toBe(true);
      expect(await deployment.output('mcp_url')).toBe('https://mcp.example.com/mcp');
      expect(only('aws_api_gateway_authorizer').authorizer_result_ttl_in_seconds).toBe(300);
      expect(settings('mcp')).toMatchObject({ MCP_PUBLIC_URL: 'https://mcp.example.com/mcp' });
      const [response] = all('aws_api_gateway_gateway_response');
      expect(JSON.stringify(response?.response_parameters)).toContain(
        'https://mcp.example.com/.well-known/oauth-protected-resource/mcp',
      );
    }));

  test('with a domain in another DNS zone: has the target of the DNS record as an output', () =>
    live(
      [
        'endpoint=rest-api',
        'domain_name=mcp.example.com',
        `certificate={arn="arn:aws:acm:${REGION}:${ACCOUNT}:certificate/mine"}`,
      ],
      async () => {
        expect(all('aws_route53_record')).toEqual([]);
        expect(await deployment.output('domain_target')).toMatch(/^d-\w+\.execute-api\./);
      },
    ));

  test('with API keys, a firewall and IP address rules: configures each of them', () =>
    live(
      [
        'endpoint=rest-api',
        'api_key={calls_per_day=100}',
        'throttle={rate=5,burst=7}',
        'allowed_cidrs=["198.51.100.0/24","2001:db8::/32"]',
        `web_acl={arn="arn:aws:wafv2:${REGION}:${ACCOUNT}:regional/webacl/mine/1"}`,
      ],
      async () => {
        expectOrder(news(), 'create aws_api_gateway_rest_api_policy', 'create aws_api_gateway_deployment');
        const policy = JSON.parse(String(only('aws_api_gateway_rest_api_policy').policy));
        expect(
          policy.Statement.map(({ Effect, Condition }: Record<string, unknown>) => [Effect, Condition]),
        ).toEqual([
          ['Allow', undefined],
          ['Deny', { NotIpAddress: { 'aws:SourceIp': ['198.51.100.0/24', '2001:db8::/32'] } }],
        ]);
        expect(only('aws_api_gateway_method_settings').settings).toEqual([
          expect.objectContaining({
            throttling_rate_limit: 5,
            throttling_burst_limit: 7,
            logging_level: 'OFF',
          }),
        ]);
        expect(only('aws_api_gateway_usage_plan').quota_settings).toEqual([
          expect.objectContaining({ limit: 100, period: 'DAY' }),
        ]);
        const required = all('aws_api_gateway_method').map(({ http_method, api_key_required }) => [
          http_method,
          api_key_required,
        ]);
        expect(required).toContainEqual(['OPTIONS', false]);
        expect(required.filter(([, needed]) => needed === true)).toHaveLength(3);
        expect(await deployment.output('api_key')).toMatch(/^\w{20,}$/);
        expect((await deployment.outputs()).api_key?.sensitive).toBe(true);
        expect(only('aws_wafv2_web_acl_association').resource_arn).toBe(only('aws_api_gateway_stage').arn);
      },
    ));

  test('with AWS_IAM: requires signed calls, and has a policy for callers that allows only this API', () =>
    live(
      ['endpoint=rest-api', 'auth=iam', 'iam={principals=["arn:aws:iam::111122223333:root"]}'],
      async () => {
        const authorizations = all('aws_api_gateway_method').map(({ authorization }) => authorization);
        expect(authorizations.filter(each => each === 'AWS_IAM')).toHaveLength(3);
        const { id } = only('aws_api_gateway_rest_api');
        expect(JSON.parse(await deployment.output('invoke_policy_json')).Statement).toEqual([
          {
            Sid: 'InvokeApi',
            Effect: 'Allow',
            Action: 'execute-api:Invoke',
            Resource: `${GATEWAY_ACCOUNT}:${id}/live/*`,
          },
        ]);
        // IAM allows the callers of this account; a permission for everyone in the resource policy would bypass it.
        const policy = JSON.parse(String(only('aws_api_gateway_rest_api_policy').policy));
        expect(policy.Statement).toEqual([
          expect.objectContaining({
            Effect: 'Allow',
            Principal: { AWS: ['arn:aws:iam::111122223333:root'] },
          }),
        ]);
        expect(await deployment.output('claude_code')).toContain('--service execute-api');
        expect(
          statements(terraform.account).filter(({ Action }) => String(Action).startsWith('lambda:')),
        ).toEqual([]);
      },
    ));

  test('creates a new deployment before it deletes the old one when the API changes', async () => {
    await deployment.apply('endpoint=rest-api');
    news();
    const changed = ['endpoint=rest-api', 'timeout=120'];
    expect(await deployment.changes(...changed)).toMatchObject({
      'module.rest_api[0].aws_api_gateway_deployment.this': ['create', 'delete'],
      'module.rest_api[0].aws_api_gateway_stage.live': ['update'],
    });
    await deployment.apply(...changed);
    expectOrder(
      news(),
      'update aws_api_gateway_integration',
      'create aws_api_gateway_deployment',
      'update aws_api_gateway_stage',
      'delete aws_api_gateway_deployment',
    );
    // A change of the function alone does not change the API.
    const { 'module.lambda.aws_lambda_function.this': fn, ...others } = await deployment.changes(
      ...changed,
      'memory_size=256',
    );
    expect(fn).toEqual(['update']);
    expect(Object.keys(others).filter(address => !address.startsWith('module.observability'))).toEqual([
      'module.lambda.aws_lambda_alias.live',
    ]);
  });
});

describeTerraform('an HTTP API', () => {
  test('is created with a buffered handler, and its stage is created last', () =>
    live(['endpoint=http-api'], async () => {
      const lines = news();
      expectOrder(
        lines,
        'create aws_lambda_alias mcp:live',
        'create aws_apigatewayv2_integration',
        'create aws_apigatewayv2_route',
        'create aws_apigatewayv2_stage',
      );
      expectOrder(lines, 'create aws_lambda_permission mcp:live McpHttpApi', 'create aws_apigatewayv2_stage');
      expectOrder(
        lines,
        'create aws_cloudwatch_log_group /aws/vendedlogs/apigateway/mcp-http',
        'create aws_apigatewayv2_stage',
      );
      const { id } = only('aws_apigatewayv2_api');
      expect(await deployment.output('mcp_url')).toBe(
        `https://${id}.execute-api.${REGION}.amazonaws.com/mcp`,
      );
      expect(terraform.account.need('aws_lambda_function', 'mcp', '')).toMatchObject({
        image_config: [expect.objectContaining({ command: ['handler.buffered'] })],
        timeout: 29,
      });
      expect(only('aws_apigatewayv2_integration')).toMatchObject({
        payload_format_version: '2.0',
        timeout_milliseconds: 29_000,
      });
      expect(permissions()).toEqual({
        'mcp:live': {
          principal: 'apigateway.amazonaws.com',
          source_arn: `${GATEWAY_ACCOUNT}:${id}/$default/*`,
        },
      });
    }));

  test('with a JWT authorizer: API Gateway checks the tokens of the issuer, and the server checks them again', () =>
    live(['endpoint=http-api', 'authorizer=jwt', ...OAUTH], () => {
      expect(only('aws_apigatewayv2_authorizer')).toMatchObject({
        authorizer_type: 'JWT',
        identity_sources: ['$request.header.Authorization'],
        jwt_configuration: [{ issuer: 'https://tenant.example/', audience: ['mcp'] }],
      });
      const routes = all('aws_apigatewayv2_route').map(
        ({ route_key, authorization_type, authorization_scopes }) => [
          route_key,
          authorization_type,
          authorization_scopes,
        ],
      );
      expect(routes).toContainEqual(['$default', 'JWT', ['read']]);
      expect(
        routes
          .filter(([, type]) => type === 'NONE')
          .map(([key]) => key)
          .sort(),
      ).toEqual(['GET /.well-known/{proxy+}', 'HEAD /.well-known/{proxy+}', 'OPTIONS /{proxy+}']);
      expect(settings('mcp')).toMatchObject({ MCP_AUTH: 'oauth', MCP_OAUTH_AUDIENCE: 'mcp' });
    }));

  test('with a Lambda authorizer and a domain: uses simple responses, a TTL and the public URL', () =>
    live(
      ['endpoint=http-api', 'authorizer=lambda', 'authorizer_result_ttl_seconds=60', ...ZONE],
      async () => {
        expect(only('aws_apigatewayv2_authorizer')).toMatchObject({
          authorizer_type: 'REQUEST',
          authorizer_payload_format_version: '2.0',
          enable_simple_responses: true,
          authorizer_result_ttl_in_seconds: 60,
          identity_sources: ['$request.header.Authorization'],
        });
        expect(settings('mcp')).toEqual({
          MCP_AUTH: 'authorizer',
          MCP_PUBLIC_URL: 'https://mcp.example.com/mcp',
        });
        expect(settings('mcp-authorizer')).toMatchObject({
          MCP_AUTH: 'token',
          MCP_TOKEN_SHA256: expect.any(String),
        });
        expectOrder(
          news(),
          'create aws_acm_certificate_validation',
          'create aws_apigatewayv2_domain_name',
          'create aws_apigatewayv2_api_mapping',
          'create aws_route53_record Z1 mcp.example.com A',
        );
        expect(await deployment.output('mcp_url')).toBe('https://mcp.example.com/mcp');
      },
    ));

  test('warns if the function’s timeout exceeds the 30 s that an HTTP API waits', async () => {
    const { output } = await terraform.run(
      deployment.folder,
      'plan',
      '-var=endpoint=http-api',
      '-var=timeout=60',
    );
    expect(output).toContain('An HTTP API returns 503 after 30 seconds');
  });
});

describeTerraform('a Function URL with a domain', () => {
  test('is behind CloudFront, which does not cache and passes credentials on', () =>
    live(ZONE, async () => {
      expectOrder(
        news(),
        'create aws_acm_certificate us-east-1 mcp.example.com',
        'create aws_acm_certificate_validation',
        'create aws_cloudfront_distribution',
        'create aws_route53_record Z1 mcp.example.com A',
      );
      const { origin, default_cache_behavior, aliases } = only('aws_cloudfront_distribution');
      expect(aliases).toEqual(['mcp.example.com']);
      const [{ domain_name, origin_access_control_id } = {}] = origin as Attributes[];
      expect(domain_name).toMatch(/^[0-9a-f]{32}\.lambda-url\./);
      expect(origin_access_control_id ?? '').toBe('');
      expect(default_cache_behavior).toEqual([
        expect.objectContaining({
          cache_policy_id: '4135ea2d-6df8-44a3-9df3-4b5a84be39ad',
          origin_request_policy_id: 'b689b0a8-53d0-40ab-baf2-68738e2966ac',
          compress: false,
        }),
      ]);
      expect(await deployment.output('mcp_url')).toBe('https://mcp.example.com/mcp');
      expect(settings('mcp')).toMatchObject({ MCP_PUBLIC_URL: 'https://mcp.example.com/mcp' });
    }));
});

describeTerraform('changing the endpoint of a deployment', () => {
  const kept = [
    'aws_ecr_repository',
    'aws_lambda_function',
    'aws_lambda_alias',
    'aws_iam_role mcp',
    'random_password',
  ];

  /** `npm test` tests one change of each kind, `npm run test:terraform` all of them. */
  const every = process.env.EVERY_ENDPOINT !== undefined;
  const kinds: [from: string, to: string, newHandler: boolean][] = [
    ['function-url', 'rest-api', false],
    ['http-api', 'rest-api', true],
  ];
  const others: typeof kinds = [
    ['rest-api', 'function-url', false],
    ['function-url', 'http-api', true],
    ['rest-api', 'http-api', true],
  ];

  test.each([...kinds, ...(every ? others : [])])(
    'from %s to %s keeps the function, its image and its token, and creates the permission of the new endpoint before its stage',
    async (from, to, newHandler) => {
      await deployment.apply(`endpoint=${from}`);
      const token = await deployment.output('mcp_token');
      const before = await deployment.output('mcp_url');
      news();
      const changes = await deployment.changes(`endpoint=${to}`);
      expect(
        Object.keys(changes)
          .filter(address => /^module\.(lambda|iam|ecr|image)\b/.test(address))
          .sort(),
      ).toEqual(
        newHandler ? ['module.lambda.aws_lambda_alias.live', 'module.lambda.aws_lambda_function.this'] : [],
      );
      await deployment.apply(`endpoint=${to}`);
      const lines = news();
      for (const name of kept)
        expect(
          lines.filter(line => line.startsWith(`create ${name} `) || line.startsWith(`delete ${name} `)),
        ).toEqual([]);
      expect(lines.filter(line => line.startsWith('docker'))).toEqual([]);
      const permission = lines.findIndex(line => line.startsWith('create aws_lambda_permission'));
      const opens = lines.findIndex(line => /^create aws_(api_gateway_stage|apigatewayv2_stage)/.test(line));
      if (opens >= 0) expect(permission).toBeLessThan(opens);
      // The new endpoint calls the version with its handler.
      if (newHandler)
        expectOrder(
          lines,
          'update aws_lambda_function',
          'update aws_lambda_alias',
          'create aws_lambda_permission',
        );
      expect(await deployment.output('mcp_token')).toBe(token);
      expect(await deployment.output('mcp_url')).not.toBe(before);
      expect(await deployment.pending(`endpoint=${to}`)).toBe(0);
      await deployment.destroy(`endpoint=${to}`);
      expect(terraform.account.inventory()).toEqual([]);
    },
  );

  test('by adding and removing an authorizer leaves no request unauthenticated in between', async () => {
    await deployment.apply('endpoint=rest-api');
    news();
    await deployment.apply('endpoint=rest-api', 'authorizer=lambda');
    const lines = news();
    // The stage serves the old deployment, in which the server authenticates, until API Gateway may invoke the authorizer.
    expectOrder(
      lines,
      'create aws_lambda_function mcp-authorizer',
      'create aws_api_gateway_authorizer',
      'create aws_lambda_permission mcp-authorizer:live',
      'update aws_api_gateway_stage',
    );
    expect(settings('mcp')).toEqual({ MCP_AUTH: 'authorizer' });
    await deployment.apply('endpoint=rest-api');
    expect(settings('mcp')).toMatchObject({ MCP_AUTH: 'token' });
    expect(await deployment.pending('endpoint=rest-api')).toBe(0);
  });
});

describe('the endpoint variables', () => {
  describeTerraform('are validated in the plan', () => {
    test.each<[string[], string]>([
      [['endpoint=cdn'], 'endpoint must be function-url, http-api or rest-api'],
      [['authorizer=lambda'], 'A Function URL has no authorizers'],
      [['endpoint=rest-api', 'authorizer=jwt', ...OAUTH], 'needs endpoint = "http-api" and auth = "oauth"'],
      [['endpoint=http-api', 'authorizer=jwt'], 'needs endpoint = "http-api" and auth = "oauth"'],
      [['endpoint=rest-api', 'authorizer=lambda', 'auth=iam'], 'needs auth to be token, oauth, or both'],
      [['endpoint=rest-api', ...OAUTH], 'clients cannot find the issuer behind a REST API'],
      [['domain_name=https://x.example'], 'without https://'],
      [['domain_name=mcp.example.com'], 'domain_name needs certificate ='],
      [
        ['domain_name=mcp.example.com', 'hosted_zone={id="Z1"}', 'auth=iam'],
        'CloudFront cannot serve a Function URL with auth',
      ],
      [
        [
          'domain_name=mcp.example.com',
          'certificate={arn="arn:aws:acm:eu-west-1:123456789012:certificate/x"}',
        ],
        'must be in us-east-1',
      ],
      [['hosted_zone={id="Z1"}'], 'certificate and hosted_zone need domain_name'],
      [['mcp_path=mcp/'], 'mcp_path must begin with a slash'],
      [['api_key={}'], 'api_key needs endpoint = "rest-api"'],
      [['allowed_cidrs=["10.0.0.0/8"]'], 'allowed_cidrs needs endpoint = "rest-api"'],
      [['web_acl={arn="arn:x"}'], 'web_acl needs endpoint'],
      [['endpoint=http-api', 'authorizer=lambda', 'authorizer_result_ttl_seconds=4000'], 'from 0 to 3600'],
    ])('and are rejected with the reason: %j', async (variables, message) => {
      const { status, output } = await terraform.run(
        deployment.folder,
        'plan',
        ...variables.map(variable => `-var=${variable}`),
      );
      expect([status, output]).toEqual([1, expect.stringContaining(message)]);
    });
  });
});
