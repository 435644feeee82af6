/**
 * The console: connects without authentication, or after the visitor has signed in or entered a token; then lists tools, resources
 * and prompts.
 */
import '../../zod-jitless.ts';
import type {
  AuthProvider,
  ElicitRequestFormParams,
  ElicitResult,
  Implementation,
} from '@modelcontextprotocol/client';
import { type Connection, connect } from './connection.ts';
import { copyButtons } from './copy.ts';
import { button, el, freshId, notice } from './dom.ts';
import { handOver, signIn } from './sign-in.ts';
import { listTabs } from './tabs.ts';

function begin(main: HTMLElement, place: HTMLElement): void {
  const { endpoint: relative = '', auth = '', issuer = '', client = '' } = main.dataset;
  const endpoint = new URL(relative, location.href);
  const kinds = auth.split(' ');
  const session = new Session(endpoint, place, { issuer, client }, kinds);
  if (kinds.includes('none')) void session.open(undefined);
  else session.askWhoCalls();
}

class Session {
  readonly #endpoint: URL;
  readonly #place: HTMLElement;
  readonly #issuer: string;
  /** The page's own client id; empty if the visitor has to enter one, or the issuer registers the page. */
  readonly #client: string;
  readonly #kinds: readonly string[];
  /** Shows an input request of the current call. */
  #ask: ((question: ElicitRequestFormParams) => Promise<ElicitResult>) | undefined;

  constructor(
    endpoint: URL,
    place: HTMLElement,
    { issuer, client }: { issuer: string; client: string },
    kinds: readonly string[],
  ) {
    this.#endpoint = endpoint;
    this.#place = place;
    this.#issuer = issuer;
    this.#client = client;
    this.#kinds = kinds;
  }

  async open(credentials: AuthProvider | undefined): Promise<void> {
    this.#place.replaceChildren(notice('info', el('p', {}, 'Connecting…')));
    try {
      const connection = await connect(this.#endpoint, credentials, async question => {
        return (await this.#ask?.(question)) ?? { action: 'cancel' };
      });
      await this.#show(connection);
    } catch (error) {
      this.#failed((error as Error).message, credentials);
    }
  }

  #failed(sentence: string, credentials: AuthProvider | undefined): void {
    const problem = notice('error', el('p', {}, sentence));
    if (credentials || !this.#kinds.includes('none')) {
      this.askWhoCalls(problem);
      return;
    }
    problem.append(button('Try again', () => void this.open(undefined)));
    this.#place.replaceChildren(problem);
  }

  async #show(connection: Connection): Promise<void> {
    const { client } = connection;
    const about = client.getServerVersion();
    describe(about, client.getNegotiatedProtocolVersion(), client.getInstructions());
    const tabs = await listTabs(connection, ask => {
      this.#ask = ask;
    });
    this.#place.replaceChildren(tabs);
  }

  /** Shows the forms for a token and for sign-in. Tools are listed only after that. */
  askWhoCalls(problem?: HTMLElement): void {
    if (this.#kinds.includes('closed')) {
      const why =
        'No authentication is configured, so every request is denied. Set MCP_AUTH to token, oauth, iam or authorizer, or to none for a public server.';
      this.#place.replaceChildren(notice('error', el('p', {}, why)));
      return;
    }
    const parts = [
      el(
        'p',
        {},
        'This server requires authentication. Your credentials stay in the memory of this page until you close or reload it.',
      ),
    ];
    if (this.#kinds.includes('iam'))
      parts.push(
        el('p', { class: 'hint' }, 'Callers with IAM credentials sign their requests; a browser cannot.'),
      );
    this.#place.replaceChildren(
      ...(problem ? [problem] : []),
      el(
        'div',
        { class: 'sign-in' },
        ...parts,
        this.#tokenForm(),
        ...(this.#issuer ? [this.#signInForm()] : []),
      ),
    );
  }

  #tokenForm(): HTMLElement {
    const id = freshId('token');
    const input = el('input', {
      id,
      type: 'password',
      autocomplete: 'off',
      required: true,
      spellcheck: 'false',
    });
    const form = el(
      'form',
      { class: 'inline' },
      el('label', { for: id }, this.#issuer ? 'Access token' : 'Token'),
      input,
      el('button', { type: 'submit', class: 'primary' }, 'Connect'),
    );
    form.addEventListener('submit', event => {
      event.preventDefault();
      const token = input.value.trim().replace(/^Bearer\s+/i, '');
      void this.open({ token: async () => token });
    });
    return form;
  }

  #signInForm(): HTMLElement {
    const id = freshId('client');
    const input = el('input', { id, autocomplete: 'off', spellcheck: 'false' });
    const label = el(
      'label',
      { for: id },
      'Client id',
      el('span', { class: 'optional' }, ' if the issuer does not register clients automatically'),
    );
    const form = el(
      'form',
      { class: 'inline' },
      ...(this.#client ? [] : [label, input]),
      el('button', { type: 'submit' }, `Sign in at ${new URL(this.#issuer).host}`),
    );
    form.addEventListener('submit', event => {
      event.preventDefault();
      const signed = signIn(this.#endpoint, this.#client || input.value.trim(), this.#issuer);
      signed.then(
        credentials => this.open(credentials),
        error => this.askWhoCalls(notice('error', el('p', {}, (error as Error).message))),
      );
    });
    return form;
  }
}

/** An icon as a data URL: the page loads nothing from other hosts. Scripts in an image do not run. */
const ICON = /^data:image\/(png|jpeg|webp|svg\+xml);base64,[\w+/=]+$/;

/** Shows the server's name and description at the top of the page. */
function describe(
  about: Implementation | undefined,
  revision: string | undefined,
  instructions: string | undefined,
): void {
  const name = document.getElementById('server-name');
  const words = document.getElementById('server-about');
  if (!about || !name || !words) return;
  const icon = about.icons?.find(({ src, theme }) => ICON.test(src) && theme !== 'dark');
  name.replaceChildren(
    ...(icon ? [el('img', { src: icon.src, alt: '', class: 'icon' })] : []),
    about.title ?? about.name,
  );
  document.title = `${about.title ?? about.name} – MCP server`;
  const description = about.description ?? instructions;
  words.replaceChildren(
    ...(description ? [el('span', {}, description), el('br')] : []),
    el('span', { class: 'facts' }, `${about.name} ${about.version} · MCP ${revision ?? '?'}`),
  );
}

const main = document.getElementById('main');
const place = document.getElementById('console');
if (handOver())
  document.body.replaceChildren(el('p', { class: 'wide' }, 'Signed in. You can close this window.'));
else if (main && place) begin(main, place);
copyButtons();
