/** Draws the state that the server sends to the dashboard. Data of the function is inserted as text only. */
import { drawChart } from './chart.ts';
import { type Environment, el, type Invocation, ms, type State } from './state.ts';

const find = (id: string): HTMLElement => {
  const element = document.getElementById(id);
  if (!element) throw new Error(`The page has no #${id}.`);
  return element;
};

let chosen: string | undefined;
/** Whether the user chose the invocation. Until then it is the newest one. */
let chosenByUser = false;
let shown = '';
let showPageFiles = false;
let state: State | undefined;

/** Requests for files of the page that a browser gets from the function, which are not calls of tools. */
const PAGE_FILE = /^GET \S*\/(?:_page\/|favicon\.ico)/;

function draw({ function: fn, environments, invocations: all }: State): void {
  const calls = all.filter(({ what = '' }) => !PAGE_FILE.test(what));
  const invocations = showPageFiles ? all : calls;
  if (!chosenByUser) chosen = calls.at(-1)?.id;
  drawPageFiles(all.length - calls.length);
  const { name, memory, timeout, freeze, endpoint, isolation, url } = fn;
  const own = isolation === 'per-caller' ? ' · environments per caller' : '';
  const facts = `Function ${name} · ${endpoint} · ${memory} MB · ${timeout} s · freezing ${freeze ? 'on' : 'off'}${own} · `;
  find('facts').replaceChildren(facts, el('a', { href: `${url}/` }, url));
  drawEnvironments(environments, invocations);
  find('chart').replaceChildren(...drawChart(invocations.slice(-60)));
  drawTable(invocations.toReversed());
  void drawDetails(invocations.find(({ id }) => id === chosen));
}

/** Updates the button that shows the hidden invocations. */
function drawPageFiles(count: number): void {
  const button = find('page-files');
  button.hidden = count === 0;
  button.setAttribute('aria-pressed', String(showPageFiles));
  const text = `${showPageFiles ? 'Hide' : 'Show'} ${count} ${count === 1 ? 'request' : 'requests'} for files of the page`;
  if (button.textContent !== text) button.textContent = text;
}

const STATES: Record<Environment['state'], string> = {
  init: 'Initialising',
  snapshot: 'Snapshot, not restored yet',
  restoring: 'Restoring',
  busy: 'Busy',
  frozen: 'Frozen between calls',
  idle: 'Idle',
  held: 'Frozen during a call',
  ended: 'Ended',
};

function drawEnvironments(environments: readonly Environment[], invocations: readonly Invocation[]): void {
  const focused = document.activeElement?.id;
  const items = environments.toReversed().map(environment => {
    const { id, state, pid, invocations: count, tenant } = environment;
    const running = invocations.findLast(i => i.environment === id && i.duration === undefined);
    const busy = state === 'busy' || state === 'held';
    return el(
      'li',
      { class: state },
      el(
        'div',
        { class: 'name' },
        el('span', { class: 'state' }, STATES[state]),
        `${environment.function} ${id}`,
      ),
      el(
        'div',
        { class: 'hint' },
        `${count} ${count === 1 ? 'call' : 'calls'}${pid ? ` · process ${pid}` : ''}${tenant ? ` · tenant ${tenant}` : ''}`,
      ),
      el('div', { class: 'hint' }, busy ? (running?.what ?? 'A call is in progress') : ' '),
      el(
        'div',
        { class: 'actions' },
        state === 'held'
          ? action(id, 'thaw', 'Thaw', true)
          : action(id, 'freeze', 'Freeze', state === 'busy'),
        action(id, 'time-out', 'Time out', busy),
        action(id, 'kill', 'Kill', state !== 'ended'),
      ),
    );
  });
  const none = el('li', {}, 'None. The next call is a cold start.');
  find('environments').replaceChildren(...(items.length > 0 ? items : [none]));
  // The keyboard focus survives a redraw.
  if (focused) document.getElementById(focused)?.focus();
}

function action(id: number, name: string, text: string, enabled: boolean): HTMLElement {
  const button = el(
    'button',
    { type: 'button', id: `${name}-${id}`, 'aria-label': `${text} environment ${id}` },
    text,
  );
  button.disabled = !enabled;
  button.addEventListener('click', () => void fetch(`environments/${id}/${name}`, { method: 'POST' }));
  return button;
}

function drawTable(invocations: readonly Invocation[]): void {
  const focused = document.activeElement?.id;
  const rows = invocations.map(invocation => {
    const { id, what, duration, billed, memory, environment } = invocation;
    const open = el('button', { type: 'button', id: `open-${id}` }, what ?? id);
    open.addEventListener('click', () => {
      chosen = id;
      chosenByUser = true;
      for (const row of document.querySelectorAll('tr[aria-current]')) row.removeAttribute('aria-current');
      open.closest('tr')?.setAttribute('aria-current', 'true');
      shown = '';
      void drawDetails(invocation);
    });
    const cells = [
      el('td', {}, open),
      el('td', {}, outcome(invocation)),
      el('td', { class: 'number' }, duration === undefined ? '…' : ms(duration)),
      el('td', { class: 'number' }, start(invocation)),
      el('td', { class: 'number' }, billed === undefined ? '' : `${billed} ms`),
      el('td', { class: 'number' }, memory === undefined ? '' : `${Math.ceil(memory)} MB`),
      el('td', { class: 'number' }, String(environment)),
    ];
    return el('tr', id === chosen ? { 'aria-current': 'true' } : {}, ...cells);
  });
  find('invocations').replaceChildren(...rows);
  if (focused) document.getElementById(focused)?.focus();
}

/** Returns how the environment of an invocation started: cold, restored or warm. */
function start({ duration, initDuration, restoreDuration }: Invocation): HTMLElement {
  if (initDuration !== undefined) return el('span', { class: 'cold' }, `cold ${ms(initDuration)}`);
  if (restoreDuration !== undefined) return el('span', { class: 'cold' }, `restored ${ms(restoreDuration)}`);
  return el('span', {}, duration === undefined ? '' : 'warm');
}

function outcome({ status, error, duration }: Invocation): HTMLElement {
  if (error) return el('span', { class: 'bad' }, `${status ?? ''} ${error}`.trim());
  if (status !== undefined) return el('span', { class: status < 400 ? 'good' : 'bad' }, String(status));
  return el('span', { class: 'running' }, duration === undefined ? 'running' : 'done');
}

async function drawDetails(invocation: Invocation | undefined): Promise<void> {
  if (!invocation) return;
  const response = await fetch(`invocations/${invocation.id}`);
  const { event = '', log = '', message = '' } = (await response.json()) as Record<string, string>;
  const text = `${invocation.id}\n${event}\n${log}\n${message}`;
  if (text === shown || invocation.id !== chosen) return;
  shown = text;
  const block = (title: string, content: string): HTMLElement[] => [
    el('h3', {}, title),
    el('pre', { tabindex: '0', role: 'region', 'aria-label': title }, content),
  ];
  find('details').replaceChildren(
    el('h2', {}, invocation.what ?? 'Invocation'),
    el('p', { class: 'hint' }, `RequestId ${invocation.id}`),
    ...(message
      ? [el('p', {}, message)]
      : [...block('Log', log || '(no output)'), ...block('Event, as Lambda passes it', event)]),
  );
}

// A scrolling region must be reachable by keyboard.
find('scroll').tabIndex = 0;
const events = new EventSource('events');
events.addEventListener('message', ({ data }) => {
  state = JSON.parse(data) as State;
  draw(state);
});
find('page-files').addEventListener('click', () => {
  showPageFiles = !showPageFiles;
  if (state) draw(state);
});
events.addEventListener('open', () => find('connection').replaceChildren('Live'));
events.addEventListener('error', () =>
  find('connection').replaceChildren('Not connected. The local Lambda may have been stopped.'),
);
