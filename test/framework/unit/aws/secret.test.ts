/** secret(), which reads the secrets of tools. */
import { afterEach, beforeEach, describe, expect, type MockInstance, test, vi } from 'vitest';
import { AwsError } from '../../../../app/framework/aws/aws-client.ts';
import { createParameterReader } from '../../../../app/framework/aws/parameter.ts';
import { createSecretReader } from '../../../../app/framework/aws/secret.ts';
import { secret as publicSecret } from '../../../../app/framework/index.ts';

const PARAMETER = 'arn:aws:ssm:eu-west-1:123456789012:parameter/weather/key';
const SECRET = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:weather-Ab12Cd';

let calls: { service: string; target: string | undefined; input: unknown }[];
let now: number;
let error: MockInstance;
beforeEach(() => {
  calls = [];
  now = 0;
  error = vi.spyOn(console, 'error').mockImplementation(() => undefined);
});
afterEach(() => vi.restoreAllMocks());

const read = (responses: Record<string, object | Error>) =>
  createParameterReader(
    async (service, { headers, body }) => {
      calls.push({ service, target: headers['x-amz-target'], input: JSON.parse(body) });
      const response = responses[service];
      if (response === undefined || response instanceof Error) throw response ?? new Error('no response');
      return JSON.stringify(response);
    },
    () => now,
  );

describe('secret()', () => {
  test('returns the environment variable of that name, without a request', async () => {
    expect(await createSecretReader({ KEY: 'from .env' }, read({}))('KEY')).toBe('from .env');
    expect(calls).toEqual([]);
  });

  test('reads an SSM parameter by its ARN, decrypted, once in 5 minutes', async () => {
    const responses = { ssm: { Parameter: { Value: 'one' } } };
    const secret = createSecretReader({ KEY: `ssm:${PARAMETER}` }, read(responses));
    expect(await Promise.all([secret('KEY'), secret('KEY')])).toEqual(['one', 'one']);
    expect(calls).toEqual([
      { service: 'ssm', target: 'AmazonSSM.GetParameter', input: { Name: PARAMETER, WithDecryption: true } },
    ]);
    responses.ssm.Parameter.Value = 'two';
    now = 5 * 60_000 - 1;
    expect(await secret('KEY')).toBe('one');
    now += 1;
    expect(await secret('KEY')).toBe('two');
  });

  test('reads a secret of Secrets Manager by its ARN', async () => {
    const secret = createSecretReader(
      { KEY: `secretsmanager:${SECRET}` },
      read({ secretsmanager: { SecretString: 'one' } }),
    );
    expect(await secret('KEY')).toBe('one');
    expect(calls).toEqual([
      {
        service: 'secretsmanager',
        target: 'secretsmanager.GetSecretValue',
        input: { SecretId: SECRET },
      },
    ]);
  });

  test.each([{}, { KEY: '' }])('throws an error that says where to set a missing secret: %j', async env => {
    await expect(createSecretReader(env, read({}))('KEY')).rejects.toThrow(
      /^The secret KEY is not set\. .*KEY=\.\.\. to \.env; .*secrets = \{ KEY = "arn:\.\.\." \}/,
    );
  });

  test('logs why a secret cannot be read, and does not return the reason to the caller', async () => {
    const reason = new AwsError('AccessDeniedException', `role/mcp may not read ${PARAMETER}`);
    const secret = createSecretReader({ KEY: `ssm:${PARAMETER}` }, read({ ssm: reason }));
    const thrown = await secret('KEY').catch((each: unknown) => each);
    expect(thrown).toMatchObject({ name: 'SecretError', code: 'SECRET_UNAVAILABLE' });
    expect(JSON.stringify([(thrown as Error).message, (thrown as Error).cause])).not.toContain('role/mcp');
    expect(error).toHaveBeenCalledWith('The secret KEY cannot be read.', reason);
  });

  test('rejects a secret that has no text value', async () => {
    const secret = createSecretReader(
      { KEY: `secretsmanager:${SECRET}` },
      read({ secretsmanager: { SecretBinary: 'AAAA' } }),
    );
    await expect(secret('KEY')).rejects.toThrow('The secret KEY cannot be read.');
    expect(String(error.mock.calls[0]?.[1])).toContain('has no text (SecretString)');
  });

  test('is exported by the framework, and reads the environment when it is called', async () => {
    process.env.SECRET_OF_THE_TEST = 'set later';
    try {
      expect(await publicSecret('SECRET_OF_THE_TEST')).toBe('set later');
    } finally {
      delete process.env.SECRET_OF_THE_TEST;
    }
  });
});
