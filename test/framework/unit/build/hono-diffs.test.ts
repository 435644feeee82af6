/** The patched hono/aws-lambda: it creates the Request of the installed one for each kind of event. */
import { build } from 'esbuild';
import type { handle, LambdaEvent } from 'hono/aws-lambda';
import { expect, test } from 'vitest';
import { applyDiffs, type Diff, readDiffs } from '../../../../scripts/build/patches/diffs.ts';
import { loadPatched } from '../../../../scripts/build/patches/patched-files.ts';
import { albEvent, restEvent, v2Event } from '../../../helpers/events.ts';
import { ROOT } from '../../../helpers/local-lambda.ts';

const DIFFS = readDiffs().filter(diff => diff.package === 'hono');
const [installed, patched] = await Promise.all([handlerOf([]), handlerOf(DIFFS)]);

const POST = { method: 'POST', path: '/mcp', query: 'a=1&b=%20', body: '{"text":"ö"}' };
const GET = { method: 'GET', path: '/mcp' };
const HEADERS = {
  'X-One': 'a',
  'x-two': ' padded ',
  'x-text': 'ö',
  'x-empty': '',
  'content-length': '7',
  cookie: 'c=3',
};
const lattice = {
  version: '2.0',
  method: 'POST',
  path: '/mcp?a=1',
  body: 'text',
  headers: { host: ['example.com'], 'x-one': ['a', 'b'] },
  requestContext: { serviceArn: 'arn:aws:vpc-lattice:eu-west-1:123456789012:service/s' },
};

const EVENTS: [string, object][] = [
  ['a Function URL', v2Event(POST)],
  ['a Function URL without a body', v2Event(GET)],
  ['a Function URL with cookies', { ...v2Event(POST), headers: HEADERS, cookies: ['a=1', 'b=2'] }],
  ['a Function URL with base64', { ...v2Event(POST), body: '8J+Yig==', isBase64Encoded: true }],
  ['a Function URL without headers', { ...v2Event(POST), headers: undefined }],
  ['a REST API', restEvent(POST)],
  ['a REST API with lists of values', restEvent({ ...POST, multiValue: true })],
  [
    'a REST API with both',
    { ...restEvent(POST), headers: HEADERS, multiValueHeaders: { 'X-ONE': ['b', 'c'] } },
  ],
  ['a load balancer', albEvent(POST)],
  [
    'a load balancer with lists',
    { ...albEvent(POST), headers: undefined, multiValueHeaders: { 'x-one': ['b', 'c'] } },
  ],
  ['VPC Lattice', lattice],
];

test.each(EVENTS)('the Request of %s is the same', async (_name, event) => {
  const [before, after] = [await requestOf(installed, event), await requestOf(patched, event)];
  expect(after).toEqual(before);
  expect(before.url).toContain('/mcp');
});

/** Returns the readable fields of the Request that the handler passes to an app. */
async function requestOf(handler: typeof handle, event: object) {
  const request = Promise.withResolvers<Request>();
  const fetch = async (made: Request): Promise<Response> => {
    request.resolve(made);
    return new Response();
  };
  await handler({ fetch } as never)(event as LambdaEvent);
  const made = await request.promise;
  const { method, url, headers } = made;
  return { method, url, headers: [...headers], body: await made.text() };
}

async function handlerOf(diffs: readonly Diff[]): Promise<typeof handle> {
  const { outputFiles } = await build({
    stdin: { contents: "export { handle } from 'hono/aws-lambda';", resolveDir: ROOT, loader: 'js' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    write: false,
    logLevel: 'silent',
    plugins: [loadPatched(applyDiffs(diffs))],
  });
  const module = await import(`data:text/javascript,${encodeURIComponent(outputFiles[0]?.text ?? '')}`);
  return module.handle;
}
