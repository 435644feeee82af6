/**
 * Isolation of callers: many callers, each with its own token, use the same execution environments in parallel, on servers of every
 * kind, with failing and aborted calls. Every response contains only the mark of its own call.
 */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { closeAll } from '../../helpers/close-all.ts';
import { modernHeaders, modernRequest } from '../../helpers/json-rpc.ts';
import { type RunningLambda, startFunction } from '../../helpers/local-lambda.ts';
import { type Random, seeded } from '../../helpers/random.ts';
import { type SigningIssuer, startSigningIssuer } from '../../helpers/signing-issuer.ts';

const AUDIENCE = 'https://mcp.example/mcp';
const CALLERS = 12;
const CALLS = 30;

let issuer: SigningIssuer;
let lambda: RunningLambda;
beforeAll(async () => {
  issuer = await startSigningIssuer(AUDIENCE);
  const env = { MCP_AUTH: 'oauth', MCP_OAUTH_ISSUER: issuer.url, MCP_OAUTH_AUDIENCE: AUDIENCE };
  const args = ['--environments', '3', '--init-timeout', '20', '--timeout', '20'];
  lambda = await startFunction('stream', { args, env }, 'isolation-app');
});
afterAll(() => closeAll(lambda, issuer));

/** By kind of server: its route and tools, and whether the server gets the identity of the caller. */
const SERVERS = {
  mcp: { route: 'v2', tool: 'mark', fails: 'fail', identified: true },
  mcpV1: { route: 'v1', tool: 'mark', fails: 'fail', identified: true },
  mcpStdio: { route: 'stdio', tool: 'mark', fails: 'fail', identified: false },
  'mcpGateway, SDK v2': { route: 'all', tool: 'two_mark', fails: 'two_fail', identified: true },
  'mcpGateway, SDK v1': { route: 'all', tool: 'one_mark', fails: 'one_fail', identified: true },
  'mcpGateway, program': { route: 'all', tool: 'wild_mark', fails: 'wild_fail', identified: false },
} as const;
type Server = (typeof SERVERS)[keyof typeof SERVERS];

/** Makes the calls of one caller, in both eras, some with progress, failing or aborted. Returns the problems. */
async function call(server: Server, random: Random, subject: string, token: string): Promise<string[]> {
  const wrong: string[] = [];
  for (let at = 0; at < CALLS; at += 1) {
    const mark = `${subject}:${randomUUID()}`;
    const kind = random.of(['answer', 'answer', 'answer', 'progress', 'fail', 'aborted'] as const);
    const name = kind === 'fail' ? server.fails : server.tool;
    const params = {
      name,
      arguments: { mark, ms: random.int(0, 15) },
      ...(kind === 'progress' && { _meta: { progressToken: at } }),
    };
    const modern = random.of([true, false]);
    const body = modern
      ? modernRequest('tools/call', params, undefined, mark)
      : { jsonrpc: '2.0', id: mark, method: 'tools/call', params };
    const signal = kind === 'aborted' ? AbortSignal.timeout(random.int(1, 20)) : null;
    const response = await fetch(`${lambda.url}/${server.route}/mcp`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        authorization: `Bearer ${token}`,
        ...(modern && modernHeaders('tools/call', params)),
      },
      body: JSON.stringify(body),
      signal,
    }).then(
      async response => ({ status: response.status, text: await response.text() }),
      error => ({ status: 0, text: String(error) }),
    );
    const problem = problemOf(response, { mark, subject, kind, identified: server.identified });
    if (problem) wrong.push(`${kind}: ${problem}: ${response.status} ${response.text.slice(0, 400)}`);
  }
  return wrong;
}

function problemOf(
  { status, text }: { status: number; text: string },
  { mark, subject, kind, identified }: { mark: string; subject: string; kind: string; identified: boolean },
): string | undefined {
  const marks = [...text.matchAll(/caller-\d+:[0-9a-f-]{36}/g)].map(([found]) => found);
  if (marks.some(found => found !== mark)) return 'the mark of another call';
  const subjects = [...text.matchAll(/(?:subject|factory)\\":\\"(caller-\d+)\\"/g)].map(([, found]) => found);
  if (subjects.some(found => found !== subject)) return 'the server saw another caller';
  if (kind === 'aborted') return undefined;
  if (status !== 200) return 'no response';
  if (kind !== 'fail' && identified && subjects.length === 0) return 'the server saw no caller';
  return marks.length === 0 ? 'not the mark of the call' : undefined;
}

test.each(Object.entries(SERVERS))(
  'a parallel call of %s returns only the mark and the identity of its own caller',
  async (_kind, server) => {
    const seed = Date.now() % 1_000_000;
    const wrong = await Promise.all(
      Array.from({ length: CALLERS }, async (_, at) => {
        const subject = `caller-${at + 1}`;
        return call(server, seeded(seed + at), subject, await issuer.token({ sub: subject }));
      }),
    );
    expect(wrong.flat(), `seed ${seed}`).toEqual([]);
  },
);
