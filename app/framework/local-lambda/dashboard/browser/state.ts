/** The state that the server sends to the dashboard (recorder.ts creates it), and helpers that create elements. */

export interface Environment {
  id: number;
  function: string;
  state: 'init' | 'snapshot' | 'restoring' | 'busy' | 'frozen' | 'idle' | 'held' | 'ended';
  pid?: number;
  invocations: number;
  tenant?: string;
}

export interface Invocation {
  id: string;
  function: string;
  environment: number;
  what?: string;
  status?: number;
  duration?: number;
  initDuration?: number;
  restoreDuration?: number;
  billed?: number;
  memory?: number;
  error?: string;
}

export interface State {
  function: {
    name: string;
    memory: number;
    timeout: number;
    freeze: boolean;
    endpoint: string;
    isolation: 'shared' | 'per-caller';
    url: string;
  };
  environments: Environment[];
  invocations: Invocation[];
}

/** Creates an element; strings become text. */
export function el<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Readonly<Record<string, string>>,
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

export function ms(milliseconds: number): string {
  return milliseconds < 1000 ? `${milliseconds.toFixed(1)} ms` : `${(milliseconds / 1000).toFixed(2)} s`;
}
