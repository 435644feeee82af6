/** How many invocations a fresh client makes for one tool call: connect, call, close. Counted by the platform's log. */
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { type RunningLambda, startFunction } from '../../test/helpers/local-lambda.ts';
import type { Row } from './subjects.ts';

const SETTLED_MS = 500;
const MODES = { modern: { pin: '2026-07-28' }, legacy: 'legacy' } as const;

export async function invocationsPerCall({
  subject,
  era,
  files: [file = ''],
}: Row): Promise<number | undefined> {
  if (!era) return undefined;
  const [module = '', name = ''] = subject.handler.split('.');
  const mode = name === 'buffered' ? 'BUFFERED' : 'RESPONSE_STREAM';
  const args = ['--task-root', dirname(file), '--invoke-mode', mode];
  await using lambda = await startFunction(name, { args, env: { MCP_AUTH: 'none' } }, module);
  const client = new Client({ name: 'bench', version: '0' }, { versionNegotiation: { mode: MODES[era] } });
  await client.connect(new StreamableHTTPClientTransport(new URL(`${lambda.url}/mcp`)));
  await client.callTool({ name: 'lookup', arguments: { term: '' } }).catch(refusedArguments);
  await client.close();
  return started(lambda);
}

/** Some servers respond to arguments that fail the schema with an error of the protocol. */
function refusedArguments(error: Error): void {
  if (!/validation|invalid/i.test(error.message)) throw error;
}

/** Of the invocations that have begun, also those that the client did not wait for. */
async function started(lambda: RunningLambda): Promise<number> {
  await sleep(SETTLED_MS);
  return [...lambda.output().matchAll(/^START /gm)].length;
}
