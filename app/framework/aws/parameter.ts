/**
 * Reads values that a setting names instead of holding them, so that a secret is in no environment variable: `ssm:NAME` is a
 * parameter of Systems Manager's Parameter Store (a String or SecureString), `secretsmanager:NAME` the text of a secret in
 * Secrets Manager; each by its name or ARN. Any other value is returned as it is.
 *
 * https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameter.html
 * https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html
 */
import { type CallAws, createAwsClient } from './aws-client.ts';

/** After this time, a value is read again, because it may have changed. */
const CACHE_MS = 5 * 60_000;

/** Prefix of a setting → how the value that it names is read. */
const SOURCES = { ssm: getParameter, secretsmanager: getSecretValue };
const REFERENCE = /^(ssm|secretsmanager):(.+)$/s;

export type ReadParameter = (value: string) => Promise<string>;

/** Creates the reader. It rejects with AwsError, or with an Error if there is no text at that name. */
export function createParameterReader(
  callAws: CallAws = createAwsClient(),
  now: () => number = Date.now,
): ReadParameter {
  const cache = new Map<string, { value: Promise<string>; until: number }>();

  return async function readParameter(value) {
    const [, source, name] = REFERENCE.exec(value) ?? [];
    if (source === undefined || name === undefined) return value;
    const cached = cache.get(value);
    if (cached && now() < cached.until) return cached.value;
    const read = SOURCES[source as keyof typeof SOURCES](callAws, name);
    cache.set(value, { value: read, until: now() + CACHE_MS });
    read.catch(() => cache.delete(value));
    return read;
  };
}

async function getParameter(callAws: CallAws, name: string): Promise<string> {
  const input = { Name: name, WithDecryption: true };
  const text = await callAws('ssm', request('AmazonSSM.GetParameter', input));
  const { Parameter } = JSON.parse(text) as { Parameter?: { Value?: unknown } };
  if (typeof Parameter?.Value !== 'string') throw new Error(`The SSM parameter ${name} has no value.`);
  return Parameter.Value;
}

async function getSecretValue(callAws: CallAws, name: string): Promise<string> {
  const text = await callAws('secretsmanager', request('secretsmanager.GetSecretValue', { SecretId: name }));
  const { SecretString } = JSON.parse(text) as { SecretString?: unknown };
  if (typeof SecretString !== 'string') throw new Error(`The secret ${name} has no text (SecretString).`);
  return SecretString;
}

function request(target: string, input: object) {
  const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': target };
  return { path: '/', headers, body: JSON.stringify(input) };
}
