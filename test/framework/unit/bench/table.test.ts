/** The tables of the benchmark. */
import { expect, test } from 'vitest';
import { table } from '../../../../scripts/bench/table.ts';

test('a table is Markdown, with numbers on the right and equal heads distinguished by spaces', () => {
  const rows = [
    { '': 'floor', 'init ms': '41.5', '÷ floor': '1.00' },
    { '': 'a | b', 'init ms': '113.0', '÷ floor': '2.72', '÷ floor ': '3.10' },
  ];
  expect(table(rows)).toBe(`|        | init ms | ÷ floor | ÷ floor |
| ------ | ------: | ------: | ------: |
| floor  |    41.5 |    1.00 |         |
| a \\| b |   113.0 |    2.72 |    3.10 |
`);
});
