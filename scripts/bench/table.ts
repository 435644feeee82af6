/** A table in Markdown, which a terminal shows as it is, and which README.md of this folder has. */
export type Cells = Readonly<Record<string, string | number>>;

/** Returns the rows under the keys of all of them. Spaces at the end of a key, which tell equal keys apart, are left out. */
export function table(rows: readonly Cells[]): string {
  const keys = [...new Set(rows.flatMap(Object.keys))];
  const lines = [
    keys.map(key => key.trim()),
    ...rows.map(row => keys.map(key => String(row[key] ?? '').replaceAll('|', '\\|'))),
  ];
  const widths = keys.map((_, at) => Math.max(3, ...lines.map(line => line[at]?.length ?? 0)));
  const numeric = keys.map(key => rows.every(row => /^[\d.$]*$/.test(String(row[key] ?? ''))));
  const padded = (text: string, at: number): string =>
    numeric[at] ? text.padStart(widths[at] ?? 0) : text.padEnd(widths[at] ?? 0);
  const rule = widths.map((width, at) => (numeric[at] ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width)));
  const [head = [], ...body] = lines;
  return [head.map(padded), rule, ...body.map(line => line.map(padded))]
    .map(line => `| ${line.join(' | ')} |\n`)
    .join('');
}
