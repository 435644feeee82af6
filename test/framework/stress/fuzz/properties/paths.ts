/**
 * Paths with dot segments, encoded and duplicate characters, over a connection and as events: an MCP server responds only at exactly
 * its own path, because an endpoint in front may authorize requests by path.
 */
import { once } from 'node:events';
import { request } from 'node:http';
import fc from 'fast-check';
import { albEvent, restEvent, v2Event } from '../../../../helpers/events.ts';
import { modernHeaders, modernRequest } from '../../../../helpers/json-rpc.ts';
import type { Property } from '../property.ts';
import { expectNothingLeaked, expectPlain, JSON_HEADERS, post, type Target } from '../target.ts';

interface Case {
  by: 'connection' | 'v2' | 'rest' | 'alb';
  path: string;
}

const PIECES = [
  ...['..', '.', '...', '%2e%2e', '%2E%2E', '.%2e', '%2e', '%252e%252e', '..;', '..%00', '.%09.', '..%0d%0a'],
  ...['/', '//', '%2f', '%2F', '%5c', '%252f', '/./', '/../', ';', '%3b', '?', '%3f', '%23', '%20', '%00'],
  ...[
    'v2',
    '%762',
    'v%32',
    'mcp',
    '%6dcp',
    'mc%70',
    'MCP',
    '.well-known',
    '%2ewell-known',
    'oauth-protected-resource',
  ],
  ...['live', 'healthz', '_page', '\u00e9', '%c3%a9', '%c0%ae%c0%ae', '%u002e', '%', '%zz', '%e2%80%a5'],
];

const arbitrary: fc.Arbitrary<Case> = fc.record({
  by: fc.constantFrom('connection', 'v2', 'rest', 'alb'),
  path: fc.oneof(
    fc.array(fc.constantFrom(...PIECES), { maxLength: 7 }).map(pieces => `/${pieces.join('')}`),
    fc
      .tuple(fc.array(fc.constantFrom(...PIECES), { maxLength: 4 }), fc.constantFrom('', '/', '%2f', '%5c'))
      .map(([pieces, slash]) => `/${pieces.join('/')}${slash}/v2/mcp`),
    // Almost the correct path: each part unchanged, or in a form that a proxy may treat as equal.
    fc
      .tuple(
        fc.constantFrom('', '', '/.', '/x/..', '/x/%2e%2e', '/.well-known/..'),
        fc.constantFrom('v2', 'v2', '%762', 'v%32', 'V2'),
        fc.constantFrom('/', '/', '//', '%2f', '/./', '%5c'),
        fc.constantFrom('mcp', 'mcp', 'mcp/', '%6dcp', 'mc%70', 'mcp/.', 'mcp%20', 'MCP', 'mcp?a=/../'),
      )
      .map(([before, ...parts]) => `${before}/${parts.join('')}`),
  ),
});

const MARK = 'path-of-its-own';
const params = { name: 'mark', arguments: { mark: MARK } };
const body = JSON.stringify(modernRequest('tools/call', params));

async function bodyOf({ by, path }: Case, { stream, token }: Target): Promise<string> {
  const headers = {
    ...JSON_HEADERS,
    ...modernHeaders('tools/call', params),
    authorization: `Bearer ${token}`,
  };
  if (by === 'connection') return overConnection(stream.url, path, headers);
  const make = { v2: v2Event, rest: restEvent, alb: albEvent }[by];
  const event = make({ method: 'POST', path, body }) as { headers: object };
  const payload = JSON.stringify({ ...event, headers: { ...event.headers, ...headers } });
  const reply = await post(`${stream.invokeUrl}/2015-03-31/functions/local/invocations`, {}, payload);
  const failed = reply.headers['x-amz-function-error'];
  if (failed) throw new Error(`The invocation failed, ${failed}: ${reply.text.slice(0, 500)}`);
  return reply.text;
}

/** Sends a path with Node's client, which does not change it; rejects paths with characters that HTTP does not allow. */
async function overConnection(url: string, path: string, headers: Record<string, string>): Promise<string> {
  const sent = Buffer.from(path).toString('latin1');
  const outgoing = request(url, { method: 'POST', path: sent, headers });
  outgoing.end(body);
  const [response] = await once(outgoing, 'response');
  let text = '';
  for await (const chunk of response) text += chunk;
  return text;
}

async function check(target: Target, given: Case): Promise<void> {
  const body = await bodyOf(given, target);
  expectNothingLeaked(body);
  const [path] = given.path.split('?');
  if (body.includes(MARK) && path !== '/v2/mcp' && path !== '/v2/mcp/')
    throw new Error(`${given.path} reached the server: ${body.slice(0, 300)}`);
  await expectPlain(target);
}

export const paths: Property<Case> = { name: 'paths', arbitrary, check };
