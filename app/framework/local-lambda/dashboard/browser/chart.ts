/** Draws a bar for each invocation, with init at the bottom; the table has the same numbers as text. */
import { el, type Invocation, ms } from './state.ts';

const [WIDTH, HEIGHT, TOP] = [960, 170, 18] as const;
/** Minimum number of slots, so that a few bars are not stretched over the page. */
const LEAST_SLOTS = 24;

export function drawChart(invocations: readonly Invocation[]): Element[] {
  const done = invocations.filter(({ duration }) => duration !== undefined);
  const before = ({ initDuration = 0, restoreDuration = 0 }: Invocation): number =>
    initDuration + restoreDuration;
  const total = (invocation: Invocation): number => (invocation.duration ?? 0) + before(invocation);
  const highest = Math.max(1, ...done.map(total));
  const chart = svg('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: 'none', role: 'img' });
  const slowest = done.length > 0 ? `, the longest ${ms(highest)}` : '';
  chart.setAttribute('aria-label', `Durations of the last ${done.length} invocations${slowest}`);
  const high = (value: number): number => (value / highest) * (HEIGHT - TOP - 6);
  const step = WIDTH / Math.max(LEAST_SLOTS, done.length);
  done.forEach((invocation, n) => {
    const { duration = 0, restoreDuration, error } = invocation;
    const waited = before(invocation);
    const name = restoreDuration === undefined ? 'init' : 'restore';
    const x = n * step + 2;
    const [run, init] = [high(duration), high(waited)];
    const bar = svg(
      'g',
      {},
      title(`${invocation.what ?? invocation.id}: ${ms(duration)}${waited ? `, ${name} ${ms(waited)}` : ''}`),
    );
    bar.append(
      svg('rect', { class: 'init', x, y: HEIGHT - init, width: step - 4, height: init }),
      svg('rect', {
        class: error ? 'failed' : 'run',
        x,
        y: HEIGHT - init - run,
        width: step - 4,
        height: Math.max(run, 1),
      }),
    );
    chart.append(bar);
  });
  const key = el(
    'ul',
    { class: 'key' },
    el('li', {}, 'invocation'),
    el('li', { class: 'init' }, 'init or restore before it (cold start)'),
    el('li', { class: 'failed' }, 'failed'),
  );
  const scale = el(
    'p',
    { class: 'hint' },
    done.length > 0 ? `The highest bar is ${ms(highest)}.` : 'No invocations yet.',
  );
  return [chart, key, scale];
}

function title(text: string): SVGElement {
  const element = svg('title', {});
  element.textContent = text;
  return element;
}

function svg(
  tag: string,
  attributes: Readonly<Record<string, string | number>>,
  ...children: readonly Element[]
): SVGElement {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.append(...children);
  return element;
}
