/** Imports of text files in tests return the same as in the build (user-files.test.ts). */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import data from '../../../fixtures/files-app/servers/d.json' with { type: 'json' };
import query from '../../../fixtures/files-app/servers/q.sql';
import page from '../../../fixtures/files-app/servers/ui.html';
import style from '../../../fixtures/files-app/servers/x.css' with { type: 'text' };

const read = (name: string) =>
  readFileSync(new URL(`../../../fixtures/files-app/servers/${name}`, import.meta.url), 'utf8');

test('an import of a text file returns its text, by its extension or by the import attribute', () => {
  expect([query, page, style]).toEqual(['q.sql', 'ui.html', 'x.css'].map(read));
});

test('an import of a JSON file returns its value', () => expect(data).toEqual({ a: 1 }));
