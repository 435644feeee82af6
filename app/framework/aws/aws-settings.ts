import { snapStartState } from '../snap-start.ts';

/** What Lambda says of AWS, and where the local Lambda or a person has put services in their place. */
export function awsSettings(env: NodeJS.ProcessEnv = process.env) {
  const { AWS_REGION: region = 'us-east-1', AWS_SESSION_TOKEN: sessionToken } = env;
  const endpoint = (service: string): string =>
    env[`AWS_ENDPOINT_URL_${service.toUpperCase()}`] ??
    env.AWS_ENDPOINT_URL ??
    `https://${service}.${region}.${domainOf(region)}`;
  return {
    region,
    credentials: snapStartState()?.credentials ?? {
      accessKeyId: env.AWS_ACCESS_KEY_ID ?? 'none',
      secretAccessKey: env.AWS_SECRET_ACCESS_KEY ?? 'none',
      ...(sessionToken && { sessionToken }),
    },
    endpoints: { dynamodb: endpoint('dynamodb'), lambda: endpoint('lambda'), ssm: endpoint('ssm') },
  };
}

function domainOf(region: string): string {
  return region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
}
