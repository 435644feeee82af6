/** Creates elements. Data of a server becomes text or an attribute, never markup. */

type Child = Node | string | undefined | false;

type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** Creates an element with attributes (without those that are false or undefined) and children; strings become text. */
export function el<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false)
      element.setAttribute(name, value === true ? '' : String(value));
  }
  element.append(...children.filter(child => child !== undefined && child !== false));
  return element;
}

let count = 0;

/** Returns a unique id. */
export function freshId(word: string): string {
  count += 1;
  return `${word}-${count}`;
}

export function button(text: string, does: () => void, attributes: Attributes = {}): HTMLButtonElement {
  const made = el('button', { type: 'button', ...attributes }, text);
  made.addEventListener('click', does);
  return made;
}

/** Creates a message that screen readers announce. */
export function notice(kind: 'error' | 'info', ...children: readonly Child[]): HTMLElement {
  return el('div', { class: `notice ${kind}`, role: kind === 'error' ? 'alert' : 'status' }, ...children);
}

/** Creates a block of formatted JSON. */
export function jsonBlock(value: unknown, label: string): HTMLElement {
  return el(
    'pre',
    { tabindex: 0, 'aria-label': label, role: 'region' },
    el('code', {}, JSON.stringify(value, null, 2)),
  );
}
