/** Shows the course of a call: progress, input requests, and the result or error. */
import type {
  CallToolResult,
  ContentBlock,
  ElicitRequestFormParams,
  ElicitResult,
  Progress,
} from '@modelcontextprotocol/client';
import { button, el, jsonBlock, notice } from './dom.ts';
import type { Schema } from './schema.ts';
import { objectFields } from './schema-form.ts';

/** The part of a card that shows the outcome of a call. */
export class Outcome {
  readonly element = el('div', { class: 'outcome', 'aria-live': 'polite' });
  readonly #bar = el('progress', { 'aria-label': 'Progress' });
  readonly #lines = el('ol', { class: 'progress-lines' });
  readonly #status = el('p', { class: 'status' });
  #started = 0;
  #timer: ReturnType<typeof setInterval> | undefined;

  begin(cancel: () => void): void {
    this.#started = performance.now();
    this.#lines.replaceChildren();
    this.#bar.removeAttribute('value');
    this.#status.replaceChildren('Calling…');
    const stop = button('Cancel', cancel, { class: 'small' });
    this.element.replaceChildren(el('div', { class: 'running' }, this.#bar, this.#status, stop), this.#lines);
    clearInterval(this.#timer);
  }

  progress({ progress, total, message }: Progress): void {
    if (total !== undefined) this.#bar.max = total;
    if (total !== undefined) this.#bar.value = progress;
    const amount = total === undefined ? String(progress) : `${progress} of ${total}`;
    this.#lines.append(
      el(
        'li',
        {},
        el('span', { class: 'time' }, this.#elapsed()),
        ` ${message ? `${amount}: ${message}` : amount}`,
      ),
    );
    this.#lines.scrollTop = this.#lines.scrollHeight;
  }

  /** Shows an input request as a form; resolves when the visitor has submitted or closed it. */
  ask({ message, requestedSchema }: ElicitRequestFormParams): Promise<ElicitResult> {
    const { promise, resolve } = Promise.withResolvers<ElicitResult>();
    const fields = objectFields(requestedSchema as unknown as Schema);
    const form = el(
      'form',
      { class: 'question' },
      el('h4', {}, 'The tool requests input'),
      el('p', {}, message),
      fields.element,
    );
    const respond = (result: ElicitResult): void => {
      form.remove();
      resolve(result);
    };
    form.addEventListener('submit', event => {
      event.preventDefault();
      respond({ action: 'accept', content: fields.value() as Record<string, string> });
    });
    form.append(
      el(
        'div',
        { class: 'actions' },
        el('button', { type: 'submit', class: 'primary' }, 'Submit'),
        button('Decline', () => respond({ action: 'decline' })),
        button('Cancel', () => respond({ action: 'cancel' })),
      ),
    );
    this.element.append(form);
    form.querySelector<HTMLElement>('input, select, textarea')?.focus();
    return promise;
  }

  result({ content = [], structuredContent, isError }: CallToolResult): void {
    const parts = content.map(block => contentView(block));
    const structured = structuredContent === undefined ? [] : [structuredView(structuredContent)];
    const what = isError
      ? notice('error', el('h4', {}, 'The tool returned an error'), ...parts)
      : el('div', { class: 'content' }, ...parts);
    this.#finish(isError ? 'Tool error' : 'Result', what, ...structured);
  }

  show(title: string, ...parts: readonly HTMLElement[]): void {
    this.#finish(title, ...parts);
  }

  failed(sentence: string): void {
    this.#finish('Failed', notice('error', el('p', {}, sentence)));
  }

  #finish(title: string, ...parts: readonly HTMLElement[]): void {
    const lines =
      this.#lines.childElementCount > 0
        ? [
            el(
              'details',
              { open: true },
              el('summary', {}, `${this.#lines.childElementCount} progress messages`),
              this.#lines,
            ),
          ]
        : [];
    this.element.replaceChildren(
      el(
        'p',
        { class: 'status done' },
        `${title} `,
        el('span', { class: 'time' }, `after ${this.#elapsed()}`),
      ),
      ...parts,
      ...lines,
    );
    // On a phone the form fills the screen.
    this.element.querySelector('.status')?.scrollIntoView({ block: 'nearest' });
  }

  #elapsed(): string {
    const ms = performance.now() - this.#started;
    return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
  }
}

function structuredView(value: unknown): HTMLElement {
  return el(
    'details',
    { open: true },
    el('summary', {}, 'Structured result'),
    jsonBlock(value, 'Structured result'),
  );
}

/** Creates the view of a content block. Blocks other than text, image, audio and resource are shown as JSON. */
export function contentView(block: ContentBlock): HTMLElement {
  switch (block.type) {
    case 'text':
      return el('pre', { class: 'text' }, block.text);
    case 'image':
      return el('img', {
        src: dataUrl(block, /^image\/(png|jpeg|gif|webp|avif)$/),
        alt: 'Image in the result',
      });
    case 'audio':
      return el('audio', { src: dataUrl(block, /^audio\/[\w.+-]+$/), controls: true });
    case 'resource':
      return 'text' in block.resource
        ? el(
            'div',
            {},
            el('p', { class: 'hint' }, block.resource.uri),
            el('pre', { class: 'text' }, block.resource.text),
          )
        : jsonBlock(block.resource, 'Embedded resource');
    default:
      return jsonBlock(block, block.type);
  }
}

function dataUrl(
  { mimeType, data }: { mimeType: string; data: string },
  allowed: RegExp,
): string | undefined {
  return allowed.test(mimeType) && /^[\w+/=\s]*$/.test(data) ? `data:${mimeType};base64,${data}` : undefined;
}
