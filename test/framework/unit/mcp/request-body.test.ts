/** readBody returns the same text from the event as from the request. */
import { expect, test } from 'vitest';
import { readBody, setKnownBody } from '../../../../app/framework/mcp/request-body.ts';

const LIMIT = 40;

const made = (body?: string): Request =>
  new Request('https://mcp.example/', { method: 'POST', ...(body !== undefined && { body }) });

const TEXTS: [string, string][] = [
  ['JSON', '{"a":1}'],
  ['beyond ASCII', '{"a":"né € 😀"}'],
  ['with a byte order mark', '\ufeff{"a":1}'],
  ['with two byte order marks', '\ufeff\ufeff{}'],
  ['with a byte order mark in the middle', '{"a":"\ufeff"}'],
  ['with an unpaired surrogate', '{"a":"\ud800"}'],
  ['at the limit', 'x'.repeat(LIMIT)],
  ['over the limit', 'x'.repeat(LIMIT + 1)],
  ['over the limit in bytes, but not in characters', '€'.repeat(LIMIT / 2)],
];

test.each(TEXTS)(
  'readBody returns the same text from the event as from the request: text %s',
  async (_, body) => {
    const known = made(body);
    setKnownBody(known, () => body);
    expect(await readBody(known, LIMIT)).toBe(await readBody(made(body), LIMIT));
  },
);

test('readBody returns undefined for a text of the event over the limit', async () => {
  const request = made('x'.repeat(LIMIT + 1));
  setKnownBody(request, () => 'x'.repeat(LIMIT + 1));
  expect(await readBody(request, LIMIT)).toBeUndefined();
});

test('readBody returns an empty text for an event without a body', async () => {
  const request = made();
  setKnownBody(request, () => undefined);
  expect(await readBody(request, LIMIT)).toBe('');
});

test('readBody does not read a request whose Content-Length is over the limit', async () => {
  const headers = { 'content-length': String(LIMIT + 1) };
  const request = new Request('https://mcp.example/', { method: 'POST', headers });
  setKnownBody(request, () => expect.fail('it was read'));
  expect(await readBody(request, LIMIT)).toBeUndefined();
});

test('readBody reads the body of a copied request, not the text of the event', async () => {
  const request = made('theirs');
  setKnownBody(request, () => 'theirs');
  expect(await readBody(new Request(request, { body: 'ours' }), LIMIT)).toBe('ours');
});
