/**
 * A runtime that runs a script of Runtime API calls, which no regular runtime client makes. STEPS is a JSON list of
 * steps (steps.ts). Prints one line `SEEN {...}` per response.
 */
import { createServer } from 'node:http';
import { connect } from 'node:net';

const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(':');
let id = 'none';

for (const step of JSON.parse(process.env.STEPS)) await run(step);
// Keeps the process alive without calls.
createServer().listen(0, '127.0.0.1');

async function run(step) {
  if (step.exit !== undefined) process.exit(step.exit);
  if (step.kill) process.kill(process.pid, step.kill);
  const print = seen => console.log(`SEEN ${JSON.stringify(seen)}`);
  const calls = [step, ...(step.together ?? [])].map(each => call(each).then(print));
  // After parallel calls, the script continues with the first response.
  await Promise.race(calls);
}

/** Sends the request exactly as written. Returns the response; `broken` if the connection is closed without one. */
function call({ method = 'POST', path, headers = {}, body = '', size, chunks, trailers, cut }) {
  const { promise, resolve } = Promise.withResolvers();
  const socket = connect(Number(port), host);
  const content = size === undefined ? body : 'x'.repeat(size);
  const framing = chunks
    ? { 'transfer-encoding': 'chunked' }
    : { 'content-length': content.length + (cut ?? 0) };
  const target = path.replace('{id}', id);
  const lines = Object.entries({ host: `${host}:${port}`, connection: 'close', ...framing, ...headers });
  socket.write(
    `${method} ${target} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`,
  );
  for (const chunk of chunks ?? []) socket.write(`${chunk.length.toString(16)}\r\n${chunk}\r\n`);
  if (!chunks) socket.write(content);
  // Not destroyed, because sent data would be lost.
  if (cut) socket.end();
  else if (chunks) {
    const rows = Object.entries(trailers ?? {}).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.write(`0\r\n${rows.join('')}\r\n`);
  }
  let received = '';
  socket.setEncoding('latin1').on('data', chunk => (received += chunk));
  socket.on('error', () => undefined);
  const called = `${method} ${target.replace(id, '{id}')}`;
  // It depends on the HTTP library whether such a request gets a response.
  socket.on('close', () => resolve(cut ? { call: called, broken: true } : parse(received, called)));
  return promise;
}

function parse(text, call) {
  if (text === '') return { call, broken: true };
  const [head, ...rest] = text.split('\r\n\r\n');
  const [status, ...fields] = head.split('\r\n');
  const headers = Object.fromEntries(
    fields.map(field => [
      field.slice(0, field.indexOf(':')).toLowerCase(),
      field.slice(field.indexOf(':') + 1).trim(),
    ]),
  );
  const own = headers['lambda-runtime-aws-request-id'];
  if (own) id = own;
  return {
    call,
    status: Number(status.split(' ')[1]),
    headers,
    body: unchunked(rest.join('\r\n\r\n'), headers),
  };
}

function unchunked(body, headers) {
  if (headers['transfer-encoding'] !== 'chunked') return body;
  let rest = body;
  let text = '';
  for (;;) {
    const [size] = rest.split('\r\n', 1);
    const length = Number.parseInt(size, 16);
    if (!length) return text;
    text += rest.slice(size.length + 2, size.length + 2 + length);
    rest = rest.slice(size.length + 2 + length + 2);
  }
}
