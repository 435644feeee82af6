/**
 * Reads values that a setting names instead of holding them: `ssm:NAME` is the parameter NAME of Systems Manager's Parameter
 * Store (a String or SecureString, its name or ARN), so that a secret is in no environment variable. Any other value is
 * returned as it is.
 * https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameter.html
 */
import { type CallAws, createAwsClient } from './aws-client.ts';

/** A parameter that was changed is read again after this time. */
const CACHE_MS = 5 * 60_000;
const PREFIX = 'ssm:';

/** Whether a setting names a parameter. */
function namesParameter(value: string): boolean {
  return value.startsWith(PREFIX);
}

export type ReadParameter = (value: string) => Promise<string>;

/** Creates the reader. It rejects with AwsError, or with an Error if the parameter has no value. */
export function createParameterReader(
  callAws: CallAws = createAwsClient(),
  now: () => number = Date.now,
): ReadParameter {
  const cache = new Map<string, { value: Promise<string>; until: number }>();

  return async function readParameter(value) {
    if (!namesParameter(value)) return value;
    const cached = cache.get(value);
    if (cached && now() < cached.until) return cached.value;
    const read = getParameter(callAws, value.slice(PREFIX.length));
    cache.set(value, { value: read, until: now() + CACHE_MS });
    read.catch(() => cache.delete(value));
    return read;
  };
}

async function getParameter(callAws: CallAws, name: string): Promise<string> {
  const text = await callAws('ssm', {
    path: '/',
    headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'AmazonSSM.GetParameter' },
    body: JSON.stringify({ Name: name, WithDecryption: true }),
  });
  const { Parameter } = JSON.parse(text) as { Parameter?: { Value?: unknown } };
  if (typeof Parameter?.Value !== 'string') throw new Error(`The SSM parameter ${name} has no value.`);
  return Parameter.Value;
}
