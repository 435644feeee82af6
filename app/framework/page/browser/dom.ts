/** Makes elements. What comes from a server only ever becomes text or an attribute, never markup. */

type Child = Node | string | undefined | false;

type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** An element with attributes (false and undefined leave one out) and children; strings become text. */
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

/** An id that no other element has. */
export function freshId(word: string): string {
  count += 1;
  return `${word}-${count}`;
}

export function button(text: string, does: () => void, attributes: Attributes = {}): HTMLButtonElement {
  const made = el('button', { type: 'button', ...attributes }, text);
  made.addEventListener('click', does);
  return made;
}

/** What a screen reader says when it appears. */
export function notice(kind: 'error' | 'info', ...children: readonly Child[]): HTMLElement {
  return el('div', { class: `notice ${kind}`, role: kind === 'error' ? 'alert' : 'status' }, ...children);
}

/** JSON for people. */
export function jsonBlock(value: unknown, label: string): HTMLElement {
  return el(
    'pre',
    { tabindex: 0, 'aria-label': label, role: 'region' },
    el('code', {}, JSON.stringify(value, null, 2)),
  );
}
