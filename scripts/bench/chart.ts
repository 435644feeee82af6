/** The chart: for each row a bar until the init is over, and on to the end of the first response. */
export interface Bar {
  name: string;
  init: number;
  first?: number | undefined;
}

const LABEL = 250;
const SCALE = 440;
const HEIGHT = 30;

/** SVG, in milliseconds. */
export function chart(bars: readonly Bar[], caption: string): string {
  const longest = Math.max(...bars.map(({ init, first = init }) => first));
  const width = (ms: number): string => ((ms / longest) * SCALE).toFixed(1);
  const rows = bars.map(({ name, init, first = init }, at) => {
    const y = 40 + at * HEIGHT;
    return `  <text x="${LABEL - 8}" y="${y + 15}" text-anchor="end">${escaped(name)}</text>
  <rect x="${LABEL}" y="${y}" width="${width(first)}" height="20" fill="#9ec5e8"/>
  <rect x="${LABEL}" y="${y}" width="${width(init)}" height="20" fill="#2b6cb0"/>
  <text x="${LABEL + Number(width(first)) + 6}" y="${y + 15}">${first.toFixed(0)}</text>`;
  });
  const height = 60 + bars.length * HEIGHT;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 760 ${height}" font-family="sans-serif" font-size="13">
  <rect width="760" height="${height}" fill="#fff"/>
  <text x="12" y="22" font-weight="bold">${escaped(caption)}</text>
${rows.join('\n')}
</svg>
`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
