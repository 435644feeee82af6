/** The log on a terminal: the lines of requests, tools and errors. */
import { expect, test } from 'vitest';
import { createLog, painter } from '../../../../app/framework/local-lambda/log.ts';
import { requestsLog } from '../../../../app/framework/local-lambda/requests-log.ts';

const ID = '1f2e3d4c-0000-4000-8000-000000000000';
const REQUEST = { requestId: ID, method: 'POST', path: '/mcp', status: 200, duration: 12.3, cold: false };

function terminal(colour = false) {
  const printed: string[] = [];
  const log = requestsLog(
    text => printed.push(String(text)),
    painter(colour),
    text => text.replace('/dist/bundle.cjs:1:2', 'app/tool.ts:3:4'),
  );
  const write = (...lines: (string | object)[]): void => {
    const text = lines.map(line => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n');
    log.output(Buffer.from(`${text}\n`), 7);
  };
  const lines = (): string[] => printed.join('').split('\n').slice(0, -1);
  /** Waits for the line of the request, which is printed after the output of the function has been read. */
  const requested = async (): Promise<string> => {
    await expect.poll(() => lines().at(-1)).toContain(ID.slice(0, 8));
    return lines().at(-1) ?? '';
  };
  return { log, write, lines, requested };
}

const outcome = (name: string, more: object = {}) => ({
  type: 'request',
  requestId: ID,
  outcome: name,
  ...more,
});

test('a request is logged as one line with method, tool, outcome, duration and the beginning of its ID', async () => {
  const { log, write, lines, requested } = terminal();
  log.start(ID);
  write(outcome('ok', { mcpMethod: 'tools/call', tool: 'roll', _aws: {} }));
  log.end(ID, { duration: 12, logTail: '' }, 512);
  log.request({ ...REQUEST, call: 'tools/call roll', cold: true });
  expect(await requested()).toMatch(
    /^\d\d:\d\d:\d\d {2}tools\/call roll {2}ok {2}12 ms {2}cold {2}\/mcp 1f2e3d4c$/,
  );
  expect(lines()).toHaveLength(1);
});

test('an outcome that is logged after the response is still in the line of its request', async () => {
  const { log, write, requested } = terminal();
  log.request({ ...REQUEST, call: 'tools/call roll' });
  write(outcome('tool_error'));
  expect(await requested()).toContain('tools/call roll  tool_error  12 ms');
});

test.each([
  ['ok', 32],
  ['refused', 33],
  ['protocol_error', 33],
  ['tool_error', 31],
  ['failed', 31],
  ['aborted', 31],
])('the outcome %s is printed in its own colour', async (name, colour) => {
  const { log, write, requested } = terminal(true);
  write(outcome(name));
  log.request(REQUEST);
  expect(await requested()).toContain(`\u001b[${colour}m${name}\u001b[39m`);
});

test('the line of a batch has the worst outcome of its messages', async () => {
  const { log, write, requested } = terminal();
  write(
    outcome('ok', { mcpMethod: 'ping' }),
    outcome('failed', { mcpMethod: 'tools/call', tool: 'roll' }),
    outcome('ok', { mcpMethod: 'ping' }),
  );
  log.request(REQUEST);
  expect(await requested()).toContain('batch of 3: ping, tools/call roll  failed');
});

test('the line of a function that logs no outcome has the HTTP status', async () => {
  const { log, requested } = terminal();
  log.request({ ...REQUEST, method: 'GET', path: '/x', status: 502 });
  expect(await requested()).toMatch(/GET \/x {2}502 {2}12 ms {2}1f2e3d4c$/);
});

test('a message of a tool is printed with its level, without control characters', () => {
  const { write, lines } = terminal();
  write({ type: 'log', level: 'WARN', tool: 'roll', message: 'lost\u001b[2J a die', data: { sides: 6 } });
  expect(lines()).toEqual([
    expect.stringMatching(/^\d\d:\d\d:\d\d WARN roll: lost\\u001b\[2J a die \{"sides":6\}$/),
  ]);
});

test('an error of console.error is printed with one line per stack frame, with positions in app/', () => {
  const { write, lines } = terminal();
  write(
    `2026-11-26T05:17:40.717Z\t${ID}\tERROR\ta tool failed Error: no dice\r    at roll (/dist/bundle.cjs:1:2)`,
  );
  expect(lines()).toEqual([
    expect.stringMatching(/^\d\d:\d\d:\d\d ERROR a tool failed Error: no dice$/),
    '      at roll (app/tool.ts:3:4)',
  ]);
});

test('an error that ends init is printed with its stack', () => {
  const { write, lines } = terminal();
  const error = {
    errorType: 'Error',
    errorMessage: 'no dice',
    stack: ['Error: no dice', '    at /dist/bundle.cjs:1:2'],
  };
  write(`2026-11-26T05:17:40.717Z\t-\tERROR\tInit Error \t${JSON.stringify(error)}`);
  expect(lines()).toEqual([expect.stringMatching(/ERROR Error: no dice$/), '      at app/tool.ts:3:4']);
});

test('lines of the function’s own output are printed unchanged, once they are complete', () => {
  const { log, lines } = terminal();
  const bytes = Buffer.from('{"own": "é"}\nhalf');
  log.output(bytes.subarray(0, 10), 7);
  expect(lines()).toEqual([]);
  log.output(bytes.subarray(10), 7);
  expect(lines()).toEqual(['{"own": "é"}']);
});

test('the full log has the unchanged output of the function, except for positions in the bundle', () => {
  const printed: Buffer[] = [];
  const log = createLog(
    'text',
    text => printed.push(Buffer.from(text)),
    false,
    text => text.replace('/dist/bundle.cjs:1:2', 'app/tool.ts:3:4'),
  );
  const bytes = Buffer.from([0xff, 0x0d, 0x0a]);
  log.output(bytes, 7);
  log.output(Buffer.from('at /dist/bundle.cjs:1:2\rat'), 7);
  expect(Buffer.concat(printed)).toEqual(Buffer.concat([bytes, Buffer.from('at app/tool.ts:3:4\rat')]));
});
