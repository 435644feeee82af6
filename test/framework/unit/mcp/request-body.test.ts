/** The text of a request is the same whether it is read from the request or taken from the event. */
import { expect, test } from 'vitest';
import { readBody, setKnownBody } from '../../../../app/framework/mcp/request-body.ts';

const LIMIT = 40;

const made = (body?: string): Request =>
  new Request('https://mcp.example/', { method: 'POST', ...(body !== undefined && { body }) });

const TEXTS: [string, string][] = [
  ['JSON', '{"a":1}'],
  ['beyond ASCII', '{"a":"né € 😀"}'],
  ['with a byte order mark', '\ufeff{"a":1}'],
  ['with two of them', '\ufeff\ufeff{}'],
  ['with one in the midst', '{"a":"\ufeff"}'],
  ['with half a character', '{"a":"\ud800"}'],
  ['at the limit', 'x'.repeat(LIMIT)],
  ['over the limit', 'x'.repeat(LIMIT + 1)],
  ['over the limit in bytes alone', '€'.repeat(LIMIT / 2)],
];

test.each(TEXTS)('%s', async (_, body) => {
  const known = made(body);
  setKnownBody(known, () => body);
  expect(await readBody(known, LIMIT)).toBe(await readBody(made(body), LIMIT));
});

test('what is over the limit is not given', async () => {
  const request = made('x'.repeat(LIMIT + 1));
  setKnownBody(request, () => 'x'.repeat(LIMIT + 1));
  expect(await readBody(request, LIMIT)).toBeUndefined();
});

test('no text is no text', async () => {
  const request = made();
  setKnownBody(request, () => undefined);
  expect(await readBody(request, LIMIT)).toBe('');
});

test('a request that says it is longer than the limit is not read', async () => {
  const headers = { 'content-length': String(LIMIT + 1) };
  const request = new Request('https://mcp.example/', { method: 'POST', headers });
  setKnownBody(request, () => expect.fail('it was read'));
  expect(await readBody(request, LIMIT)).toBeUndefined();
});

test('another request with the same body is read', async () => {
  const request = made('theirs');
  setKnownBody(request, () => 'theirs');
  expect(await readBody(new Request(request, { body: 'ours' }), LIMIT)).toBe('ours');
});
