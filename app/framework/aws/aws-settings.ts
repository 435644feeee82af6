import { snapStartState } from '../snap-start.ts';

/**
 * Returns region, credentials and service endpoints from the environment variables that Lambda sets. AWS_ENDPOINT_URL… replaces
 * endpoints, for example in the local Lambda.
 */
export function awsSettings(env: NodeJS.ProcessEnv = process.env) {
  const { AWS_REGION: region = 'us-east-1', AWS_SESSION_TOKEN: sessionToken } = env;
  /**
   * Returns the endpoint of a service. `variable` is its name in AWS_ENDPOINT_URL_…, if that differs from its name in host names.
   */
  const endpoint = (service: string, variable = service.toUpperCase()): string =>
    env[`AWS_ENDPOINT_URL_${variable}`] ??
    env.AWS_ENDPOINT_URL ??
    `https://${service}.${region}.${domainOf(region)}`;
  return {
    region,
    credentials: snapStartState()?.credentials ?? {
      accessKeyId: env.AWS_ACCESS_KEY_ID ?? 'none',
      secretAccessKey: env.AWS_SECRET_ACCESS_KEY ?? 'none',
      ...(sessionToken && { sessionToken }),
    },
    endpoints: {
      dynamodb: endpoint('dynamodb'),
      lambda: endpoint('lambda'),
      secretsmanager: endpoint('secretsmanager', 'SECRETS_MANAGER'),
      ssm: endpoint('ssm'),
    },
  };
}

function domainOf(region: string): string {
  return region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
}
