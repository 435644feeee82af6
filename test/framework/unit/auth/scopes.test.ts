/** Scopes of a route and of a tool, and the caller that a tool gets. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CLIENTS } from '../../../helpers/clients.ts';
import { closeAll } from '../../../helpers/close-all.ts';
import { modernHeaders, modernRequest } from '../../../helpers/json-rpc.ts';
import { type RunningLambda, startFunction } from '../../../helpers/local-lambda.ts';
import { type SigningIssuer, startSigningIssuer } from '../../../helpers/signing-issuer.ts';

const AUDIENCE = 'https://mcp.example.com/mcp';

let issuer: SigningIssuer;
let lambda: RunningLambda;
beforeAll(async () => {
  issuer = await startSigningIssuer(AUDIENCE);
  const env = {
    MCP_AUTH: 'oauth',
    MCP_OAUTH_ISSUER: issuer.url,
    MCP_OAUTH_AUDIENCE: AUDIENCE,
    MCP_OAUTH_SCOPES: 'mcp',
  };
  lambda = await startFunction('stream', { env }, 'scoped-app');
});
afterAll(() => closeAll(lambda, issuer));

const bearer = async (scope: string) => ({ authorization: `Bearer ${await issuer.token({ scope })}` });

async function call(
  path: string,
  scope: string,
  tool: string,
): Promise<{ status: number; challenge: string | null; text: string }> {
  const params = { name: tool, arguments: {} };
  const headers = {
    'content-type': 'application/json',
    ...modernHeaders('tools/call', params),
    ...(await bearer(scope)),
  };
  const response = await fetch(lambda.url + path, {
    method: 'POST',
    headers,
    body: JSON.stringify(modernRequest('tools/call', params)),
  });
  return {
    status: response.status,
    challenge: response.headers.get('x-amzn-remapped-www-authenticate'),
    text: await response.text(),
  };
}

test('a tool gets the client ID, the scopes and the subject of its caller', async () => {
  const { text } = await call('/mcp', 'mcp other', 'who');
  expect(text).toContain(
    JSON.stringify(JSON.stringify({ clientId: 'agent', scopes: ['mcp', 'other'], subject: 'alice' })).slice(
      1,
      -1,
    ),
  );
});

test.each([
  ['the scope of the server', '/mcp', 'other', 'who', 'mcp'],
  ['the scope of the route', '/mcp/admin', 'mcp', 'who', 'mcp admin'],
  ['the scope of the tool', '/mcp', 'mcp', 'write', 'write'],
])('a call without %s gets a 403 that names the scope', async (_what, path, scope, tool, named) => {
  const { status, challenge, text } = await call(path, scope, tool);
  expect([status, challenge], text).toEqual([403, expect.stringContaining(`error="insufficient_scope"`)]);
  expect(challenge).toContain(`scope="${named}"`);
  expect(challenge).toContain('resource_metadata="');
  expect((await call(path, `${scope} ${named}`, tool)).status).toBe(200);
});

test.each(['SDK v2, legacy', 'SDK v2, modern'] as const)(
  'the client %s lists only the tools that its scopes allow',
  async name => {
    const listed = async (scope: string): Promise<string[]> => {
      const client = await CLIENTS[name](lambda.url, { headers: await bearer(scope) });
      const tools = await client.tools();
      await client.close();
      return tools;
    };
    expect(await listed('mcp')).toEqual(['who', 'write']);
    expect(await listed('mcp admin')).toEqual(['who', 'write', 'erase']);
  },
);
