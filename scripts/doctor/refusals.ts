/** Checks that invalid requests are rejected with the right status. https://modelcontextprotocol.io/specification/2026-07-28/basic/transports */
import { type Check, failed, ok } from './check.ts';
import { type Exchange, header, rpcError } from './exchange.ts';
import { modernBody, type Target } from './target.ts';

interface DenialReason {
  id: string;
  what: string;
  status: number;
  code?: number;
  send(target: Target): Promise<Exchange>;
}

const JSON_BODY = { 'content-type': 'application/json' };
const OVERSIZE = 6 * 1024 * 1024 + 1;

const REFUSALS: readonly DenialReason[] = [
  {
    id: 'unsupported-version',
    what: 'a revision that does not exist',
    status: 400,
    code: -32022,
    send: target =>
      target.send({
        headers: { ...JSON_BODY, 'mcp-protocol-version': '1999-01-01', 'mcp-method': 'tools/list' },
        body: modernBody('tools/list', {}, '1999-01-01'),
      }),
  },
  {
    id: 'unknown-method',
    what: 'a method that does not exist',
    status: 404,
    code: -32601,
    send: target => target.modern('doctor/none'),
  },
  {
    id: 'bad-json',
    what: 'a body that is not JSON',
    status: 400,
    code: -32700,
    send: target => target.send({ headers: JSON_BODY, body: '{"jsonrpc":' }),
  },
  {
    id: 'oversize',
    what: 'a body of more than 6 MiB',
    status: 413,
    send: target => target.modern('tools/list', { padding: 'x'.repeat(OVERSIZE) }),
  },
  {
    id: 'get',
    what: 'GET, which needs a session',
    status: 405,
    send: target => target.send({ method: 'GET' }),
  },
];

export const refusals: readonly Check[] = REFUSALS.map(({ id, what, status, code, send }) => ({
  id,
  title: `rejects ${what}`,
  needs: ['who-may-call'],
  async run(target: Target) {
    const exchange = await send(target);
    const met = rpcError(exchange)?.code;
    const seen = `${exchange.status}${met === undefined ? '' : ` and ${met}`}`;
    if (exchange.status === status && (code === undefined || met === code)) return ok(`${seen}.`);
    const wanted = `${status}${code === undefined ? '' : ` and ${code}`}`;
    return failed(
      `The response was ${seen} instead of ${wanted}${header(exchange, 'server') ? `, by ${header(exchange, 'server')}` : ''}.`,
      exchange.status >= 500
        ? 'The function failed: see its log.'
        : 'Either a proxy responds instead of the server, or the server does not use this project.',
    );
  },
}));
