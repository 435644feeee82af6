/**
 * The AWS services that the function may call locally: the Invoke API, to invoke itself, and DynamoDB. One listener on loopback
 * serves both. It accepts only requests that the function's credentials have signed.
 *
 * The function finds them by AWS's own variables. A variable that is already set takes precedence: that service is elsewhere.
 * https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
 */
import { randomBytes, randomUUID } from 'node:crypto';
import type { HttpBindings } from '@hono/node-server';
import type { Hono } from 'hono';
import { isRefused } from '../endpoints/authorization.ts';
import { createIamAuth, type TestCredential } from '../endpoints/iam-auth.ts';
import { RequestTooLarge, readRequest } from '../endpoints/request.ts';
import type { EventQueue } from '../event-queue.ts';
import { createInvokeApi } from '../invoke-api.ts';
import { type LocalFunction, newTraceId } from '../local-function.ts';
import { foreignRequest } from '../loopback-guard.ts';
import { ACCOUNT } from '../options.ts';
import type { DynamoDb, Table } from './dynamodb.ts';

/** DynamoDB's limit of a request, in bytes: 16 MB. */
const MAX_REQUEST = 16 * 1024 * 1024;

/** Returns the credentials of the function's role: those in its environment, or random ones. */
export function roleOf(env: NodeJS.ProcessEnv): TestCredential {
  const { AWS_ACCESS_KEY_ID: given, AWS_SECRET_ACCESS_KEY: secret } = env;
  const own = given && secret ? { accessKeyId: given, secretAccessKey: secret } : madeUp();
  return { ...own, userArn: `arn:aws:sts::${ACCOUNT}:assumed-role/local/local` };
}

function madeUp(): Pick<TestCredential, 'accessKeyId' | 'secretAccessKey'> {
  return {
    accessKeyId: `ASIA${randomBytes(8).toString('hex').toUpperCase()}`,
    secretAccessKey: randomBytes(30).toString('base64'),
  };
}

/** Returns variables for the function's process, which do not replace variables that it already has. */
export function servicesEnvironment(url: string, role: TestCredential, tables: readonly Table[]) {
  return {
    AWS_ACCESS_KEY_ID: role.accessKeyId,
    AWS_SECRET_ACCESS_KEY: role.secretAccessKey,
    AWS_ENDPOINT_URL_LAMBDA: url,
    ...(tables.length > 0 && { AWS_ENDPOINT_URL_DYNAMODB: url }),
  };
}

export interface ServicesOptions {
  fn: LocalFunction;
  queue: EventQueue;
  region: string;
  role: TestCredential;
  tables: readonly Table[];
}

/** Adds the services to `app`. */
export async function addServices(
  app: Hono<{ Bindings: HttpBindings }>,
  { fn, queue, region, role, tables }: ServicesOptions,
): Promise<void> {
  const credentials = [role];
  if (tables.length > 0) {
    const { createDynamoDb } = await import('./dynamodb.ts');
    const dynamoDb = await createDynamoDb(tables);
    const authorize = createIamAuth({ credentials, region, service: 'dynamodb' });
    app.post('/', c => serveDynamoDb(dynamoDb, authorize, c.env.incoming));
  }
  app.route(
    '/',
    createInvokeApi(fn, { queue, authorize: createIamAuth({ credentials, region, service: 'lambda' }) }),
  );
}

async function serveDynamoDb(
  dynamoDb: DynamoDb,
  authorize: ReturnType<typeof createIamAuth>,
  incoming: HttpBindings['incoming'],
): Promise<Response> {
  const { headers } = incoming;
  const foreign = foreignRequest(headers);
  if (foreign !== undefined) return refuse(403, 'AccessDeniedException', foreign);
  const ids = { requestId: randomUUID(), traceId: newTraceId() };
  try {
    const message = incoming as Parameters<typeof readRequest>[0];
    const request = await readRequest(message, ids, MAX_REQUEST);
    if (isRefused(await authorize(request)))
      return refuse(
        400,
        'UnrecognizedClientException',
        'The security token included in the request is invalid.',
      );
    return await dynamoDb(Object.fromEntries(request.headers), request.body);
  } catch (error) {
    if (!(error instanceof RequestTooLarge)) throw error;
    return refuse(413, 'RequestTooLarge', `A request must have at most ${MAX_REQUEST} bytes.`);
  }
}

function refuse(status: number, type: string, message: string): Response {
  return Response.json({ __type: `com.amazon.coral.service#${type}`, message }, { status });
}
