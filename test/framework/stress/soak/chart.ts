/** Draws the resources during a soak test as a self-contained SVG, with one panel per quantity. */
import type { Held } from './watch.ts';

const PANELS: readonly [keyof Held, string][] = [
  ['kept', 'Heap of the local Lambda after a garbage collection, MiB'],
  ['keptByFunction', 'Heap of a function after a garbage collection, MiB (mean)'],
  ['platform', 'Resident set of the local Lambda, MiB'],
  ['functions', 'Resident set of the largest function, MiB'],
  ['files', 'Open files of the local Lambda'],
  ['filesOfFunctions', 'Open files of all functions'],
  ['processes', 'Processes of functions'],
];
const WIDTH = 760;
const HEIGHT = 130;
const LEFT = 50;

/** Returns the SVG. Every axis begins at 0, so that slopes are not exaggerated. */
export function soakChart(samples: readonly Held[]): string {
  const panels = PANELS.map(([key, title], row) => panel(samples, key, title, row * HEIGHT));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT * PANELS.length}" font-family="sans-serif" font-size="12">`,
    `<title>Resources during ${samples.at(-1)?.at ?? 0} calls</title>`,
    '<rect width="100%" height="100%" fill="#fff"/>',
    ...panels,
    '</svg>\n',
  ].join('\n');
}

function panel(all: readonly Held[], key: keyof Held, title: string, top: number): string {
  const samples = all.filter(sample => !Number.isNaN(sample[key])); // The first samples have no heap size.
  const highest = Math.max(...samples.map(sample => sample[key]), 1);
  const last = samples.at(-1)?.at ?? 1;
  const bottom = top + HEIGHT - 24;
  const points = samples.map(sample => {
    const x = LEFT + (sample.at / last) * (WIDTH - LEFT - 20);
    const y = bottom - (sample[key] / highest) * (HEIGHT - 50);
    return `${x.toFixed(1)},${y.toFixed(1)}`;
  });
  return [
    `<text x="${LEFT}" y="${top + 16}">${title}</text>`,
    `<path d="M${LEFT} ${bottom - HEIGHT + 50}V${bottom}H${WIDTH - 20}" fill="none" stroke="#999"/>`,
    `<text x="${LEFT - 6}" y="${bottom - HEIGHT + 54}" text-anchor="end">${highest.toFixed(0)}</text>`,
    `<text x="${LEFT - 6}" y="${bottom}" text-anchor="end">0</text>`,
    `<text x="${WIDTH - 20}" y="${bottom + 15}" text-anchor="end">${last} calls</text>`,
    `<polyline points="${points.join(' ')}" fill="none" stroke="#06c" stroke-width="1.5"/>`,
  ].join('\n');
}
