/** SECURITY.md: each promise names what holds it and which test shows it, and both are there. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '../../helpers/local-lambda.ts';
import { PROPERTIES } from '../stress/fuzz/properties/all.ts';

const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

const rows = read('app/framework/SECURITY.md')
  .split('\n')
  .filter(line => /^\| (?!promise \|)/.test(line))
  .map(line => line.split('|').map(cell => cell.trim()))
  .map(([, promise = '', heldBy = '', shownBy = '', duty]) => ({ promise, heldBy, shownBy, duty }));

/** A promise that AWS keeps is tested nowhere here. */
const NOT_OURS = 'not tested here: a property of AWS';
/** A file, a folder, or the name of a file beside the one before. */
const PATH = /^[\w./-]+(?:\/[\w-]+|\.ts)$/;

const quoted = (cell: string): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, text = '']) => text);

test('there is a table of promises for every threat, each row of four cells', () => {
  expect(rows.length).toBeGreaterThan(15);
  for (const row of rows) expect(row.duty, row.promise).toBeDefined();
});

test.each(rows)('$promise', ({ heldBy, shownBy }) => {
  expect(heldBy).not.toBe('');
  let folder = '';
  for (const path of quoted(heldBy).filter(text => PATH.test(text))) {
    const file = path.includes('/') ? path : join(folder, path);
    expect(existsSync(join(ROOT, file)), file).toBe(true);
    folder = dirname(file);
  }
  if (shownBy === NOT_OURS) return;
  const named = quoted(shownBy);
  const tests = named.filter(text => text.startsWith('test/'));
  expect(tests.length, shownBy).toBeGreaterThan(0);
  for (const file of tests) expect(existsSync(join(ROOT, file)), file).toBe(true);
  // What stands behind `test/framework/stress/fuzz` are its properties.
  const properties = [...shownBy.matchAll(/`test\/framework\/stress\/fuzz` \(([^)]*)\)/g)].flatMap(
    ([, names = '']) => quoted(names),
  );
  for (const name of properties) expect(PROPERTIES.map(property => property.name)).toContain(name);
});
