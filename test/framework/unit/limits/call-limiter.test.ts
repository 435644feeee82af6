/** Limits per caller, in DynamoDB and in memory. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { awsSettings } from '../../../../app/framework/aws/aws-settings.ts';
import { beginInvocation } from '../../../../app/framework/lambda/invocation.ts';
import {
  checkLimits,
  createCallLimiter,
  type LimiterOptions,
} from '../../../../app/framework/limits/call-limiter.ts';
import type {
  CallerLimits,
  CallLimiter,
  Invocation,
  LimitedRequest,
} from '../../../../app/framework/types.ts';
import { startDynamoDb, type TestDynamoDb } from '../../../helpers/dynamodb.ts';

const TABLE = 'mcp-store';
let dynamo: TestDynamoDb;
let endpoint: string;
let client: DynamoDBClient;

beforeAll(async () => {
  dynamo = await startDynamoDb(TABLE);
  ({ endpoint, client } = dynamo);
});
afterAll(() => dynamo?.close());

let errors: unknown[][];
let route: string;
let routes = 0;
beforeEach(() => {
  errors = [];
  routes += 1;
  route = `/${routes}/mcp`; // A separate route, so that the counters of other tests have no effect.
  vi.spyOn(console, 'error').mockImplementation((...parts) => void errors.push(parts));
  vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2026, 0, 1, 12, 0, 10) });
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

function urlOf(server: { address(): unknown }): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Creates the limiter of one execution environment. */
function environment(options: Partial<LimiterOptions> & { url?: string } = {}): CallLimiter {
  const { url = endpoint, ...others } = options;
  return createCallLimiter({
    table: TABLE,
    failureMode: 'deny',
    awsSettings: () => awsSettings({ AWS_ENDPOINT_URL_DYNAMODB: url }),
    ...others,
  });
}

const STORES = {
  table: () => environment(),
  memory: () => environment({ table: undefined }),
};

const message = (id: unknown = 1, method = 'tools/call') => ({ jsonrpc: '2.0', id, method });
const subject = (sub: string, iss = 'https://issuer.example', clientId = 'agent') => ({
  token: '',
  clientId,
  scopes: [],
  extra: { mode: 'oauth', subject: sub, claims: { iss } },
});
const ENDPOINT = {
  baseUrl: '',
  callerPath: '',
  domainName: undefined,
  identity: {},
  sourceAddress: '192.0.2.1',
  binaryBodies: true,
};

function limited(perCaller: CallerLimits, request: Partial<LimitedRequest> = {}): LimitedRequest {
  const context = undefined;
  const invocation = beginInvocation(undefined);
  return {
    limits: { perCaller },
    route,
    body: message(),
    caller: undefined,
    endpoint: ENDPOINT,
    invocation,
    context,
    ...request,
  };
}

async function end(invocation: Invocation | undefined): Promise<void> {
  invocation?.end();
  await invocation?.runEndTasks();
}

describe.each(Object.entries(STORES))('calls in a window, %s', (_name, create) => {
  const TWO = { calls: 2, seconds: 60 };

  test('a call over the limit is denied until the next window', async () => {
    const limit = create();
    for (const id of [1, 2]) expect(await limit(limited(TWO, { body: message(id) }))).toBeUndefined();
    const response = await limit(limited(TWO, { body: message('three') }));
    expect(response?.status).toBe(429);
    expect(response?.headers.get('retry-after')).toBe('50');
    expect(await response?.json()).toEqual({
      jsonrpc: '2.0',
      id: 'three',
      error: {
        code: -32000,
        message: 'Too many calls: each caller may make 2 in 60 s.',
        data: { retryAfterSeconds: 50 },
      },
    });
    vi.setSystemTime(Date.now() + 50_000);
    expect(await limit(limited(TWO))).toBeUndefined();
  });

  test('each route counts calls separately by issuer and subject, or by source address', async () => {
    const limit = create();
    const one = { calls: 1, seconds: 60 };
    const others: Partial<LimitedRequest>[] = [
      { caller: subject('ada') },
      { caller: subject('bob') },
      { caller: subject('ada', 'https://other.example') },
      { caller: { token: '', clientId: 'token-1234', scopes: [], extra: { mode: 'token' } } },
      {},
      { endpoint: { ...ENDPOINT, sourceAddress: '192.0.2.2' } },
      { endpoint: { ...ENDPOINT, sourceAddress: undefined } },
      { route: `${route}/other` },
    ];
    for (const request of others) expect(await limit(limited(one, request))).toBeUndefined();
    for (const request of others) expect((await limit(limited(one, request)))?.status).toBe(429);
    const elsewhere = { ...ENDPOINT, sourceAddress: '192.0.2.9' };
    const sameSubject = { caller: subject('ada', undefined, 'another client'), endpoint: elsewhere };
    expect((await limit(limited(one, sameSubject)))?.status).toBe(429);
  });

  test('each call of a batch is counted and denied separately', async () => {
    const limit = create();
    expect(await limit(limited(TWO))).toBeUndefined();
    const notification = { jsonrpc: '2.0', method: 'notifications/initialized' };
    const body = [message(1), notification, message(2, 'tools/list'), message(3, 'resources/read')];
    const response = await limit(limited(TWO, { body }));
    expect(response?.status).toBe(429);
    expect(await response?.json()).toMatchObject([{ id: 1 }, { id: 3 }]);
    // A denied request does not count.
    expect(await limit(limited(TWO))).toBeUndefined();
  });

  test.each([
    ['initialize', 1],
    ['ping', 1],
    ['server/discover', 1],
    ['tools/list', 1],
    ['resources/templates/list', 1],
    ['tasks/get', 1],
    ['notifications/cancelled', undefined],
    ['tools/call', undefined],
  ])('%s with id %s does not count as a call', async (method, id) => {
    const limit = create();
    for (let at = 0; at < 5; at += 1)
      expect(await limit(limited(TWO, { body: { jsonrpc: '2.0', id, method } }))).toBeUndefined();
  });

  test.each([
    'tools/call',
    'prompts/get',
    'resources/read',
    'completion/complete',
    'subscriptions/listen',
    'x/y',
  ])('%s counts as a call', async method => {
    const limit = create();
    for (const id of [1, 2]) expect(await limit(limited(TWO, { body: message(id, method) }))).toBeUndefined();
    expect((await limit(limited(TWO, { body: message(3, method) })))?.status).toBe(429);
  });
});

describe.each(Object.entries(STORES))('calls at the same time, %s', (_name, create) => {
  test('a lease is held until the invocation ends', async () => {
    const limit = create();
    const running = [limited({ parallel: 2 }), limited({ parallel: 2 })];
    for (const request of running) expect(await limit(request)).toBeUndefined();
    const response = await limit(limited({ parallel: 2 }, { body: message(7) }));
    expect(response?.status).toBe(429);
    expect(response?.headers.get('retry-after')).toBe('5');
    expect(await response?.json()).toMatchObject({ id: 7, error: { code: -32000 } });
    expect(await limit(limited({ parallel: 2 }, { caller: subject('ada') }))).toBeUndefined();
    await end(running[0]?.invocation);
    expect(await limit(limited({ parallel: 2 }))).toBeUndefined();
    expect((await limit(limited({ parallel: 2 })))?.status).toBe(429);
  });

  test('a denied request does not release leases of other requests', async () => {
    const limit = create();
    expect(await limit(limited({ parallel: 1 }))).toBeUndefined();
    const deniedRequest = limited({ parallel: 1 });
    expect((await limit(deniedRequest))?.status).toBe(429);
    await end(deniedRequest.invocation);
    expect((await limit(limited({ parallel: 1 })))?.status).toBe(429);
  });

  test('a lease of a killed environment expires with the time that its invocation had left', async () => {
    const limit = create();
    const context = { getRemainingTimeInMillis: () => 30_000 } as NonNullable<LimitedRequest['context']>;
    expect(await limit(limited({ parallel: 1 }, { context }))).toBeUndefined();
    vi.setSystemTime(Date.now() + 30_000);
    expect((await limit(limited({ parallel: 1 })))?.status).toBe(429);
    vi.setSystemTime(Date.now() + 1_500);
    expect(await limit(limited({ parallel: 1 }))).toBeUndefined();
  });

  test('of 20 parallel calls, exactly the allowed number runs', async () => {
    const limit = create();
    const requests = Array.from({ length: 20 }, () => limited({ parallel: 3 }));
    const responses = await Promise.all(requests.map(limit));
    expect(responses.filter(response => response === undefined)).toHaveLength(3);
    await Promise.all(requests.map(({ invocation }) => end(invocation)));
    const again = Array.from({ length: 3 }, () => limited({ parallel: 3 }));
    for (const request of again) expect(await limit(request)).toBeUndefined();
    expect(errors).toEqual([]);
  });

  test('a batch needs one lease per call', async () => {
    const limit = create();
    const body = [message(1), message(2)];
    expect(await limit(limited({ parallel: 3 }, { body }))).toBeUndefined();
    expect((await limit(limited({ parallel: 3 }, { body })))?.status).toBe(429);
    expect(await limit(limited({ parallel: 3 }))).toBeUndefined();
  });
});

describe('the table', () => {
  test('is shared by execution environments, unlike the counters in memory', async () => {
    const both = { calls: 1, seconds: 60, parallel: 1 };
    expect(await environment()(limited(both))).toBeUndefined();
    expect((await environment()(limited(both)))?.status).toBe(429);
    route += '/memory';
    for (const _ of [1, 2]) expect(await environment({ table: undefined })(limited(both))).toBeUndefined();
  });

  test('contains neither callers nor addresses, and its items expire', async () => {
    await environment()(limited({ calls: 1, seconds: 60, parallel: 1 }, { caller: subject('ada-lovelace') }));
    await environment()(limited({ calls: 1, seconds: 60, parallel: 1 }));
    const { Items = [] } = await client.send(new ScanCommand({ TableName: TABLE }));
    expect(Items.length).toBeGreaterThan(3);
    expect(JSON.stringify(Items)).not.toMatch(/ada-lovelace|issuer\.example|192\.0\.2/);
    for (const { expires } of Items) expect(Number(expires?.N)).toBeGreaterThan(Date.now() / 1000);
  });

  test.each(['deny', 'allow'] as const)(
    'that does not respond leads to the configured failure mode: %s',
    async failureMode => {
      const hanging: Server = createServer(() => undefined).listen(0, '127.0.0.1');
      await once(hanging, 'listening');
      const limit = environment({ failureMode, url: urlOf(hanging) });
      for (const perCaller of [{ calls: 9, seconds: 60 }, { parallel: 9 }]) {
        errors = [];
        const response = await limit(limited(perCaller));
        expect(response?.status).toBe(failureMode === 'deny' ? 503 : undefined);
        if (response) {
          expect(response.headers.get('retry-after')).toBe('5');
          expect(await response.json()).toMatchObject({ id: 1, error: { code: -32603 } });
        }
        expect(String(errors[0]?.[0])).toContain(`cannot be checked (${failureMode})`);
      }
      hanging.closeAllConnections();
      hanging.close();
    },
  );

  test.each(['deny', 'allow'] as const)(
    'that does not exist leads to the configured failure mode: %s',
    async failureMode => {
      const limit = environment({ failureMode, table: 'no-such-table' });
      const response = await limit(limited({ calls: 9, seconds: 60 }));
      expect(response?.status).toBe(failureMode === 'deny' ? 503 : undefined);
      if (response) expect(await response.text()).not.toContain('no-such-table');
    },
  );
});

test('outside Lambda, calls are counted in memory, and parallel calls are not limited', async () => {
  const limit = environment({ table: undefined });
  const request = () => limited({ calls: 2, seconds: 60, parallel: 1 }, { invocation: undefined });
  for (const _ of [1, 2]) expect(await limit(request())).toBeUndefined();
  expect((await limit(request()))?.status).toBe(429);
});

test('a limit out of range throws a TypeError that names the option', () => {
  const wrong: [CallerLimits, RegExp][] = [
    [{}, /limits nothing/],
    [{ calls: 1 }, /set together/],
    [{ seconds: 1, parallel: 1 }, /set together/],
    [{ calls: 0, seconds: 1 }, /calls must be a whole number from 1/],
    [{ calls: 1, seconds: 86_401 }, /seconds must be .* 86400, not 86401/],
    [{ parallel: 1.5 }, /parallel must be/],
  ];
  for (const [perCaller, error] of wrong) expect(() => checkLimits({ perCaller })).toThrow(error);
  for (const perCaller of [{ calls: 1, seconds: 1 }, { parallel: 1 }, { calls: 9, seconds: 60, parallel: 2 }])
    expect(() => checkLimits({ perCaller })).not.toThrow();
});
