/** The output of the local Lambda on a terminal: the log and the start message. */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CLIENTS } from '../../../helpers/clients.ts';
import { closeAll } from '../../../helpers/close-all.ts';
import { type FakeUpstream, startFakeUpstream } from '../../../helpers/fake-upstream.ts';
import { type RunningLambda, startApp } from '../../../helpers/local-lambda.ts';

let upstream: FakeUpstream;
let lambda: RunningLambda;
beforeAll(async () => {
  upstream = await startFakeUpstream();
  lambda = await startApp({ args: ['--log', 'requests'], env: { ...upstream.env, FORCE_COLOR: '1' } });
});
afterAll(() => closeAll(lambda, upstream));

const coloured = (code: number, text: string): string => `\\u001b\\[${code}m${text}\\u001b\\[39m`;

test('a successful call is printed as one green line without metrics', async () => {
  const client = await CLIENTS['SDK v2, modern'](lambda.url);
  await client.call('lookup', { term: 'tide' });
  await client.close();
  await lambda.printed(new RegExp(`tools/call lookup  ${coloured(32, 'ok')}  \\d+ ms .*/mcp [0-9a-f]{8}`));
  expect(lambda.output()).not.toMatch(/CloudWatchMetrics|START RequestId|REPORT RequestId/);
});

test('a call with a tool error is printed in red, and the log of its tool is readable', async () => {
  upstream.setFailing(true);
  const client = await CLIENTS['SDK v2, modern'](lambda.url);
  await client.call('lookup', { term: 'glacier' });
  await client.close();
  upstream.reset();
  await lambda.printed(new RegExp(`${coloured(33, 'WARN')} lookup: The upstream failed\\.`));
  await lambda.printed(new RegExp(`tools/call lookup  ${coloured(31, 'tool_error')}`));
});

test('the commands in the start message send the token if there is one', async () => {
  const token = 'a-token';
  const digest = createHash('sha256').update(token).digest('hex');
  await using guarded = await startApp({ env: { MCP_AUTH: 'token', MCP_TOKEN_SHA256: digest } });
  const [, curl = ''] = await guarded.printed(/curl {10}(curl [\s\S]*?)\n\n/);
  expect(guarded.output()).toMatch(/claude mcp add .*\/mcp --header "Authorization: Bearer \$MCP_TOKEN"\n/);
  expect(curl).toContain('-H "Authorization: Bearer $MCP_TOKEN"');
  expect(guarded.output()).not.toContain('MCP_AUTH is not set');
});
