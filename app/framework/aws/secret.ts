/**
 * Secrets of tools: `await secret('WEATHER_API_KEY')`. The environment variable of that name has the secret itself (locally, from
 * .env) or names it (`ssm:…`, `secretsmanager:…`, which Terraform's `secrets` sets), so that on AWS no secret is in the function's
 * configuration.
 */
import { createParameterReader, type ReadParameter } from './parameter.ts';

/** The secret is not set, or could not be read. The message is for the caller of a tool; the reason is in the log. */
export class SecretError extends Error {
  override readonly name = 'SecretError';
  readonly code = 'SECRET_UNAVAILABLE';
}

/** Creates {@link secret}. `env` is read on each call. */
export function createSecretReader(
  env: NodeJS.ProcessEnv = process.env,
  read: ReadParameter = createParameterReader(),
): (name: string) => Promise<string> {
  return async function secret(name) {
    const value = env[name];
    if (!value)
      throw new SecretError(
        `The secret ${name} is not set. On this machine, add the line ${name}=... to .env; on AWS, set secrets = { ${name} = "arn:..." } in terraform.tfvars.`,
      );
    try {
      return await read(value);
    } catch (error) {
      console.error(`The secret ${name} cannot be read.`, error);
      throw new SecretError(`The secret ${name} cannot be read. The log of the server has the reason.`);
    }
  };
}

let readSecret: ReturnType<typeof createSecretReader> | undefined;

/**
 * Returns a secret of your tools. It is read on first use and again after 5 minutes. Call it in a tool, not while a module is
 * loaded: the build loads modules without secrets. Rejects with SecretError.
 */
export function secret(name: string): Promise<string> {
  readSecret ??= createSecretReader();
  return readSecret(name);
}
