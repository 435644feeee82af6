/** The patched Runtime Interface Client: its response streams behave as those of the installed one. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { applyDiffs, readDiffs } from '../../../../scripts/build/patches/diffs.ts';

const path = fileURLToPath(import.meta.resolve('aws-lambda-ric'));
const installed = readFileSync(path, 'utf8');
const DIFFS = readDiffs().filter(diff => diff.package === 'aws-lambda-ric');
const PATCHED = [...DIFFS.map(diff => [diff.name, [diff]] as const), ['all diffs', DIFFS] as const];

/** The stream that a handler gets. */
type Stream = Record<string, unknown>;

const LISTS = /^var (?:WRITABLE_METHODS|PROPS_READ_WRITE|PROPS_READ_ONLY) = \[[^\]]*\];$/gm;

/** Creates the response stream for a request by the code of `text`. */
function streamOf(text: string, inner: object): Stream {
  const lists = text.match(LISTS) ?? [];
  expect(lists).toHaveLength(3);
  const begin = text.indexOf('var PROPS_READ_ONLY');
  const code = text.slice(begin, text.indexOf('function createResponseStream', begin));
  const create = new Function(
    'inner',
    `${lists.slice(0, 2).join('\n')}\n${code}\nreturn toWritableResponseStream(inner);`,
  );
  return create(inner) as Stream;
}

/** Creates the part of a request that the stream uses. */
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

describe.each(PATCHED)('%s', (_, diffs) => {
  const patched = applyDiffs(diffs).get(path) ?? expect.fail('the client is not patched');

  test('a response stream has the methods of the installed client, which call the request', () => {
    const [one, other] = [request(), request()];
    const [before, after] = [streamOf(installed, one), streamOf(patched, other)];
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

  test('a response stream reads and writes the state of its own request only', () => {
    const inner = request();
    const [stream, other] = [streamOf(patched, inner), streamOf(patched, request())];
    const before = streamOf(installed, inner);
    for (const property of [
      'writable',
      'writableLength',
      'destroyed',
      'writableEnded',
      '_onBeforeFirstWrite',
    ])
      expect(stream[property], property).toBe(before[property]);
    inner.writable = false;
    expect([stream.writable, other.writable]).toEqual([false, true]);
    const hook = () => undefined;
    stream._onBeforeFirstWrite = hook;
    expect(inner._onBeforeFirstWrite).toBe(hook);
    expect(other._onBeforeFirstWrite).toBeUndefined();
    expect(() => {
      stream.writableLength = 7;
    }).toThrow(TypeError);
  });
});
