/** The listeners of the local Lambda serve the function and the developer's AWS client, but no other program and no web page. */
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { foreignRequest } from '../../../../app/framework/local-lambda/loopback-guard.ts';
import { closeAll } from '../../../helpers/close-all.ts';
import { type RunningLambda, startFunction } from '../../../helpers/local-lambda.ts';

interface Received {
  status: number;
  body: string;
}

function send(url: string, method: string, headers: Record<string, string>, body = ''): Promise<Received> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { method, headers }, response => {
      let text = '';
      response.setEncoding('utf8').on('data', chunk => {
        text += chunk;
      });
      response.once('end', () => resolve({ status: response.statusCode ?? 0, body: text }));
    });
    outgoing.once('error', reject).end(body);
  });
}

test.each<[string, Record<string, string>, boolean]>([
  ['127.0.0.1 with a port', { host: '127.0.0.1:9001' }, true],
  ['localhost', { host: 'LOCALHOST' }, true],
  ['IPv6 loopback', { host: '[::1]:9001' }, true],
  ['a container address', { host: '172.17.0.2:9001' }, true],
  ['Node’s fetch', { host: '127.0.0.1:1', 'sec-fetch-mode': 'cors' }, true],
  ['no host', {}, false],
  ['a rebound name', { host: 'attacker.example:9001' }, false],
  ['a name that begins like an address', { host: '127.0.0.1.attacker.example' }, false],
  ['an Origin header', { host: '127.0.0.1:1', origin: 'http://127.0.0.1:1' }, false],
  ['an opaque Origin header', { host: '127.0.0.1:1', origin: 'null' }, false],
  ['a navigation', { host: '127.0.0.1:1', 'sec-fetch-site': 'none' }, false],
  ['an image', { host: '127.0.0.1:1', 'sec-fetch-dest': 'image' }, false],
])('the loopback guard allows a request with %s: %s', (_what, headers, passes) => {
  expect(foreignRequest(headers) === undefined).toBe(passes);
});

describe.runIf(process.platform === 'linux')('the Runtime API of an environment', () => {
  let lambda: RunningLambda;
  let api: string;
  beforeAll(async () => {
    lambda = await startFunction('environment', { args: ['--invoke-port', '0'] });
    const env = (await (await fetch(lambda.url)).json()) as Record<string, string>;
    api = `http://${env.AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime`;
  });
  afterAll(() => closeAll(lambda));

  test.each([
    ['GET', 'invocation/next'],
    ['POST', 'invocation/any/response'],
    ['POST', 'invocation/any/error'],
    ['POST', 'init/error'],
    ['GET', 'restore/next'],
  ])('rejects %s %s of another process, and the function continues', async (method, path) => {
    const { status, body } = await send(`${api}/${path}`, method, {});
    expect([status, body]).toEqual([403, expect.stringContaining('Only the function itself')]);
    expect((await fetch(lambda.url)).status).toBe(200);
  });

  test('returns no event to another process that requests one during init', async () => {
    const stolen: string[] = [];
    await using slow = await startFunction('slowInit', { args: ['--init-timeout', '20'] }, 'slow-init');
    const listening = await slow.printed(/runtime api at (\S+)/);
    const thieves = Array.from({ length: 20 }, () =>
      send(`http://${listening[1]}/2018-06-01/runtime/invocation/next`, 'GET', {}).then(
        ({ status, body }) => {
          if (status === 200) stolen.push(body);
        },
      ),
    );
    const response = await fetch(slow.url, { headers: { authorization: 'Bearer victim' } });
    expect([response.status, await response.text()]).toEqual([200, '"served"']);
    await Promise.all(thieves);
    expect(stolen).toEqual([]);
  });
});

describe('the Invoke API', () => {
  let lambda: RunningLambda;
  beforeAll(async () => {
    lambda = await startFunction('environment', { args: ['--invoke-port', '0'] });
  });
  afterAll(() => closeAll(lambda));

  const invoke = (headers: Record<string, string>) =>
    send(`${lambda.invokeUrl}/2015-03-31/functions/local/invocations`, 'POST', headers, '{}');

  test('serves a client, and rejects web pages and rebound names', async () => {
    expect((await invoke({})).status).toBe(200);
    expect((await invoke({ origin: 'https://evil.example' })).status).toBe(403);
    expect((await invoke({ 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    expect((await invoke({ host: 'attacker.example' })).status).toBe(403);
  });
});
