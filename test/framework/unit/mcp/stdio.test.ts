/** A program behind `mcpStdio`: its start and end, its environment variables, and its messages to the caller. */
import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { Hono } from 'hono';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mcpStdio } from '../../../../app/framework/mcp/mcp-stdio.ts';
import { CLIENTS, type TestClient } from '../../../helpers/clients.ts';
import { closeAll } from '../../../helpers/close-all.ts';
import { modernHeaders, modernRequest } from '../../../helpers/json-rpc.ts';
import { type RunningLambda, startFunction } from '../../../helpers/local-lambda.ts';
import { childrenOf, commandOf, stateOf } from '../../../helpers/processes.ts';
import { describeWith, findProgram } from '../../../helpers/skipped-suites.ts';

const CREDENTIALS = {
  AWS_ACCESS_KEY_ID: 'AKIA',
  AWS_SECRET_ACCESS_KEY: 'secret',
  AWS_SESSION_TOKEN: 'token',
};

/** One execution environment only, so that all calls go to the same process unless it ends. */
let lambda: RunningLambda;
/** Several execution environments, because clients of the older revisions send two requests at the same time. */
let wide: RunningLambda;
let client: TestClient;
beforeAll(async () => {
  const env = { MCP_AUTH: 'none', ...CREDENTIALS };
  const args = ['--timeout', '5', '--init-timeout', '20'];
  [lambda, wide] = await Promise.all([
    startFunction(
      'stream',
      { env: { ...env, SERVERS: 'unruly' }, args: [...args, '--concurrency', '1'] },
      'servers-app',
    ),
    startFunction('stream', { env: { ...env, SERVERS: 'unruly,modern,shy,missing' }, args }, 'servers-app'),
  ]);
  client = await CLIENTS['SDK v2, modern'](`${lambda.url}/unruly`);
});
afterAll(() => closeAll(lambda, wide));

const pid = async (): Promise<number> => Number((await client.call('pid', {})).text);

test('the program of mcpStdio is started before the first request, and its stderr is logged', async () => {
  const output = lambda.output();
  expect(output).toMatch(/unruly is up/);
  expect(output.indexOf('unruly is up')).toBeLessThan(output.search(/^START /m));
});

test('the program of mcpStdio gets only the environment variables that its route names, without credentials and settings of the function', async () => {
  const env = JSON.parse((await client.call('env', {})).text);
  expect(env).toMatchObject({ GIVEN: 'yes', PATH: expect.any(String) });
  const allowed = ['GIVEN', 'HOME', 'LOGNAME', 'PATH', 'SHELL', 'TERM', 'TMPDIR', 'USER'];
  expect(Object.keys(env).filter(name => !allowed.includes(name))).toEqual([]);
});

test('200 warm calls go to the same process', async () => {
  const before = await pid();
  for (let call = 0; call < 200; call += 1) {
    expect((await client.call('echo', { value: `call ${call}` })).text).toBe(`call ${call}`);
  }
  expect(await pid()).toBe(before);
});

test.each(['die', 'SIGKILL'])(
  'a program that ends during a request (%s) leads to an error, and the next request gets a new process',
  async how => {
    const before = await pid();
    const doomed = how === 'die' ? client.call('die', {}) : client.call('dawdle', { steps: 30 });
    const rejected = expect(doomed).rejects.toMatchObject({
      code: -32603,
      message: expect.stringContaining('ended during this request'),
    });
    if (how === 'SIGKILL') setTimeout(() => process.kill(before, 'SIGKILL'), 500);
    await rejected;
    const after = await pid();
    expect(after).not.toBe(before);
    expect(stateOf(before)).toBeUndefined();
  },
);

test('at the deadline, the program gets a cancellation and the caller gets an error', async () => {
  await expect(client.call('dawdle', { steps: 200 })).rejects.toMatchObject({
    message: expect.stringMatching(/time/i),
  });
  // Lets the environment continue, which is frozen after a response.
  await client.call('dawdle', { steps: 5 });
  await lambda.printed(/dawdle was cancelled/);
});

test('a request of the program that needs a session with a client fails with a message that says so', async () => {
  for (const tool of ['ask', 'ask-anyway']) {
    expect((await client.call(tool, {})).text).toMatch(
      /requires a session with a client.*server is stateless/,
    );
  }
});

describe('log messages of the program, which name no request', () => {
  const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
  const TOKENS = { alice: 'a-token-of-alice-0123456789', bob: 'a-token-of-bob-0123456789' };
  const auth = { MCP_AUTH: 'token', MCP_TOKEN_SHA256: Object.values(TOKENS).map(sha256).join() };
  const start = (env: Record<string, string>) =>
    startFunction(
      'stream',
      { env: { ...env, SERVERS: 'unruly' }, args: ['--environments', '1', '--init-timeout', '20'] },
      'servers-app',
    );

  /** Connects a client of an older revision, which collects the log messages that it receives. */
  async function connectClient(url: string, token?: string) {
    const received: unknown[] = [];
    const client = new Client({ name: 'test', version: '1' });
    client.setNotificationHandler('notifications/message', ({ params }) => void received.push(params.data));
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const at = new URL(`${url}/unruly/mcp`);
    await client.connect(new StreamableHTTPClientTransport(at, { requestInit: { headers } }));
    const call = (name: string, args = {}) => client.callTool({ name, arguments: args });
    return { received, call, close: () => client.close() };
  }

  test('reach the only caller of the program, even if they are late', async () => {
    await using own = await start({ ...auth });
    const alice = await connectClient(own.url, TOKENS.alice);
    await alice.call('log');
    await expect.poll(() => alice.received).toEqual(['mind you']);
    await alice.call('log-late', { about: 'alice' });
    await alice.call('dawdle', { steps: 10 });
    expect(alice.received).toEqual(['mind you', 'late, about alice']);
    await alice.close();
  });

  test('never reach one of several callers, but are logged', async () => {
    await using shared = await start({ ...auth });
    const [alice, bob] = [
      await connectClient(shared.url, TOKENS.alice),
      await connectClient(shared.url, TOKENS.bob),
    ];
    await alice.call('log-late', { about: 'alice' });
    await bob.call('dawdle', { steps: 10 });
    await shared.printed(/late, about alice/);
    await bob.call('log');
    await alice.call('log');
    expect([alice.received, bob.received]).toEqual([[], []]);
    await Promise.all([alice.close(), bob.close()]);
  });

  test('never reach a caller after the first request if authentication is off', async () => {
    await using open = await start({ MCP_AUTH: 'none' });
    const [one, other] = [await connectClient(open.url), await connectClient(open.url)];
    await one.call('log');
    await expect.poll(() => one.received).toEqual(['mind you']);
    await one.call('log-late', { about: 'one' });
    await other.call('dawdle', { steps: 10 });
    await open.printed(/late, about one/);
    expect([one.received, other.received]).toEqual([['mind you'], []]);
    await Promise.all([one.close(), other.close()]);
  });
});

test.each(Object.entries(CLIENTS))(
  'a program of revision 2026-07-28 is served to %s',
  async (_name, connect) => {
    const modern = await connect(`${wide.url}/modern`);
    expect(await modern.call('greet', { name: 'you' })).toMatchObject({
      text: 'hello you',
      structured: { hello: 'you' },
    });
    await modern.close();
  },
);

describeWith(findProgram('python3'))('a server in Python', () => {
  test.each(Object.entries(CLIENTS))(
    'that exits on a request that it does not know is served to %s',
    async (_name, connect) => {
      const shy = await connect(`${wide.url}/shy`);
      expect(await shy.tools()).toEqual(['hide']);
      expect((await shy.call('hide', {})).text).toBe('hidden');
      await shy.close();
    },
  );
});

describe('a program that cannot be started', () => {
  test.each(Object.entries(CLIENTS))(
    'leads to an error for %s, with details only in the log',
    async (_name, connect) => {
      const missing = await connect(`${wide.url}/missing`);
      const error = await missing.tools().catch(error => error);
      expect(error.message).toContain('could not be started; the log of the function has the reason');
      expect(error.message).not.toContain('/nowhere');
      await missing.close();
      expect(wide.output()).toMatch(/could not start \["\/nowhere\/server"\].*ENOENT/);
    },
  );
});

test('the program of mcpStdio ends with the function', async () => {
  const args = ['--init-timeout', '20'];
  const env = { MCP_AUTH: 'none', SERVERS: 'unruly' };
  const other = await startFunction('stream', { env, args }, 'servers-app');
  const unruly = await CLIENTS['SDK v2, modern'](`${other.url}/unruly`);
  const child = Number((await unruly.call('pid', {})).text);
  expect(stateOf(child)).toBeDefined();
  await unruly.close();
  await other.close();
  // Its parent process has ended too, so it may be a zombie until it is reaped.
  await expect.poll(() => stateOf(child) ?? 'Z').toBe('Z');
});

test('a program that does not respond is ended before the init timeout of 10 s', async () => {
  const silent = { command: 'sleep', args: ['60'] };
  const app = new Hono().route('/mcp', mcpStdio(silent, { auth: 'none' }));
  const began = performance.now();
  const response = await app.request('/mcp', {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...modernHeaders('tools/list') },
    body: JSON.stringify(modernRequest('tools/list')),
  });
  expect(await response.text()).toContain('could not be started');
  expect(performance.now() - began).toBeLessThan(10_000);
  const left = childrenOf(process.pid).filter(
    pid => stateOf(pid) !== 'Z' && commandOf(pid).startsWith('sleep'),
  );
  expect(left).toEqual([]);
});

test('50 parallel requests share one process, and each gets its own response', async () => {
  const program = fileURLToPath(new URL('../../../fixtures/crashing-stdio-server.mjs', import.meta.url));
  const app = new Hono().route(
    '/mcp',
    mcpStdio({ command: process.execPath, args: [program], era: 'legacy' }, { auth: 'none' }),
  );
  const call = async (name: string, args: object = {}): Promise<string> => {
    const params = { name, arguments: args };
    const response = await app.request('/mcp', {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        ...modernHeaders('tools/call', params),
      },
      body: JSON.stringify(modernRequest('tools/call', params)),
    });
    const { result } = (await response.json()) as { result: { content: [{ text: string }] } };
    return result.content[0].text;
  };
  const values = Array.from({ length: 50 }, (_, at) => `value ${at}`);
  expect(await Promise.all(values.map(value => call('echo', { value })))).toEqual(values);
  const pids = new Set(await Promise.all(values.map(() => call('pid'))));
  expect(pids.size).toBe(1);
  process.kill(Number([...pids][0]));
});
