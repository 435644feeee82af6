/**
 * Tests of a function with tenant isolation that run on several platforms: the local Lambda (tenants.test.ts) and AWS's own
 * runtime core (test/framework/foreign).
 */
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { tenantId } from '../../../../app/framework/auth/tenant.ts';
import { startDynamoDb, type TestDynamoDb } from '../../../helpers/dynamodb.ts';
import { modernHeaders, modernRequest } from '../../../helpers/json-rpc.ts';

/** A function that runs test/fixtures/tenant-app.ts. */
export interface TenantTarget {
  /** Invokes the function with an event, in a tenant. Returns the body of the response, which for HTTP begins with the prelude. */
  invoke(event: object, tenant: string): Promise<string>;
  /** Waits until the output of the function matches `pattern`. Returns the output. */
  printed(pattern: RegExp): Promise<unknown>;
  close(): Promise<void>;
}

const ALICE = tenantId('https://issuer.example', 'alice');
const BOB = tenantId('https://issuer.example', 'bob');
const CREDENTIALS = { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'not-checked-there' };
const TASKS = {
  'io.modelcontextprotocol/clientCapabilities': { extensions: { 'io.modelcontextprotocol/tasks': {} } },
};

/** Defines the tests. `start` starts a function with these environment variables. */
export function describeTenants(start: (env: Record<string, string>) => Promise<TenantTarget>): void {
  let dynamo: TestDynamoDb;
  let lambdaApi: Server;
  let target: TenantTarget;
  /** The requests by which the function invoked itself. */
  const invocations: { headers: IncomingHttpHeaders; event: object }[] = [];

  beforeAll(async () => {
    dynamo = await startDynamoDb('tasks');
    lambdaApi = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk);
      invocations.push({ headers: request.headers, event: JSON.parse(Buffer.concat(chunks).toString()) });
      response.writeHead(202).end();
    }).listen(0, '127.0.0.1');
    await once(lambdaApi, 'listening');
    target = await start({
      MCP_AUTH: 'authorizer',
      MCP_ISOLATION: 'per-caller',
      MCP_TABLE: 'tasks',
      AWS_ENDPOINT_URL_DYNAMODB: dynamo.endpoint,
      AWS_ENDPOINT_URL_LAMBDA: `http://127.0.0.1:${(lambdaApi.address() as AddressInfo).port}`,
      AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
      AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
    });
  });
  afterAll(async () => {
    await target?.close();
    await dynamo?.close();
    lambdaApi?.close();
  });

  test('a tool gets the tenant, and the log line has the beginning of the tenant ID', async () => {
    expect(await target.invoke(call(ALICE, '/mcp'), ALICE)).toContain(`tenant ${ALICE}`);
    await target.printed(new RegExp(`"type":"request"[^\\n]*"tenant":"${ALICE.slice(0, 12)}"`));
  });

  test('a request that the authorizer allowed for another tenant is denied', async () => {
    const response = await target.invoke(call(BOB, '/mcp'), ALICE);
    expect(response).toContain('"statusCode":403');
    expect(response).not.toContain(`tenant ${BOB}`);
  });

  test('a task invokes the function in the tenant of its creator, and runs in no other', async () => {
    const created = await target.invoke(call(ALICE, '/long', TASKS), ALICE);
    const [, taskId = ''] = /"taskId":"([^"]+)"/.exec(created) ?? [];
    const [invocation] = invocations as [(typeof invocations)[number]];
    expect(invocation.headers).toMatchObject({
      'x-amz-tenant-id': ALICE,
      'x-amz-invocation-type': 'Event',
      authorization: expect.stringContaining('x-amz-tenant-id'),
    });
    const stateOf = () => target.invoke(call(ALICE, '/long', TASKS, 'tasks/get', { taskId }), ALICE);
    expect(await target.invoke(invocation.event, BOB)).toContain('belong to different callers');
    expect(await stateOf()).toContain('"status":"working"');
    await target.invoke(invocation.event, ALICE);
    expect(await stateOf()).toMatch(new RegExp(`"status":"completed".*tenant ${ALICE}`));
    expect(invocations).toHaveLength(1);
  });
}

/** The event of a REST API whose authorizer has returned `tenant`. */
function call(
  tenant: string,
  path: string,
  _meta: object = {},
  method = 'tools/call',
  params: Record<string, unknown> = { name: 'who', arguments: {} },
): object {
  const { taskId } = params;
  return {
    httpMethod: 'POST',
    path,
    headers: {
      host: 'mcp.example',
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...modernHeaders(method, params),
      ...(typeof taskId === 'string' && { 'mcp-name': taskId }),
    },
    requestContext: {
      domainName: 'mcp.example',
      path: `/live${path}`,
      authorizer: { principalId: 'someone', client_id: 'agent', sub: 'the-subject', tenant },
    },
    body: JSON.stringify(modernRequest(method, { ...params, _meta })),
  };
}
