/** data.aws_iam_policy_document: a document in JSON of statements in blocks. */
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
