/**
 * Secrets and sign-in on the fake provider: MCP_SECRET is where it must be and nowhere else, Cognito comes in one apply behind every
 * endpoint, and turning the sign-in off leaves nothing of it.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openSignInPaths } from '../../../app/framework/sign-in-paths.ts';
import type { Attributes } from './fake-provider/values.ts';
import { Deployment } from './helpers/deployment.ts';
import { expectOrder, lineOf } from './helpers/journal.ts';
import { tooWide } from './helpers/policies.ts';
import { describeTerraform, Terraform } from './helpers/terraform.ts';
import { ACCOUNT, REGION } from './publish-image/fake/machine.ts';

// Each test runs Terraform several times.

let terraform: Terraform;
let deployment: Deployment;
beforeEach(async () => {
  terraform = await Terraform.start();
  deployment = new Deployment(terraform, '', [
    'observability={enabled=false}',
    'manage_api_gateway_account=true',
  ]);
  await deployment.init();
});
afterEach(() => terraform?.[Symbol.dispose]());

const all = (type: string): Attributes[] => terraform.account.all(type);
const only = (type: string): Attributes => {
  expect(all(type), type).toHaveLength(1);
  return all(type)[0] as Attributes;
};
const settings = (name = 'mcp'): Record<string, string> => {
  const fn = terraform.account.need('aws_lambda_function', name, `There is no function ${name}`);
  return (fn.environment as { variables: Record<string, string> }[])[0]?.variables ?? {};
};
const parameterArn = (name: string): string =>
  `arn:aws:ssm:${REGION}:${ACCOUNT}:parameter/mcp-on-lambda/mcp/${name}`;

/** Action → resources, of what a role may do besides writing its log. */
function grants(role: string): Record<string, unknown[]> {
  const documents = all('aws_iam_role_policy').filter(each => each.role === role);
  const statements: { Sid?: string; Action: string | string[]; Resource: unknown }[] = documents.flatMap(
    ({ policy }) => JSON.parse(String(policy)).Statement,
  );
  const found: Record<string, unknown[]> = {};
  for (const { Sid, Action, Resource } of statements)
    if (Sid !== 'WriteOwnLogs') {
      const action = [Action].flat().join();
      found[action] = [...(found[action] ?? []), Resource];
    }
  return found;
}

const SECRET = '/mcp-on-lambda/mcp/secret';
const secret = (): string => terraform.account.secrets.get(SECRET) ?? '';

/** Everything that Terraform keeps or prints, and the journal of what was done in the account and on the machine. */
async function traces(...variables: string[]): Promise<string> {
  const plan = join(deployment.root, 'plan-file');
  const { output } = await terraform.succeed(
    deployment.folder,
    'plan',
    `-out=${plan}`,
    ...deployment.flags(variables),
  );
  const shown = await terraform.succeed(deployment.folder, 'show', '-json', plan);
  const state = await terraform.succeed(deployment.folder, 'show', '-json');
  const files = readdirSync(deployment.folder)
    .filter(name => name.includes('tfstate'))
    .map(name => readFileSync(join(deployment.folder, name), 'utf8'));
  const outputs = JSON.stringify(await deployment.outputs());
  return [
    output,
    shown.stdout,
    state.stdout,
    ...files,
    outputs,
    JSON.stringify(terraform.machine.journal),
  ].join('\n');
}

describeTerraform('MCP_SECRET', () => {
  test('is in the parameter, and in no plan, state, output, environment or journal', async () => {
    await deployment.apply();
    const first = secret();
    expect(first).toMatch(/^[A-Za-z0-9]{64}$/);
    expect(settings().MCP_SECRET).toBe(`ssm:${SECRET}`);
    expect(only('aws_ssm_parameter')).toMatchObject({
      name: SECRET,
      type: 'SecureString',
      key_id: 'alias/aws/ssm',
    });
    const found = await traces('memory_size=256');
    expect(found).toContain(SECRET);
    expect(found).not.toContain(first);
    expect(grants('mcp-eu-west-1')).toEqual({ 'ssm:GetParameter': [parameterArn('secret')] });

    // Each plan opens another password, which is not written.
    expect(await deployment.pending()).toBe(0);
    await deployment.apply('memory_size=256', 'tags={team="platform"}');
    expect(secret()).toBe(first);
    await deployment.destroy();
    expect(terraform.account.inventory()).toEqual([]);
    expect(terraform.account.secrets.size).toBe(0);
  });

  test('is replaced by another generation, and for another key', async () => {
    await deployment.apply();
    const first = secret();
    expect(await deployment.changes('secret_generation=2')).toEqual({
      'aws_ssm_parameter.secret': ['update'],
    });
    await deployment.apply('secret_generation=2');
    const second = secret();
    expect(second).not.toBe(first);
    const key = `arn:aws:kms:${REGION}:${ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab`;
    await deployment.apply('secret_generation=2', `kms_key_arn=${key}`);
    expect(secret()).not.toBe(second);
    expect(only('aws_ssm_parameter').key_id).toBe(key);
    // Without the key again, it must not be left encrypted with it: the role has lost its permission.
    await deployment.apply('secret_generation=2');
    expect(only('aws_ssm_parameter').key_id).toBe('alias/aws/ssm');
    expect(await traces('secret_generation=2')).not.toMatch(new RegExp(`${first}|${second}|${secret()}`));
  });
});

describeTerraform('secrets of tools', () => {
  const PARAMETER = `arn:aws:ssm:${REGION}:${ACCOUNT}:parameter/weather/key`;
  const MANAGED = `arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:maps-Ab12Cd`;

  test('are named in the environment, and may be read, one by one', async () => {
    const key = `arn:aws:kms:${REGION}:${ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab`;
    const variables = [
      `secrets={WEATHER_KEY="${PARAMETER}",MAPS_KEY="${MANAGED}"}`,
      `secrets_kms_key_arns=["${key}"]`,
    ];
    await deployment.apply(...variables);
    expect(settings()).toMatchObject({
      WEATHER_KEY: `ssm:${PARAMETER}`,
      MAPS_KEY: `secretsmanager:${MANAGED}`,
    });
    expect(grants('mcp-eu-west-1')).toEqual({
      'ssm:GetParameter': [parameterArn('secret'), PARAMETER],
      'secretsmanager:GetSecretValue': [MANAGED],
      'kms:Decrypt': [key],
    });
    expect(tooWide(terraform.account)).toEqual([]);
    expect(await deployment.pending(...variables)).toBe(0);
  });
});

const COGNITO = ['auth=oauth', 'sign_in={provider="cognito"}'];
const ZONE = ['domain_name=mcp.example.com', 'hosted_zone={id="Z1"}'];

interface Endpoint {
  name: string;
  variables: string[];
  /** Of what clients know. */
  base: RegExp;
}

const ENDPOINTS: Endpoint[] = [
  { name: 'a Function URL', variables: [], base: /^https:\/\/[0-9a-f]{32}\.lambda-url\.eu-west-1\.on\.aws$/ },
  { name: 'a Function URL with a domain', variables: ZONE, base: /^https:\/\/mcp\.example\.com$/ },
  {
    name: 'an HTTP API',
    variables: ['endpoint=http-api'],
    base: /^https:\/\/\w+\.execute-api\.eu-west-1\.amazonaws\.com$/,
  },
  {
    name: 'an HTTP API with an authorizer and a domain',
    variables: ['endpoint=http-api', 'authorizer=lambda', ...ZONE],
    base: /^https:\/\/mcp\.example\.com$/,
  },
  {
    name: 'a REST API with an authorizer, by its stage',
    variables: ['endpoint=rest-api', 'authorizer=lambda'],
    base: /^https:\/\/\w+\.execute-api\.eu-west-1\.amazonaws\.com\/live$/,
  },
  {
    name: 'a REST API with an API key and a domain',
    variables: ['endpoint=rest-api', 'api_key={}', ...ZONE],
    base: /^https:\/\/mcp\.example\.com$/,
  },
  {
    name: 'a public URL of another server in front',
    variables: ['public_url=https://tools.example.com/weather/mcp'],
    base: /^https:\/\/tools\.example\.com\/weather$/,
  },
];

/** `npm test` deploys behind a Function URL, `npm run test:terraform` behind every endpoint. */
const TESTED = process.env.EVERY_ENDPOINT ? ENDPOINTS : ENDPOINTS.slice(0, 1);

describeTerraform('sign-in with Cognito', () => {
  test.each(TESTED)('behind $name comes in one apply, and goes again', async ({ variables, base }) => {
    const on = [...variables, ...COGNITO];
    await deployment.apply(...on);
    expect(await deployment.pending(...on)).toBe(0);
    expect(tooWide(terraform.account)).toEqual([]);

    const pool = only('aws_cognito_user_pool');
    const client = only('aws_cognito_user_pool_client');
    const redirect = await deployment.output('sign_in_redirect_url');
    expect(redirect.replace(/\/callback$/, '')).toMatch(base);
    expect(await deployment.output('mcp_url')).toBe(redirect.replace(/callback$/, 'mcp'));
    expect(client).toMatchObject({ callback_urls: [redirect], generate_secret: false, client_secret: '' });
    expect(pool.admin_create_user_config).toEqual([
      expect.objectContaining({ allow_admin_create_user_only: true }),
    ]);

    const server = settings();
    const authorizer = variables.includes('authorizer=lambda');
    const issuer = `https://cognito-idp.${REGION}.amazonaws.com/${pool.id}`;
    expect(server).toMatchObject({
      MCP_AUTH: authorizer ? 'authorizer' : 'oauth',
      MCP_OAUTH_PROXY: 'on',
      MCP_OAUTH_ISSUER: issuer,
      MCP_OAUTH_CLIENT_ID: 'ssm:/mcp-on-lambda/mcp/client-id',
      MCP_SECRET: `ssm:${SECRET}`,
      MCP_TABLE: 'mcp-store',
    });
    expect(server).not.toHaveProperty('MCP_OAUTH_CLIENT_SECRET');
    const parameter = terraform.account.need(
      'aws_ssm_parameter',
      '/mcp-on-lambda/mcp/client-id',
      'no parameter',
    );
    expect(parameter).toMatchObject({ type: 'String', insecure_value: client.id });
    expect(grants('mcp-eu-west-1')['ssm:GetParameter']).toEqual([
      parameterArn('secret'),
      parameterArn('client-id'),
    ]);
    const lines = terraform.machine.journal.map(lineOf);
    expectOrder(
      lines,
      'create aws_cognito_user_pool ',
      'create aws_lambda_function mcp',
      'create aws_cognito_user_pool_client',
      'create aws_cognito_managed_login_branding',
    );
    expect(await traces(...on)).not.toContain(secret());

    if (authorizer) {
      expect(settings('mcp-authorizer')).toMatchObject({
        MCP_AUTH: 'oauth',
        MCP_OAUTH_PROXY: 'on',
        MCP_SECRET: `ssm:${SECRET}`,
      });
      expect(grants('mcp-authorizer-eu-west-1')).toEqual({ 'ssm:GetParameter': [parameterArn('secret')] });
    }
    expectOpen(openSignInPaths({ MCP_OAUTH_PROXY: 'on' }));

    // Off: the pool goes, and with it the open paths. What remains is a deployment as if there had been no sign-in.
    const off = [...variables, ...(authorizer ? ['auth=token'] : [])];
    await deployment.apply(...off);
    expect(await deployment.pending(...off)).toBe(0);
    expect(terraform.account.inventory().filter(name => /cognito|dynamodb|client-id/.test(name))).toEqual([]);
    expect(Object.keys(settings()).filter(name => /OAUTH/.test(name))).toEqual([]);
    expectOpen([]);
    await deployment.destroy(...off);
    expect(terraform.account.inventory()).toEqual([]);
  });

  test('is added to a deployment, and stays with its people when the endpoint is changed', async () => {
    await deployment.apply();
    const before = secret();
    await deployment.apply(...COGNITO);
    const first = await deployment.output('sign_in_redirect_url');
    const next = [...COGNITO, 'endpoint=rest-api', 'authorizer=lambda'];
    const changes = await deployment.changes(...next);
    const ofSignIn = Object.entries(changes).filter(([address]) => address.startsWith('module.sign_in'));
    expect(Object.fromEntries(ofSignIn)).toEqual({
      'module.sign_in[0].aws_cognito_user_pool_client.this': ['update'],
    });
    await deployment.apply(...next);
    const second = await deployment.output('sign_in_redirect_url');
    expect(second).toMatch(/\/live\/callback$/);
    expect(second).not.toBe(first);
    expect(only('aws_cognito_user_pool_client').callback_urls).toEqual([second]);
    expect(secret()).toBe(before);
    expect(await deployment.pending(...next)).toBe(0);
    await deployment.destroy(...next);
    expect(terraform.account.inventory()).toEqual([]);
  });

  test('with isolation = "per-caller" runs in the environments of no caller, and opens nothing else', async () => {
    const rest = ['endpoint=rest-api', 'authorizer=lambda', 'isolation=per-caller'];
    const variables = [...rest, 'auth=oauth', 'sign_in={provider="cognito",registration=true}'];
    await deployment.apply(...variables);
    expect(await deployment.pending(...variables)).toBe(0);
    expect(tooWide(terraform.account)).toEqual([]);

    const open = openSignInPaths({ MCP_OAUTH_PROXY: 'on', MCP_OAUTH_REGISTRATION: 'on' });
    expectOpen(open);
    const closed = { authorization: 'CUSTOM', tenant: 'context.authorizer.tenant' };
    const ofNoCaller = { authorization: 'NONE', tenant: "'open'" };
    const withoutSignIn = {
      'ANY /': closed,
      'ANY /{proxy+}': closed,
      'OPTIONS /{proxy+}': ofNoCaller,
      'ANY /.well-known/{proxy+}': closed,
      'GET /.well-known/{proxy+}': ofNoCaller,
      'HEAD /.well-known/{proxy+}': ofNoCaller,
      'OPTIONS /.well-known/{proxy+}': ofNoCaller,
    };
    expect(restMethods()).toEqual({
      ...withoutSignIn,
      ...Object.fromEntries(open.map(path => [`ANY ${path}`, ofNoCaller])),
    });

    const server = settings();
    expect(server).toMatchObject({
      MCP_AUTH: 'authorizer',
      MCP_ISOLATION: 'per-caller',
      MCP_TABLE: 'mcp-store',
    });
    // The tenant ID is made of the issuer, which must be the same in both functions.
    expect(settings('mcp-authorizer')).toMatchObject({
      MCP_AUTH: 'oauth',
      MCP_ISOLATION: 'per-caller',
      MCP_OAUTH_PROXY: 'on',
      MCP_OAUTH_ISSUER: server.MCP_OAUTH_ISSUER,
      MCP_SECRET: `ssm:${SECRET}`,
    });
    expect(grants('mcp-authorizer-eu-west-1')).toEqual({ 'ssm:GetParameter': [parameterArn('secret')] });
    const isolation = (name: string) =>
      terraform.account.need('aws_lambda_function', name, name).tenancy_config;
    expect(isolation('mcp')).toEqual([{ tenant_isolation_mode: 'PER_TENANT' }]);
    expect(isolation('mcp-authorizer')).toEqual([]);

    // The sign-in goes; the isolation stays.
    const off = [...rest, 'auth=token'];
    await deployment.apply(...off);
    expect(await deployment.pending(...off)).toBe(0);
    expect(restMethods()).toEqual(withoutSignIn);
    await deployment.destroy(...off);
    expect(terraform.account.inventory()).toEqual([]);
  });

  test('keeps people out of the pool who are not invited, unless that is asked for; registration opens its path', async () => {
    const variables = [
      'endpoint=rest-api',
      'authorizer=lambda',
      'auth=token,oauth',
      'sign_in={provider="cognito",self_sign_up=true,registration=true,allowed_groups=["staff","admins"],domain_prefix="my-sign-in"}',
    ];
    await deployment.apply(...variables);
    expect(only('aws_cognito_user_pool').admin_create_user_config).toEqual([
      expect.objectContaining({ allow_admin_create_user_only: false }),
    ]);
    expect(only('aws_cognito_user_pool_domain')).toMatchObject({
      domain: 'my-sign-in',
      managed_login_version: 2,
    });
    expect(settings()).toMatchObject({
      MCP_OAUTH_REGISTRATION: 'on',
      MCP_OAUTH_ALLOWED_GROUPS: 'staff,admins',
    });
    expectOpen(openSignInPaths({ MCP_OAUTH_PROXY: 'on', MCP_OAUTH_REGISTRATION: 'on' }));
  });
});

/** `METHOD /path` of the REST API → who may call it, and the tenant of its invocations. */
function restMethods(): Record<string, { authorization: unknown; tenant: unknown }> {
  const resources = new Map(all('aws_api_gateway_resource').map(each => [each.id, each]));
  const pathOf = (id: Attributes[string] | undefined): string => {
    const resource = id === undefined ? undefined : resources.get(id);
    return resource ? `${pathOf(resource.parent_id)}/${resource.path_part}` : '';
  };
  const keyOf = ({ http_method, resource_id }: Attributes): string =>
    `${http_method} ${pathOf(resource_id) || '/'}`;
  const tenants = new Map(
    all('aws_api_gateway_integration').map(each => [keyOf(each), each.request_parameters]),
  );
  const methods = all('aws_api_gateway_method').map(each => {
    const { authorization } = each;
    const parameters = tenants.get(keyOf(each)) as Record<string, unknown> | undefined;
    return [
      keyOf(each),
      { authorization, tenant: parameters?.['integration.request.header.X-Amz-Tenant-Id'] },
    ] as const;
  });
  expect(new Set(methods.map(([key]) => key)).size).toBe(methods.length);
  return Object.fromEntries(methods);
}

/** On an API, callers are asked for credentials and keys everywhere but at preflights, metadata and these paths. */
function expectOpen(paths: readonly string[]): void {
  const routes = all('aws_apigatewayv2_route');
  if (routes.length > 0) {
    const open = routes
      .filter(({ authorization_type }) => authorization_type === 'NONE')
      .map(each => each.route_key);
    const closed = routes.filter(({ authorization_type }) => authorization_type !== 'NONE');
    const expected = [
      'OPTIONS /{proxy+}',
      'GET /.well-known/{proxy+}',
      'HEAD /.well-known/{proxy+}',
      ...paths.map(path => `ANY ${path}`),
    ];
    if (closed.length > 0) expect(open.sort()).toEqual(expected.sort());
    else expect(open.sort()).toEqual(['$default', ...expected].sort());
  }
  const methods = all('aws_api_gateway_method');
  if (methods.length === 0) return;
  const resources = new Map(
    all('aws_api_gateway_resource').map(({ id, path_part }) => [id, `/${path_part}`]),
  );
  const guarded = (method: Attributes): boolean =>
    method.authorization !== 'NONE' || method.api_key_required === true;
  const open = methods
    .filter(each => !guarded(each))
    .map(each => `${each.http_method} ${resources.get(each.resource_id) ?? '/'}`);
  const expected = [
    'GET /{proxy+}',
    'HEAD /{proxy+}',
    'OPTIONS /{proxy+}',
    'OPTIONS /{proxy+}',
    ...paths.map(path => `ANY ${path}`),
  ];
  expect(open.sort()).toEqual(expected.sort());
}

describeTerraform('sign-in with another provider', () => {
  const ARN = `arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:entra-Ab12Cd`;

  test('takes its client, whose secret stays where it is', async () => {
    const variables = [
      'auth=oauth',
      `sign_in={issuer="https://login.microsoftonline.com/tenant/v2.0",client_id="client",client_secret_arn="${ARN}",scopes=["openid","email"],allowed_subjects=["a","b"]}`,
    ];
    await deployment.apply(...variables);
    expect(await deployment.pending(...variables)).toBe(0);
    expect(settings()).toEqual({
      MCP_AUTH: 'oauth',
      MCP_OAUTH_PROXY: 'on',
      MCP_OAUTH_ISSUER: 'https://login.microsoftonline.com/tenant/v2.0',
      MCP_OAUTH_CLIENT_ID: 'client',
      MCP_OAUTH_CLIENT_SECRET: `secretsmanager:${ARN}`,
      MCP_OAUTH_PROVIDER_SCOPES: 'openid,email',
      MCP_OAUTH_ALLOWED_SUBJECTS: 'a,b',
      MCP_SECRET: `ssm:${SECRET}`,
      MCP_TABLE: 'mcp-store',
    });
    expect(grants('mcp-eu-west-1')['secretsmanager:GetSecretValue']).toEqual([ARN]);
    expect(all('aws_cognito_user_pool')).toEqual([]);
    expect(await deployment.output('sign_in_redirect_url')).toMatch(/\.on\.aws\/callback$/);
    await deployment.destroy(...variables);
    expect(terraform.account.inventory()).toEqual([]);
  });

  test('a public client has no secret, and switching to Cognito is one apply', async () => {
    const keycloak = ['auth=oauth', 'sign_in={issuer="https://id.example.com/realms/main",client_id="mcp"}'];
    await deployment.apply(...keycloak);
    expect(settings().MCP_OAUTH_CLIENT_SECRET).toBe('');
    expect(Object.keys(grants('mcp-eu-west-1'))).not.toContain('secretsmanager:GetSecretValue');
    const before = secret();
    await deployment.apply(...COGNITO);
    expect(settings().MCP_OAUTH_CLIENT_ID).toBe('ssm:/mcp-on-lambda/mcp/client-id');
    expect(secret()).toBe(before);
    await deployment.destroy(...COGNITO);
    expect(terraform.account.inventory()).toEqual([]);
  });
});

describe('the paths of terraform/sign-in.tf', () => {
  test('are those that the app serves without credentials', () => {
    const text = readFileSync(new URL('../../../terraform/sign-in.tf', import.meta.url), 'utf8');
    const [, always = '', registered = ''] =
      /concat\(\s*(\[[^\]]*\]),\s*var\.sign_in\.registration \? (\[[^\]]*\])/.exec(text) ?? [];
    const env = { MCP_OAUTH_PROXY: 'on', MCP_OAUTH_REGISTRATION: 'on' };
    expect([...JSON.parse(always), ...JSON.parse(registered)]).toEqual(openSignInPaths(env));
    expect(JSON.parse(always)).toEqual(openSignInPaths({ ...env, MCP_OAUTH_REGISTRATION: 'off' }));
  });
});
