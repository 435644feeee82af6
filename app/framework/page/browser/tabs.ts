/** Tabs with the tools, resources and prompts of a server. https://www.w3.org/WAI/ARIA/apg/patterns/tabs/ */
import type {
  ElicitRequestFormParams,
  ElicitResult,
  Prompt,
  Resource,
  ResourceTemplateType,
  Tool,
} from '@modelcontextprotocol/client';
import type { AppCall, OpenApp } from './app-host.ts';
import type { Connection } from './connection.ts';
import { el, freshId, notice } from './dom.ts';
import { contentView, Outcome } from './result.ts';
import type { Schema } from './schema.ts';
import { type Field, objectFields } from './schema-form.ts';

export type SetAsk = (ask: (question: ElicitRequestFormParams) => Promise<ElicitResult>) => void;

/** The MCP App of a tool, in `_meta.ui`. */
interface ToolUi {
  resourceUri?: unknown;
  visibility?: unknown;
}

interface Tab {
  title: string;
  cards: HTMLElement[];
}

/** Lists tools, resources and prompts. If a list fails, its tab shows the error. */
export async function listTabs(connection: Connection, setAsk: SetAsk): Promise<HTMLElement> {
  const { client } = connection;
  const offers = client.getServerCapabilities() ?? {};
  const list = async (
    title: string,
    offered: unknown,
    cards: () => Promise<HTMLElement[]>,
  ): Promise<Tab[]> => {
    if (!offered) return [];
    const failed = (error: unknown): HTMLElement[] => [
      notice('error', el('p', {}, connection.explain(error))),
    ];
    return [{ title, cards: await cards().catch(failed) }];
  };
  const tabs = await Promise.all([
    list('Tools', offers.tools, async () => {
      const { tools } = await client.listTools();
      return tools.map(tool => toolCard(connection, tool, tools, setAsk));
    }),
    list('Resources', offers.resources, async () => {
      const [{ resources }, { resourceTemplates }] = await Promise.all([
        client.listResources(),
        client.listResourceTemplates(),
      ]);
      return [
        ...resources.map(r => resourceCard(connection, r)),
        ...resourceTemplates.map(t => templateCard(connection, t)),
      ];
    }),
    list('Prompts', offers.prompts, async () =>
      (await client.listPrompts()).prompts.map(prompt => promptCard(connection, prompt)),
    ),
  ]);
  return tabbed(tabs.flat());
}

function tabbed(tabs: readonly Tab[]): HTMLElement {
  if (tabs.length === 0) return notice('info', el('p', {}, 'The server has no tools, resources or prompts.'));
  const bar = el('div', { role: 'tablist', 'aria-label': 'Features of the server' });
  const panels = tabs.map(({ title, cards }) => {
    const [id, panelId] = [freshId('tab'), freshId('panel')];
    const tab = el(
      'button',
      { type: 'button', role: 'tab', id, 'aria-controls': panelId },
      title,
      el('span', { class: 'count' }, ` ${cards.length}`),
    );
    const empty = cards.length === 0 ? [el('p', { class: 'hint' }, `No ${title.toLowerCase()}.`)] : cards;
    const panel = el('div', { role: 'tabpanel', id: panelId, 'aria-labelledby': id }, ...empty);
    bar.append(tab);
    return { tab, panel };
  });
  const select = (chosen: number): void => {
    panels.forEach(({ tab, panel }, n) => {
      tab.setAttribute('aria-selected', String(n === chosen));
      tab.tabIndex = n === chosen ? 0 : -1;
      panel.hidden = n !== chosen;
    });
  };
  panels.forEach(({ tab }, n) => {
    tab.addEventListener('click', () => select(n));
    tab.addEventListener('keydown', ({ key }) => {
      const step = key === 'ArrowRight' ? 1 : key === 'ArrowLeft' ? -1 : 0;
      const next = (n + step + panels.length) % panels.length;
      if (step === 0) return;
      select(next);
      panels[next]?.tab.focus();
    });
  });
  select(0);
  const [first] = panels;
  first?.panel.querySelector('details')?.setAttribute('open', '');
  return el('div', {}, bar, ...panels.map(({ panel }) => panel));
}

/** Creates a card: title and description, a form with fields and a button, and the outcome. */
function card(
  name: string,
  title: string | undefined,
  description: string | undefined,
  tags: readonly string[],
  fields: Field,
  verb: string,
  run: (outcome: Outcome, values: unknown, signal: AbortSignal) => Promise<void>,
): HTMLElement {
  const outcome = new Outcome();
  const submit = el('button', { type: 'submit', class: 'primary' }, verb);
  const form = el('form', {}, fields.element, el('div', { class: 'actions' }, submit));
  form.addEventListener('submit', async event => {
    event.preventDefault();
    const abort = new AbortController();
    submit.disabled = true;
    outcome.begin(() => abort.abort());
    await run(outcome, fields.value(), abort.signal);
    submit.disabled = false;
    if (document.activeElement === document.body) submit.focus();
  });
  const facts = tags.map(tag => el('span', { class: 'tag' }, tag));
  return el(
    'details',
    { class: 'card', 'data-name': name },
    el(
      'summary',
      {},
      el('span', { class: 'title' }, title ?? name),
      title ? el('code', {}, name) : '',
      ...facts,
    ),
    el('div', { class: 'inside' }, description ? el('p', {}, description) : undefined, form, outcome.element),
  );
}

function toolCard(connection: Connection, tool: Tool, tools: readonly Tool[], setAsk: SetAsk): HTMLElement {
  const { name, title, description, inputSchema, annotations } = tool;
  const { resourceUri: appUri, visibility } = (tool._meta?.ui ?? {}) as ToolUi;
  let app: OpenApp | undefined;
  const tags = [
    typeof appUri === 'string' && 'has an app',
    Array.isArray(visibility) && !visibility.includes('model') && 'for apps only',
    annotations?.readOnlyHint && 'read-only',
    annotations?.destructiveHint && annotations.readOnlyHint === false && 'destructive',
  ];
  const fields = objectFields(inputSchema as Schema);
  const said = tags.filter(tag => typeof tag === 'string');
  return card(
    name,
    title ?? annotations?.title,
    description,
    said,
    fields,
    'Call',
    async (outcome, values, signal) => {
      setAsk(question => outcome.ask(question));
      const previous = app?.close();
      app = undefined;
      try {
        await previous;
        const result = await connection.client.callTool(
          { name, arguments: values as Record<string, unknown> },
          {
            signal,
            onprogress: progress => outcome.progress(progress),
            resetTimeoutOnProgress: true,
            timeout: 900_000,
          },
        );
        outcome.result(result);
        if (typeof appUri !== 'string' || result.isError) return;
        const call = { tool, tools, uri: appUri, arguments: values as Record<string, unknown>, result };
        app = await showApp(connection, outcome, call);
      } catch (error) {
        outcome.failed(signal.aborted ? 'Cancelled.' : connection.explain(error));
      }
    },
  );
}

/** Shows the app of a tool below the result, or the reason why it cannot be shown. */
async function showApp(
  connection: Connection,
  outcome: Outcome,
  call: Omit<AppCall, 'client' | 'place'>,
): Promise<OpenApp | undefined> {
  const place = (element: HTMLElement) => outcome.element.querySelector('.status')?.after(element);
  try {
    const { openApp } = await import('./app-host.ts');
    return await openApp({ ...call, client: connection.client, place });
  } catch (error) {
    const reason = connection.explain(error);
    place(notice('error', el('p', {}, `The app of this tool cannot be shown. ${reason}`)));
    return undefined;
  }
}

function resourceCard(connection: Connection, { uri, name, title, description }: Resource): HTMLElement {
  const read = () => uri;
  return readCard(connection, name, title ?? name, description ?? uri, objectFields({}), read);
}

/**
 * Creates the card of a template, with a field for each variable. Expands the simple form of RFC 6570, which most templates use.
 */
function templateCard(
  connection: Connection,
  { uriTemplate, name, title, description }: ResourceTemplateType,
): HTMLElement {
  const names = [...uriTemplate.matchAll(/\{[+#./;?&]?([\w,*]+)\}/g)].flatMap(([, list = '']) =>
    list.replaceAll('*', '').split(','),
  );
  const properties = Object.fromEntries(names.map(variable => [variable, { type: 'string' }]));
  const fields = objectFields({ type: 'object', properties, required: names });
  const read = (values: Record<string, string>): string =>
    uriTemplate.replaceAll(/\{([+#./;?&]?)([\w,*]+)\}/g, (_, operator: string, list: string) =>
      list
        .split(',')
        .map(variable => {
          const value = values[variable.replace('*', '')] ?? '';
          return operator === '+' ? encodeURI(value) : encodeURIComponent(value);
        })
        .join(','),
    );
  return readCard(
    connection,
    name,
    title ?? name,
    `${description ?? ''} ${uriTemplate}`.trim(),
    fields,
    read,
  );
}

function readCard(
  connection: Connection,
  name: string,
  title: string,
  description: string,
  fields: Field,
  uriOf: (values: Record<string, string>) => string,
): HTMLElement {
  return card(name, title, description, [], fields, 'Read', async (outcome, values, signal) => {
    try {
      const { contents } = await connection.client.readResource(
        { uri: uriOf(values as Record<string, string>) },
        { signal },
      );
      outcome.show('Contents', ...contents.map(resource => contentView({ type: 'resource', resource })));
    } catch (error) {
      outcome.failed(signal.aborted ? 'Cancelled.' : connection.explain(error));
    }
  });
}

function promptCard(
  connection: Connection,
  { name, title, description, arguments: parameters = [] }: Prompt,
): HTMLElement {
  const properties = Object.fromEntries(
    parameters.map(p => [
      p.name,
      {
        type: 'string',
        ...(p.description && { description: p.description }),
      },
    ]),
  );
  const required = parameters.filter(p => p.required).map(p => p.name);
  const fields = objectFields({ type: 'object', properties, required });
  return card(name, title, description, [], fields, 'Get', async (outcome, values, signal) => {
    try {
      const { messages } = await connection.client.getPrompt(
        { name, arguments: values as Record<string, string> },
        { signal },
      );
      outcome.show(
        'Messages',
        ...messages.map(({ role, content }) => el('div', {}, el('h4', {}, role), contentView(content))),
      );
    } catch (error) {
      outcome.failed(signal.aborted ? 'Cancelled.' : connection.explain(error));
    }
  });
}
