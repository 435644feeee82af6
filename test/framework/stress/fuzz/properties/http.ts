/**
 * Malformed HTTP, sent as bytes over a connection: complete requests get a response, a request with contradictory lengths is not
 * served as two, and the next caller does not have to wait.
 */
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { bytes, nastyText } from '../arbitraries.ts';
import type { Property } from '../property.ts';
import { expectNothingLeaked, expectPlain, type Target } from '../target.ts';

interface Message {
  method: string;
  target: string;
  version: string;
  headers: string[];
  body: string;
  /** How the request declares the length of its body. */
  length:
    | 'none'
    | 'right'
    | 'short'
    | 'long'
    | 'twice'
    | 'with chunks'
    | 'chunks'
    | 'bad chunks'
    | 'negative';
}

interface Case {
  /** Requests; several are pipelined. */
  messages: Message[];
  /** Number of bytes after which the sender waits for 20 ms. */
  slowAt: number;
  /** Whether the sender ends its side of the connection. */
  ends: boolean;
}

const METHODS = [
  'POST',
  'GET',
  'HEAD',
  'PUT',
  'DELETE',
  'OPTIONS',
  'TRACE',
  'CONNECT',
  'PRI',
  'post',
  'M-SEARCH',
];
const TARGETS = [
  ...[
    '/v2/mcp',
    '/healthz',
    '/',
    '*',
    '//',
    '/%2e%2e/v2/mcp',
    '/v2/%6dcp',
    '/v2%252fmcp',
    '/\u00e9',
    '/%ff',
    '/%',
  ],
  ...[
    'http://127.0.0.1/v2/mcp',
    'http://other.example/v2/mcp',
    'https://u:p@x/',
    '127.0.0.1:443',
    '/v2/mcp?a=%00&a=b',
  ],
];
const HEADERS = [
  ...['Host: 127.0.0.1', 'Host: other.example', 'Host:', 'Expect: 100-continue', 'Expect: 200-nothing'],
  ...[
    'Connection: close',
    'Connection: upgrade',
    'Upgrade: websocket',
    'Upgrade: h2c',
    'Content-Type: application/json',
  ],
  ...[
    'Content-Encoding: gzip',
    'Transfer-Encoding: identity',
    'Cookie: a=b; c',
    'X-Forwarded-For: \u00ff',
    'TE: trailers',
  ],
  ...[
    'Accept: ',
    'Origin: null',
    'x-amzn-trace-id: \u0001',
    'x-amzn-trace-id: Root=1',
    'no colon',
    ' folded: line',
    ': empty',
  ],
  ...['Authorization: Bearer \u00ff', 'Mcp-Method: tools/call', 'MCP-Protocol-Version: 2026-07-28'],
];

const message: fc.Arbitrary<Message> = fc.record({
  method: fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...METHODS) }, bytes),
  target: fc.oneof(
    { weight: 5, arbitrary: fc.constantFrom(...TARGETS) },
    bytes.map(text => `/${text}`),
  ),
  version: fc.oneof(
    { weight: 8, arbitrary: fc.constant('HTTP/1.1') },
    fc.constantFrom('HTTP/1.0', 'HTTP/2.0', 'HTTP/9', ''),
  ),
  headers: fc.array(
    fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom(...HEADERS) },
      bytes,
      nastyText.map(text => `x-any: ${Buffer.from(text).toString('latin1')}`),
    ),
    { maxLength: 6 },
  ),
  body: fc.oneof(fc.constant('{"jsonrpc":"2.0","id":1,"method":"ping"}'), fc.constant(''), bytes),
  length: fc.constantFrom(
    ...([
      'none',
      'right',
      'right',
      'short',
      'long',
      'twice',
      'with chunks',
      'chunks',
      'bad chunks',
      'negative',
    ] as const),
  ),
});

const arbitrary: fc.Arbitrary<Case> = fc.record({
  messages: fc.array(message, { minLength: 1, maxLength: 3 }),
  slowAt: fc.nat({ max: 300 }),
  ends: fc.boolean(),
});

const chunked = (body: string): string => `${body && `${body.length.toString(16)}\r\n${body}\r\n`}0\r\n\r\n`;

const LENGTHS: Record<Message['length'], (body: string) => { headers: string[]; body: string }> = {
  none: body => ({ headers: [], body }),
  right: body => ({ headers: [`Content-Length: ${body.length}`], body }),
  short: body => ({ headers: [`Content-Length: ${Math.max(body.length - 1, 0)}`], body }),
  long: body => ({ headers: [`Content-Length: ${body.length + 5}`], body }),
  twice: body => ({
    headers: [`Content-Length: ${body.length}`, `Content-Length: ${body.length + 1}`],
    body,
  }),
  'with chunks': body => ({
    headers: [`Content-Length: ${body.length}`, 'Transfer-Encoding: chunked'],
    body: chunked(body),
  }),
  chunks: body => ({ headers: ['Transfer-Encoding: chunked'], body: chunked(body) }),
  'bad chunks': body => ({ headers: ['Transfer-Encoding: chunked'], body: `zz;\r\n${body}\r\n-1\r\n` }),
  negative: body => ({ headers: ['Content-Length: -1'], body }),
};

function text({ method, target, version, headers, body, length }: Message): string {
  const framed = LENGTHS[length](body);
  return `${[`${method} ${target} ${version}`, 'Host: 127.0.0.1', ...headers, ...framed.headers].join('\r\n')}\r\n\r\n${framed.body}`;
}

/** Sends the requests. Returns everything received until the server ended the connection or sent nothing for a while. */
async function exchange(url: string, { messages, slowAt, ends }: Case): Promise<string> {
  const { hostname, port } = new URL(url);
  const [first] = messages;
  // Waits long enough for a required response on the slowest machine.
  const patience = first && isPlain(first) && !ends ? 30_000 : 400;
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
  let heard = '';
  let broken: unknown;
  const closed = new Promise<void>(resolve => {
    socket.once('end', resolve).once('close', () => resolve());
  });
  socket.on('data', chunk => {
    heard += chunk.toString('latin1');
  });
  socket.once('error', error => {
    broken = error; // The server may close the connection if the data is not HTTP.
  });
  await Promise.race([once(socket, 'connect'), closed]);
  const all = Buffer.from(messages.map(text).join(''), 'latin1');
  socket.write(all.subarray(0, slowAt));
  if (slowAt < all.length) await sleep(20);
  if (!broken) socket.write(all.subarray(slowAt));
  if (ends && !broken) socket.end();
  await Promise.race([closed, quiet(() => heard.length, patience)]);
  socket.destroy();
  return heard;
}

/** Waits until a response has arrived and nothing followed for 60 ms, or nothing has arrived for `patience` milliseconds. */
async function quiet(length: () => number, patience: number): Promise<void> {
  const started = performance.now();
  for (let before = -1; before !== length() || (length() === 0 && performance.now() - started < patience); ) {
    before = length();
    await sleep(60);
  }
}

/** Returns whether the end of a request is unambiguous. */
function isPlain({ headers, method, target, version, length, body }: Message): boolean {
  const known = ['Connection: close', 'Content-Type: application/json', 'Cookie: a=b; c', 'Origin: null'];
  return (
    ['POST', 'GET'].includes(method) &&
    /^\/[\w/]*$/.test(target) &&
    version === 'HTTP/1.1' &&
    headers.every(header => known.includes(header)) &&
    (length === 'right' || length === 'chunks' || (length === 'none' && body === ''))
  );
}

function judge(given: Case, heard: string): void {
  const statuses = [...heard.matchAll(/(?:^|[^"\w])HTTP\/1\.1 (\d{3}) /g)].map(([, status]) =>
    Number(status),
  );
  // 505: a version of HTTP that the server does not support (RFC 9110, section 15.6.6).
  const wrong = statuses.find(status => status >= 500 && status !== 505);
  if (wrong) throw new Error(`Status ${wrong}: ${heard.slice(0, 500)}`);
  expectNothingLeaked(heard);
  const final = statuses.filter(status => status >= 200).length;
  const [first] = given.messages;
  // For Node's server, a client that ends its side has disconnected (httpAllowHalfOpen), and may get no response.
  if (first && isPlain(first) && !given.ends && final === 0)
    throw new Error('A complete request got no response.');
  // More served requests than sent ones would be request smuggling. The rest of a rejected request may be read as another invalid one.
  const served = statuses.filter(status => status >= 200 && status < 300).length;
  if (served > given.messages.length)
    throw new Error(`${served} of ${given.messages.length} requests were served: ${heard.slice(0, 500)}`);
  const contradicts = ['twice', 'with chunks', 'negative', 'bad chunks'];
  if (first && contradicts.includes(first.length) && statuses.some(status => status < 300 && status >= 200))
    throw new Error(`Contradictory lengths were served: ${heard.slice(0, 500)}`);
}

async function check(target: Target, given: Case): Promise<void> {
  judge(given, await exchange(target.stream.url, given));
  await expectPlain(target);
}

export const http: Property<Case> = { name: 'http', arbitrary, check };
