/** The Runtime Interface Client, but for what is changed in it: it is the one that is known, and its streams do the same. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { leanRic } from '../../../../scripts/build/patches/lambda-ric.ts';

const installed = readFileSync(fileURLToPath(import.meta.resolve('aws-lambda-ric')), 'utf8');
const lean = leanRic(installed);

/** What a handler has in its hands. */
type Stream = Record<string, unknown>;

const BEGIN = '// dist/';
const LISTS = /^var (?:WRITABLE_METHODS|PROPS_READ_WRITE|PROPS_READ_ONLY) = \[[^\]]*\];$/gm;

/** The stream that the client makes of a request, by its own text. */
function streamOf(text: string | undefined, inner: object): Stream {
  const lists = text?.match(LISTS) ?? [];
  expect(lists).toHaveLength(3);
  const begin = text?.indexOf('var PROPS_READ_ONLY') ?? -1;
  const code = text?.slice(begin, text.indexOf('function createResponseStream', begin)) ?? '';
  const made = new Function(
    'inner',
    `${lists.slice(0, 2).join('\n')}\n${code.split(BEGIN)[0]}\nreturn toWritableResponseStream(inner);`,
  );
  return made(inner) as Stream;
}

/** A request as far as such a stream uses it. */
function request(): Record<string, unknown> & { calls: unknown[] } {
  const calls: unknown[] = [];
  const inner: Record<string, unknown> & { calls: unknown[] } = { calls };
  for (const name of installed.match(LISTS)?.[0].match(/\w+(?=")/g) ?? [])
    inner[name] = (...args: unknown[]) => {
      calls.push([name, args]);
      return name;
    };
  return Object.assign(inner, { writable: true, writableLength: 3, destroyed: false });
}

test('this is the client that is known, and another one is left alone', () => {
  expect(lean).toBeDefined();
  expect(leanRic(installed.replace('inner[method].bind(inner)', 'inner[method]'))).toBeUndefined();
  expect(leanRic(installed.replace('req.write = (', 'req.write = async ('))).toBeUndefined();
});

test('nothing but that is another', () => {
  const lines = new Set(installed.split('\n'));
  const added = lean?.split('\n').filter(line => !lines.has(line)) ?? [];
  expect(added.length).toBeLessThan(30);
});

test('a stream has the same methods, which reach the request', () => {
  const [one, other] = [request(), request()];
  const [before, after] = [streamOf(installed, one), streamOf(lean, other)];
  const methods = Object.keys(before);
  expect(Object.keys(after)).toEqual(methods);
  expect(methods).toContain('write');
  for (const method of methods) {
    const results = [before, after].map(stream =>
      (stream[method] as (...args: unknown[]) => unknown)('a', 2),
    );
    expect(results[1]).toBe(results[0]);
  }
  expect(other.calls).toEqual(one.calls);
  expect(one.calls).toHaveLength(methods.length);
});

test('a stream shows the state of its own request, and changes no other', () => {
  const inner = request();
  const [stream, beside] = [streamOf(lean, inner), streamOf(lean, request())];
  const before = streamOf(installed, inner);
  for (const property of ['writable', 'writableLength', 'destroyed', 'writableEnded', '_onBeforeFirstWrite'])
    expect(stream[property], property).toBe(before[property]);
  inner.writable = false;
  expect([stream.writable, beside.writable]).toEqual([false, true]);
  const hook = () => undefined;
  stream._onBeforeFirstWrite = hook;
  expect(inner._onBeforeFirstWrite).toBe(hook);
  expect(beside._onBeforeFirstWrite).toBeUndefined();
  expect(() => {
    stream.writableLength = 7;
  }).toThrow(TypeError);
});
