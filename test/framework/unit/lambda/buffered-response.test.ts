/** A response that is there in full is what Node's own would be, whatever is done with it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { WholeResponse } from '../../../../app/framework/lambda/buffered-response.ts';
import { DIST } from '../../../helpers/local-lambda.ts';

type Make = (as: typeof Response) => Response;

const Whole = WholeResponse as unknown as typeof Response;

/** What tools, Hono and the SDK make; of the last ones only Node's can be. */
const MADE: Record<string, Make> = {
  'a text': as => new as('hello'),
  'an empty text': as => new as(''),
  'a text with a status and fields': as =>
    new as('né €', { status: 404, headers: { 'Content-Type': 'text/html', 'X-A': 'b c' } }),
  JSON: as => as.json({ a: [1, 'x'] }),
  'JSON with a status and a type': as =>
    as.json({ a: 1 }, { status: 400, headers: { 'Content-Type': 'application/problem+json' } }),
  'JSON of null': as => as.json(null),
  nothing: as => new as(),
  'nothing, by null': as => new as(null, { status: 204 }),
  bytes: as => new as(new Uint8Array([104, 105])),
  'a stream': as => new as(new Blob(['streamed']).stream(), { headers: { 'content-type': 'text/plain' } }),
  'a text with Headers': as => new as('x', { headers: new Headers({ a: 'b' }) }),
  'a text with a list of fields': as => new as('x', { headers: [['a', 'b']] }),
  'a text with a field twice': as => new as('x', { headers: { A: 'b', a: 'c' } }),
  'a text with an empty field': as => new as('x', { headers: { a: '' } }),
  'a text with a padded field': as => new as('x', { headers: { a: ' b ' } }),
  'a text with a number for a field': as => new as('x', { headers: { a: 7 } as never }),
  'a text with a cookie': as => new as('x', { headers: { 'Set-Cookie': 'a=b' } }),
  'a text with words for a status': as => new as('x', { status: 201, statusText: 'Made' }),
  'a text with half a character': as => new as('a\ud800b'),
  'a text with a byte order mark': as => new as('\ufeff{}'),
  'a text with null for the rest': as => new as('x', null as never),
  redirect: as => as.redirect('https://example.com/', 303),
  error: as => as.error(),
};

/** What may be done with one; each gives what can be compared. */
const USES: Record<string, (response: Response) => unknown> = {
  state: ({ status, ok, statusText, type, url, redirected, bodyUsed }) => [
    status,
    ok,
    statusText,
    type,
    url,
    redirected,
    bodyUsed,
  ],
  'one header': ({ headers }) => [headers.get('Content-Type'), headers.has('x-a'), headers.get('none')],
  'all headers': ({ headers }) => [[...headers], [...headers.keys()], headers.getSetCookie()],
  'each header': ({ headers }) => {
    const seen: unknown[] = [];
    headers.forEach((value, name) => {
      seen.push([name, value]);
    });
    return seen;
  },
  'headers changed': response => {
    const { headers } = response;
    headers.set('x-b', '1');
    headers.append('x-b', '2');
    headers.delete('content-type');
    return [[...headers], [...response.headers], headers.get('x-b'), headers.has('content-type')];
  },
  'headers changed before and after the body is touched': response => {
    const { headers } = response;
    headers.set('x-b', '1');
    const there = response.body === null;
    headers.set('x-c', '2');
    return [there, [...response.headers], [...headers]];
  },
  text: response => response.text(),
  json: response => response.json(),
  bytes: async response => [...new Uint8Array(await response.arrayBuffer())],
  blob: async response => (await response.blob()).type,
  body: async ({ body }) => body && new Response(body).text(),
  'body, piece by piece': async ({ body }) => {
    let size = 0;
    if (body) for await (const piece of body) size += piece.byteLength;
    return size;
  },
  clone: async response => {
    const copy = response.clone();
    return [await copy.text(), await response.text(), copy.status, [...copy.headers]];
  },
  'read twice': async response => [
    await response.text(),
    response.bodyUsed,
    await response.text().catch(error => error.constructor.name),
    await response.json().catch(error => error.constructor.name),
  ],
  'read, then its body': async response => {
    await response.text();
    return [response.bodyUsed, response.body === null, await response.arrayBuffer().catch(() => 'refused')];
  },
  'what is made of it': async response => {
    const made = new Response(response.body, response);
    return [made.status, [...made.headers], await made.text()];
  },
  kind: response => [response instanceof Response, response.headers instanceof Headers, `${response}`],
};

const outcome = async (use: () => unknown): Promise<unknown> => {
  try {
    return await use();
  } catch (error) {
    return `${(error as Error).constructor.name}`;
  }
};

describe.each(Object.keys(MADE))('%s', what => {
  const make = MADE[what] as Make;

  test.each(Object.keys(USES))('%s', async use => {
    const used = USES[use] as (response: Response) => unknown;
    expect(await outcome(() => used(make(Whole)))).toEqual(await outcome(() => used(make(Response))));
  });
});

test.each<[string, Make]>([
  ['a status that is none', as => new as('x', { status: 99 })],
  ['a status that has no body', as => new as('x', { status: 204 })],
  ['a status that is no number', as => new as('x', { status: 'ok' as never })],
  ['a field name that is none', as => new as('x', { headers: { 'a b': 'c' } })],
  ['a field of two lines', as => new as('x', { headers: { a: 'b\nc' } })],
  ['a field beyond Latin 1', as => new as('x', { headers: { a: '€' } })],
  ['null for fields', as => new as('x', { headers: null as never })],
  ['a number for fields', as => new as('x', { headers: 7 as never })],
  ['what is no JSON', as => as.json(undefined)],
  ['what JSON cannot hold', as => as.json(7n)],
])('%s is refused as Node refuses it', (_, make) => {
  const refusal = (as: typeof Response) => {
    try {
      make(as);
      return 'taken';
    } catch (error) {
      return `${(error as Error).name}: ${(error as Error).message}`;
    }
  };
  expect(refusal(Whole)).toBe(refusal(Response));
});

test('its text can be had at once, until somebody begins to read it', async () => {
  const readBody = WholeResponse.readBody;
  expect(readBody(Whole.json({ a: 1 }))).toBe('{"a":1}');
  expect(readBody(new Response('x'))).toBeUndefined();
  expect(readBody(new Whole(new Blob(['x']).stream()))).toBeUndefined();
  const [read, cloned, asked] = [new Whole('x'), new Whole('x'), new Whole('x')];
  await read.text();
  cloned.clone();
  void asked.body;
  for (const response of [read, cloned, asked]) expect(readBody(response)).toBeUndefined();
});

test('what Node makes of one is one to it', () => {
  expect(new Response('x')).toBeInstanceOf(Whole);
  expect(new Whole('x')).toBeInstanceOf(Whole);
  expect({ status: 200 }).not.toBeInstanceOf(Whole);
});

test('the bundle makes them in place of Node’s', () => {
  const bundle = readFileSync(join(DIST, 'bundle.cjs'), 'utf8');
  expect(bundle).toMatch(/WholeResponse\.json\(/);
  expect(bundle).not.toMatch(/(?<![\w.$])Response\.json\(|new Response\(/);
});
