/** Draws a terminal session as SVG, for a README. */

/** A command and its output. */
export interface Step {
  command: string;
  output: string;
}

const COLUMNS = 104;
const CHARACTER = 7.8;
const LINE = 19;
const MARGIN = 18;

type Line = { text: string; isCommand: boolean };

/** Returns the picture; lines that are longer than the terminal is wide are wrapped. */
export function terminalSvg(title: string, steps: readonly Step[]): string {
  const lines = steps.flatMap(({ command, output }, at): Line[] => [
    ...(at > 0 ? [{ text: '', isCommand: false }] : []),
    ...wrapped(`$ ${command}`).map(text => ({ text, isCommand: true })),
    ...output
      .trim()
      .split('\n')
      .flatMap(wrapped)
      .map(text => ({ text, isCommand: false })),
  ]);
  const width = Math.ceil(COLUMNS * CHARACTER + 2 * MARGIN);
  const height = lines.length * LINE + 2 * MARGIN;
  const rows = lines.map(({ text, isCommand }, at) => {
    const y = MARGIN + (at + 0.75) * LINE;
    return `<text x="${MARGIN}" y="${y}"${isCommand ? ' class="command"' : ''}>${escaped(text)}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" xml:space="preserve">
<title>${escaped(title)}</title>
<style>
rect { fill: #14161a; }
text { fill: #c9d1d9; font: 13px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; white-space: pre; }
.command { fill: #7ee2a8; font-weight: bold; }
</style>
<rect width="${width}" height="${height}" rx="8"/>
${rows.join('\n')}
</svg>
`;
}

function wrapped(line: string): string[] {
  const text = line.trimEnd();
  return text === '' ? [''] : (text.match(new RegExp(`.{1,${COLUMNS}}`, 'g')) ?? []);
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
