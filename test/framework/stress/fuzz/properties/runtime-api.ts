/**
 * A function that attacks its own Runtime API during an invocation. It may break its own response and environment, but the local
 * Lambda continues, and within a few calls the function is served again.
 */
import fc from 'fast-check';
import { bytes, nastyText } from '../arbitraries.ts';
import type { Property } from '../property.ts';
import { expectPlain, JSON_HEADERS, post, type Target } from '../target.ts';

type Act =
  | { bytes: string }
  | { method: string; path: string; headers: Record<string, string>; body: string };
interface Case {
  acts: Act[];
}

const BASE = '/2018-06-01/runtime';
const PATHS = [
  ...[
    'invocation/next',
    'invocation/{id}/response',
    'invocation/{id}/error',
    'init/error',
    'invocation/other/response',
  ],
  ...['invocation/{id}', 'invocation//error', 'restore/next', 'invocation/{id}/response?x=1', '../../etc'],
];
const HEADERS: Record<string, string>[] = [
  {},
  { 'lambda-runtime-function-response-mode': 'streaming' },
  { 'lambda-runtime-function-response-mode': 'other' },
  {
    'lambda-runtime-function-response-mode': 'streaming',
    'content-type': 'application/vnd.awslambda.http-integration-response',
  },
  { 'lambda-runtime-function-error-type': 'Any.Error' },
  { 'content-length': '1000' },
  { 'transfer-encoding': 'chunked', trailer: 'lambda-runtime-function-error-type' },
];
const BODIES = [
  '',
  '{}',
  'null',
  '{"statusCode":200}\0\0\0\0\0\0\0\0body',
  '{"statusCode":"x"}\0\0\0\0\0\0\0\0',
  '{"errorType":1}',
  '[1',
];

const act: fc.Arbitrary<Act> = fc.oneof(
  fc.record({
    method: fc.constantFrom('POST', 'POST', 'GET', 'DELETE'),
    path: fc.oneof(
      fc.constantFrom(...PATHS).map(path => `${BASE}/${path}`),
      nastyText,
    ),
    headers: fc.constantFrom(...HEADERS),
    body: fc.oneof(fc.constantFrom(...BODIES), nastyText),
  }),
  fc.record({
    bytes: fc.oneof(
      bytes,
      fc.constantFrom(
        `POST ${BASE}/invocation/x/response HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
        `GET ${BASE}/invocation/next HTTP/1.1\r\nHost: x\r\n\r\nGET ${BASE}/invocation/next HTTP/1.1\r\nHost: x\r\n\r\n`,
        'GET / HTTP/9\r\n\r\n',
      ),
    ),
  }),
);

async function check(target: Target, { acts }: Case): Promise<void> {
  const params = { name: 'attack-platform', arguments: { acts } };
  const body = JSON.stringify({ jsonrpc: '2.0', id: 7, method: 'tools/call', params });
  const headers = { ...JSON_HEADERS, authorization: `Bearer ${target.token}` };
  // There must be a response, whatever its content.
  await post(`${target.stream.url}/v2/mcp`, headers, body);
  for (let left = 3; ; left -= 1) {
    try {
      return await expectPlain(target);
    } catch (error) {
      // The next call of a broken environment fails, and then it is replaced.
      if (left === 0) throw error;
    }
  }
}

export const runtimeApi: Property<Case> = {
  name: 'runtime-api',
  arbitrary: fc.record({ acts: fc.array(act, { minLength: 1, maxLength: 4 }) }),
  check,
};
