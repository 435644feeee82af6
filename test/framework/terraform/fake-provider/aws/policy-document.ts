/** Policy documents: creates them as data.aws_iam_policy_document does, and evaluates them. */
import { type Attributes, isAttributes, type Value } from '../values.ts';

const KEYS = {
  Action: 'actions',
  NotAction: 'not_actions',
  Resource: 'resources',
  NotResource: 'not_resources',
};

export function policyDocument(config: Attributes): Attributes {
  const document = {
    Version: config.version ?? '2012-10-17',
    Statement: blocks(config.statement).map(statementOf),
  };
  return { json: JSON.stringify(document, null, 2), minified_json: JSON.stringify(document), id: '1' };
}

function statementOf(statement: Attributes): object {
  const lists = Object.entries(KEYS).map(([key, name]) => [key, oneOrAll(statement[name])] as const);
  const principals = principalsOf(statement.principals);
  const conditions = conditionsOf(statement.condition);
  return {
    ...(statement.sid ? { Sid: statement.sid } : {}),
    Effect: statement.effect ?? 'Allow',
    ...Object.fromEntries(lists.filter(([, value]) => value !== undefined)),
    ...(principals && { Principal: principals }),
    ...(conditions && { Condition: conditions }),
  };
}

function principalsOf(value: Value | undefined): object | undefined {
  const entries = blocks(value).map(
    ({ type, identifiers }) => [String(type), oneOrAll(identifiers)] as const,
  );
  return entries.length > 0 ? Object.fromEntries(entries) : undefined;
}

function conditionsOf(value: Value | undefined): object | undefined {
  const found: Record<string, Record<string, Value | undefined>> = {};
  for (const { test, variable, values } of blocks(value)) {
    found[String(test)] = { ...found[String(test)], [String(variable)]: oneOrAll(values) };
  }
  return Object.keys(found).length > 0 ? found : undefined;
}

function oneOrAll(value: Value | undefined): Value | undefined {
  if (!Array.isArray(value) || value.length === 0) return undefined;
  return value.length === 1 ? value[0] : [...value].sort();
}

function blocks(value: Value | undefined): Attributes[] {
  return Array.isArray(value) ? value.filter(isAttributes) : [];
}

interface Statement {
  Effect: 'Allow' | 'Deny';
  Action: string | string[];
  Resource?: string | string[];
  Principal?: '*' | Record<string, string | string[]>;
  Condition?: Record<string, Record<string, string | string[]>>;
}

/** A request, with the properties that the policies of this configuration check. */
export interface PolicyRequest {
  action: string;
  resource?: string;
  /** Service or ARN of the caller. */
  principal?: string;
  /** Values by condition key in lower case. */
  context?: Readonly<Record<string, string>>;
}

/** Returns whether a policy document allows a request. */
export function allows(document: string, request: PolicyRequest): boolean {
  const statements: Statement[] = document === '' ? [] : [JSON.parse(document).Statement].flat();
  const effects = statements.filter(each => applies(each, request)).map(({ Effect }) => Effect);
  return effects.includes('Allow') && !effects.includes('Deny');
}

function applies(
  { Action, Resource, Principal, Condition = {} }: Statement,
  request: PolicyRequest,
): boolean {
  const { action, resource, principal, context = {} } = request;
  const principals = Principal === '*' ? ['*'] : Object.values(Principal ?? {}).flat();
  return (
    matchesAny(Action, action) &&
    (resource === undefined || matchesAny(Resource ?? [], resource)) &&
    (principal === undefined || principals.includes('*') || principals.includes(principal)) &&
    Object.entries(Condition).every(([test, keys]) =>
      Object.entries(keys).every(([key, values]) => holds(test, context[key.toLowerCase()], values)),
    )
  );
}

function holds(test: string, value: string | undefined, expected: string | string[]): boolean {
  if (value === undefined) return false;
  if (test === 'StringLike' || test === 'ArnLike') return matchesAny(expected, value);
  if (test === 'StringEquals') return [expected].flat().includes(value);
  throw new Error(`The fake provider does not know the condition ${test}`);
}

function matchesAny(patterns: string | string[], value: string): boolean {
  return [patterns].flat().some(pattern => {
    const escaped = pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&');
    return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`, 'i').test(value);
  });
}
