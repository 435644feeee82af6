/** The word check of `npm run lint`. */
import { expect, test } from 'vitest';
import { findWords } from '../../../scripts/docs/words.ts';

test('the word check reports each word with its line, in any letter case', () => {
  const text = '// Nobody calls it.\nconst recommend = 1;\n/** Mends what whoever wrote. */';
  expect(findWords(text, 'app/framework/app.ts')).toEqual([
    { line: 1, word: 'Nobody' },
    { line: 3, word: 'Mends' },
    { line: 3, word: 'whoever' },
  ]);
});

test('the word check accepts the name of a tool in tests, and reports it in the framework', () => {
  expect(findWords("call('greet')", 'test/framework/unit/mcp/stdio.test.ts')).toEqual([]);
  expect(findWords('// greet the user', 'app/framework/app.ts')).toEqual([{ line: 1, word: 'greet' }]);
});
