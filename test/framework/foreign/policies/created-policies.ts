/** The policies that Terraform has created in an account of the fake provider, as AWS stores them. */
import type { Account } from '../../terraform/fake-provider/aws/account.ts';
import type { Attributes } from '../../terraform/fake-provider/values.ts';
import type { PolicyDocument, Statement } from './iam.ts';

/** Returns the policies of a role, by name. */
export function inlinePolicies(account: Account, role: string): Record<string, PolicyDocument> {
  const policies = account.all('aws_iam_role_policy').filter(each => each.role === role);
  return Object.fromEntries(policies.map(({ name, policy }) => [String(name), JSON.parse(String(policy))]));
}

export function trustPolicy(account: Account, role: string): PolicyDocument {
  const [found] = account.all('aws_iam_role').filter(({ name }) => name === role);
  if (!found) throw new Error(`There is no role ${role}.`);
  return JSON.parse(String(found.assume_role_policy));
}

export function repositoryPolicy(account: Account, repository: string): PolicyDocument {
  const [found] = account.all('aws_ecr_repository_policy').filter(each => each.repository === repository);
  if (!found) throw new Error(`The repository ${repository} has no policy.`);
  return JSON.parse(String(found.policy));
}

/** Returns the resource policy of a function's alias, which Lambda creates from the permissions. */
export function functionPolicy(account: Account, name: string, qualifier: string): PolicyDocument {
  const permissions = account
    .all('aws_lambda_permission')
    .filter(each => each.function_name === name && each.qualifier === qualifier);
  const resource = account.arn('lambda', `function:${name}:${qualifier}`);
  return { Version: '2012-10-17', Statement: permissions.map(each => statementOf(each, resource)) };
}

/** Returns the statement that Lambda creates from a permission: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html */
function statementOf(permission: Attributes, resource: string): Statement {
  const { principal, function_url_auth_type: urlAuth, invoked_via_function_url: viaUrl } = permission;
  const condition = {
    ...(permission.source_arn && { ArnLike: { 'aws:SourceArn': String(permission.source_arn) } }),
    ...(urlAuth && { StringEquals: { 'lambda:FunctionUrlAuthType': String(urlAuth) } }),
    ...(viaUrl === true && { Bool: { 'lambda:InvokedViaFunctionUrl': 'true' } }),
  };
  return {
    Sid: String(permission.statement_id),
    Effect: 'Allow',
    Principal: principalOf(String(principal)),
    Action: String(permission.action),
    Resource: resource,
    ...(Object.keys(condition).length > 0 && { Condition: condition }),
  };
}

function principalOf(principal: string): NonNullable<Statement['Principal']> {
  if (principal === '*') return '*';
  return principal.startsWith('arn:') ? { AWS: principal } : { Service: principal };
}
