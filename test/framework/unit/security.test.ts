/** SECURITY.md: each promise names the code that keeps it and the test that shows it, and both exist. */
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

/** The test column of a promise that AWS keeps. */
const NOT_OURS = 'not tested here: a property of AWS';
/** A file, a folder, or the name of a file in the same folder as the previous one. */
const PATH = /^[\w./-]+(?:\/[\w-]+|\.ts)$/;

const quoted = (cell: string): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, text = '']) => text);

test('the promises of SECURITY.md are in tables with four cells per row', () => {
  expect(rows.length).toBeGreaterThan(15);
  for (const row of rows) expect(row.duty, row.promise).toBeDefined();
});

test.each(rows)(
  'the promise of SECURITY.md names code and tests that exist: $promise',
  ({ heldBy, shownBy }) => {
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
    // The names in parentheses after `test/framework/stress/fuzz` are its properties.
    const properties = [...shownBy.matchAll(/`test\/framework\/stress\/fuzz` \(([^)]*)\)/g)].flatMap(
      ([, names = '']) => quoted(names),
    );
    for (const name of properties) expect(PROPERTIES.map(property => property.name)).toContain(name);
  },
);
