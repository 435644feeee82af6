/** The request log, its metrics, the log of tools, and trace context, tested with real calls of the local Lambda. */

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AjvJsonSchemaValidator } from '@modelcontextprotocol/server/validators/ajv';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { modernHeaders, modernRequest } from '../../../helpers/json-rpc.ts';
import { DIST, ROOT, type RunningLambda, startFunction } from '../../../helpers/local-lambda.ts';
import { type Line, linesOf, sums } from './lines.ts';

const TOKEN = 'token-of-the-caller-1234567890';
const env = {
  MCP_AUTH: 'token',
  MCP_TOKEN_SHA256: createHash('sha256').update(TOKEN).digest('hex'),
};
const JSON_HEADERS = {
  'content-type': 'application/json',
  accept: 'application/json, text/event-stream',
  authorization: `Bearer ${TOKEN}`,
};
const start = (more: Record<string, string> = {}, args: readonly string[] = []): Promise<RunningLambda> =>
  startFunction('stream', { args: ['--timeout', '2', ...args], env: { ...env, ...more } }, 'request-log-app');

interface Call {
  tool?: string;
  text?: string;
  path?: string;
  meta?: object;
  headers?: Record<string, string>;
  era?: 'modern' | 'legacy';
}

async function call(lambda: RunningLambda, { tool = 'echo', text = '', path = '/mcp', ...more }: Call) {
  const { meta = {}, headers = {}, era = 'modern' } = more;
  const params = { name: tool, arguments: { text }, ...(Object.keys(meta).length > 0 && { _meta: meta }) };
  const modern = era === 'modern';
  const body = modern
    ? modernRequest('tools/call', params)
    : { jsonrpc: '2.0', id: 1, method: 'tools/call', params };
  const response = await fetch(`${lambda.url}${path}`, {
    method: 'POST',
    headers: { ...JSON_HEADERS, ...(modern && modernHeaders('tools/call', params)), ...headers },
    body: JSON.stringify(body),
  });
  return { status: response.status, text: await response.text() };
}

/** Waits for `count` lines of requests and returns them. The log may arrive after the response. */
async function requestLines(lambda: RunningLambda, count: number): Promise<Line[]> {
  const lines = (): Line[] => linesOf(lambda.output(), 'request');
  while (lines().length < count) await once(lambda.process, 'printed');
  return lines();
}

describe('the log line of a request', () => {
  let lambda: RunningLambda;
  let count = 0;
  beforeAll(async () => {
    lambda = await start();
  });
  afterAll(() => lambda?.close());

  /** Sends a request and returns its log line. */
  async function lineOf(request: Call | (() => Promise<unknown>)): Promise<Line> {
    await (typeof request === 'function' ? request() : call(lambda, request));
    count += 1;
    return (await requestLines(lambda, count)).at(-1) as Line;
  }

  test('has the IDs, the caller, the method, the tool and the outcome', async () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const line = await lineOf({ text: 'x', headers: { traceparent } });
    expect(line).toMatchObject({
      level: 'INFO',
      type: 'request',
      requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      traceId: '0af7651916cd43dd8448eb211c80319c',
      method: 'POST',
      path: '/mcp',
      mcpMethod: 'tools/call',
      tool: 'echo',
      revision: '2026-07-28',
      auth: 'token',
      status: 200,
      outcome: 'ok',
      cold: true,
      bytes: expect.any(Number),
      ms: expect.any(Number),
    });
    await lambda.printed(new RegExp(`END RequestId: ${line.requestId}`));
    expect(await lineOf({})).toMatchObject({ cold: false });
  });

  test.each([
    ['ok', { tool: 'about-errors' }],
    ['tool_error', { tool: 'fails' }],
    ['tool_error', { tool: 'throws' }],
    ['tool_error', { tool: 'fails', era: 'legacy' }],
    ['ok', { tool: 'echo', era: 'legacy' }],
    ['protocol_error', { tool: 'not-there' }],
    ['refused', { headers: { authorization: 'Bearer wrong' } }],
    ['protocol_error', { path: '/not-mounted' }],
    ['aborted', { tool: 'hangs' }],
    ['aborted', { tool: 'hangs', era: 'legacy' }],
  ] as const satisfies readonly (readonly [string, Call])[])(
    'has the outcome %s for %j',
    async (outcome, request) => {
      expect(await lineOf(request)).toMatchObject({ outcome });
    },
  );

  test('has the outcome failed for an exception of a route', async () => {
    expect(await lineOf(() => fetch(`${lambda.url}/fault`))).toMatchObject({
      outcome: 'failed',
      level: 'ERROR',
      status: 500,
      path: '/fault',
    });
  });

  test('has "(other)" instead of a tool, path or method that the server does not know', async () => {
    const planted = 'planted';
    const unknown = await lineOf({ tool: planted, path: '/mcp', headers: { 'mcp-name': planted } });
    expect(unknown.tool).toBe('(other)');
    expect((await lineOf({ path: `/${planted}` })).path).toBe('(other)');
    const body = JSON.stringify(modernRequest(planted));
    const asked = () => fetch(`${lambda.url}/mcp`, { method: 'POST', headers: JSON_HEADERS, body });
    expect((await lineOf(asked)).mcpMethod).toBe('(other)');
    expect(JSON.stringify(linesOf(lambda.output()))).not.toContain(planted);
  });

  test('has the tool name of a server without a tool list after a successful call', async () => {
    expect((await lineOf({ tool: 'invented', path: '/unobserved' })).tool).toBe('(other)');
    expect((await lineOf({ tool: 'there', path: '/unobserved' })).tool).toBe('there');
  });

  test('has the same IDs as log(), and traceHeaders() prefers the trace context in _meta over the header', async () => {
    const of = (digit: string): string => `00-${digit.repeat(32)}-${digit.repeat(16)}-01`;
    let text = '';
    const line = await lineOf(async () => {
      const meta = { traceparent: of('a'), tracestate: 'vendor=1' };
      text = (await call(lambda, { tool: 'logs', meta, headers: { traceparent: of('b') } })).text;
    });
    const logged = linesOf(lambda.output(), 'log');
    expect(logged).toHaveLength(1);
    expect(logged[0]).toMatchObject({
      level: 'WARN',
      message: 'looked up',
      tool: 'logs',
      requestId: line.requestId,
      traceId: 'a'.repeat(32),
      data: expect.stringContaining('not representable'),
    });
    expect(line.traceId).toBe('a'.repeat(32));
    const { result } = JSON.parse(text) as { result: { content: { text: string }[] } };
    expect(JSON.parse(result.content[0]?.text ?? '')).toEqual({
      traceparent: of('a'),
      tracestate: 'vendor=1',
    });
  });

  test('has the trace ID of X-Ray if there is no valid traceparent', async () => {
    const line = await lineOf({ headers: { traceparent: `00-${'0'.repeat(32)}-${'1'.repeat(16)}-01` } });
    expect(line.traceId).toMatch(/^[1-9a-f][0-9a-f]{31}$/);
  });
});

describe('the log lines of 1,000 calls of all kinds', () => {
  const KINDS: readonly (readonly [number, Call])[] = [
    [500, { tool: 'echo', text: 'x' }],
    [150, { tool: 'stream', era: 'legacy', meta: { progressToken: 7 } }],
    [120, { tool: 'fails' }],
    [60, { tool: 'throws', era: 'legacy' }],
    [80, { tool: 'invented' }],
    [90, { headers: { authorization: 'Bearer wrong' } }],
  ];
  let lambda: RunningLambda;
  let lines: Line[] = [];
  let streamed = 0;
  beforeAll(async () => {
    lambda = await start({}, ['--metrics', 'on', '--environments', '2']);
    const calls = KINDS.flatMap(([count, request]) => Array.from({ length: count }, () => request));
    const next = calls[Symbol.iterator]();
    const work = async (): Promise<void> => {
      for (const request of next) {
        const { text, status } = await call(lambda, request);
        if (text.includes('data:') && status === 200) streamed += Buffer.byteLength(text);
      }
    };
    await Promise.all(Array.from({ length: 4 }, work));
    lines = await requestLines(lambda, 1_000);
    await lambda.close();
  });

  test('are valid according to AWS’s schema of the embedded metric format', () => {
    expect(lines).toHaveLength(1_000);
    const schema = JSON.parse(
      readFileSync(join(ROOT, 'test/framework/unit/telemetry/emf-schema.json'), 'utf8'),
    );
    const validate = new AjvJsonSchemaValidator().getValidator(schema);
    for (const line of lines) {
      expect(validate(line)).toMatchObject({ valid: true });
      for (const { Dimensions, Metrics } of line._aws?.CloudWatchMetrics ?? []) {
        for (const name of Dimensions.flat()) expect(line[name]).toMatch(/^[\x20-\x7e]{1,1024}$/);
        for (const { Name } of Metrics) expect(line[Name]).toEqual(expect.any(Number));
      }
    }
    expect(validate({ ...lines[0], _aws: { Timestamp: 'now', CloudWatchMetrics: [] } })).toMatchObject({
      valid: false,
    });
  });

  test('are, with Lambda’s own lines, shorter than the size in terraform/modules/observability/cost.tf', () => {
    const cost = readFileSync(join(ROOT, 'terraform/modules/observability/cost.tf'), 'utf8');
    const assumed = Number(/log_bytes = (\d+)/.exec(cost)?.[1]);
    const lambdasOwn = 700; // platform.start and platform.report, and 26 bytes that are charged for each line
    const longest = Math.max(...lines.map(line => Buffer.byteLength(JSON.stringify(line))));
    expect(longest + lambdasOwn).toBeLessThan(assumed);
  });

  test('have metrics whose sums match the calls', () => {
    const totals = sums(lines);
    expect(totals).toMatchObject({
      Calls: 1_000,
      Errors: 180,
      ProtocolErrors: 80,
      Refusals: 90,
      StreamedBytes: streamed,
      'Calls echo': 500,
      'Calls stream': 150,
      'Calls fails': 120,
      'Errors fails': 120,
      'Errors throws': 60,
      'Calls (other)': 80,
    });
    const environments = lines.filter(({ cold }) => cold).length;
    expect(totals.ColdStarts).toBe(environments);
    expect(environments).toBeGreaterThan(0);
    expect(totals).not.toHaveProperty('Aborted');
  });

  test('have the same metrics as the table of --metrics', () => {
    const table = lambda.output().slice(lambda.output().indexOf('metric '));
    const sumOf = (name: string): number =>
      Number(
        new RegExp(`^McpOnLambda local ${RegExp.escape(name)} +\\w+ +\\d+ +([\\d.]+)`, 'm').exec(table)?.[1],
      );
    const totals = sums(lines);
    expect(Object.keys(totals).length).toBeGreaterThan(15);
    for (const [key, sum] of Object.entries(totals)) {
      const [metric, tool] = key.split(' ');
      expect(sumOf(tool ? `${tool} ${metric}` : `${metric}`), key).toBe(sum);
    }
  });
});

test('a secret in any part of a request is not logged, except in the message of a tool’s own exception', async () => {
  const secret = 'Zx9-planted-secret-4711';
  await using lambda = await start();
  const headers = { 'x-api-key': secret, cookie: `a=${secret}`, 'mcp-name': secret, tracestate: secret };
  const wrong = { ...headers, authorization: `Bearer ${secret}` };
  const requests: Call[] = [
    { tool: 'echo', text: secret, headers: { 'x-api-key': secret, cookie: secret, traceparent: secret } },
    { tool: 'fails', text: secret, era: 'legacy', meta: { secret } },
    { tool: 'throws', text: secret },
    { tool: 'logs', text: secret },
    { tool: secret },
    { tool: secret, path: '/unobserved' },
    { headers: wrong },
    { path: `/mcp?key=${secret}` },
    { headers: { ...headers } },
    { headers: { 'mcp-protocol-version': secret } },
    { headers: { origin: `https://${secret}.example` } },
  ];
  for (const request of requests) await call(lambda, request);
  const raw = { method: 'POST', headers: JSON_HEADERS, body: `{"secret":"${secret}"` };
  await fetch(`${lambda.url}/mcp`, raw);
  const lines = await requestLines(lambda, requests.length + 1);
  expect(lines.length).toBe(requests.length + 1);
  expect(JSON.stringify(linesOf(lambda.output()))).not.toContain(secret);
  // Leaves out the request lines that the local Lambda prints for the developer, which do not exist on AWS.
  const printed = lambda
    .output()
    .split('\n')
    .filter(text => !/^(POST|GET) /.test(text));
  const leaked = printed.filter(text => text.includes(secret) && !text.includes('mcp: a tool failed'));
  expect(leaked).toEqual([]);
  expect(lambda.output()).not.toContain(TOKEN);
});

test('MCP_LOG_PAYLOADS logs arguments and results, shortened and with secrets masked', async () => {
  await using lambda = await start({ MCP_LOG_PAYLOADS: 'on' });
  await call(lambda, {
    text: `about Bearer abcdef0123456789 ${'long '.repeat(2_000)}`,
    meta: { apiKey: 'k-1' },
  });
  const [line] = await requestLines(lambda, 1);
  expect(line?.params).toContain('about [masked]');
  expect(line?.params).toContain('"apiKey":"[masked]"');
  expect(line?.result).toContain('about [masked]');
  for (const text of [line?.params, line?.result]) expect(String(text).length).toBeLessThan(2_100);
});

test('MCP_METRICS=off removes the metrics from the log line; MCP_LOG_LEVEL applies to log() only', async () => {
  await using lambda = await start({ MCP_METRICS: 'off', MCP_LOG_LEVEL: 'error' });
  await call(lambda, { tool: 'logs' });
  const [line] = await requestLines(lambda, 1);
  expect(line).toMatchObject({ tool: 'logs', outcome: 'ok' });
  expect(line).not.toHaveProperty('_aws');
  expect(linesOf(lambda.output(), 'log')).toEqual([]);
});

test('the build contains no OpenTelemetry if it is not used', () => {
  const files = globSync('*.{mjs,cjs}', { cwd: DIST });
  expect(files.length).toBeGreaterThan(3);
  for (const file of files)
    expect(readFileSync(join(DIST, file), 'utf8'), file).not.toMatch(/opentelemetry/i);
});
