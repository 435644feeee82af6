/** The tenant of an invocation under the local Lambda. */
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { startFunction } from '../../../helpers/local-lambda.ts';
import { describeTenants } from './tenants.ts';

const ARGS = [
  ...['--isolation', 'per-caller', '--endpoint', 'rest-api', '--authorizer', 'tenant-functions.authorize'],
  ...['--invoke-port', '0', '--init-timeout', '30'],
];

describeTenants(async env => {
  const lambda = await startFunction('stream', { args: ARGS, env }, 'tenant-app');
  const credentials = { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'not-checked-there' };
  const client = new LambdaClient({
    endpoint: lambda.invokeUrl,
    region: 'us-east-1',
    credentials,
    maxAttempts: 1,
  });
  return {
    async invoke(event, TenantId) {
      const input = { FunctionName: 'local', TenantId, Payload: JSON.stringify(event) };
      return Buffer.from((await client.send(new InvokeCommand(input))).Payload ?? []).toString();
    },
    printed: pattern => lambda.printed(pattern),
    async close() {
      client.destroy();
      await lambda.close();
    },
  };
});
