/**
 * A Response that is there in full, for those that are: a status, a few headers and a text, which is what tools answer with.
 * Node's own puts the text into a stream of bytes, out of which it has to be read again, and copies the headers: that was a
 * tenth of a warm call. This one becomes one of Node's when it is asked for what it does not have.
 *
 * In the bundle it takes the place of the global `Response` (scripts/build/bundle-options.ts). What it cannot be, a stream for one, its
 * constructor gives as one of Node's, and to `instanceof` both are the same.
 *
 * https://fetch.spec.whatwg.org/#response-class
 */
const NodeResponse = globalThis.Response;
const NodeHeaders = globalThis.Headers;

/** What Node's constructor surely takes, and takes as it is. */
const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const VALUE = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/;
const WITHOUT_BODY = new Set([204, 205, 304]);

type Body = ConstructorParameters<typeof Response>[0];

/** By name, in lower case. */
type Fields = Record<string, string>;

/** The headers of one: Node's as soon as somebody asks for more than to read a field. */
class WholeHeaders {
  readonly #fields: Fields;
  #node: Headers | undefined;

  static {
    delegate(WholeHeaders.prototype, NodeHeaders.prototype, (headers: WholeHeaders) => headers.node);
  }

  constructor(fields: Fields) {
    this.#fields = fields;
  }

  get node(): Headers {
    this.#node ??= new NodeHeaders(this.#fields);
    return this.#node;
  }

  /** From now on `headers` are what it stands for. */
  set node(headers: Headers) {
    this.#node = headers;
  }

  get(name: string): string | null {
    if (this.#node) return this.#node.get(name);
    const key = String(name).toLowerCase();
    return Object.hasOwn(this.#fields, key) ? (this.#fields[key] as string) : null;
  }

  forEach(each: (value: string, name: string, all: Headers) => void, self?: unknown): void {
    if (this.#node) this.#node.forEach(each, self);
    else
      for (const name of Object.keys(this.#fields).sort())
        each.call(self, this.#fields[name] as string, name, this as unknown as Headers);
  }
}

export class WholeResponse {
  readonly #text: string;
  readonly #status: number;
  readonly #headers: WholeHeaders;
  #node: Response | undefined;

  static {
    delegate(WholeResponse.prototype, NodeResponse.prototype, (response: WholeResponse) =>
      response.#asNode(),
    );
  }

  /** `fields` are for {@link WholeResponse.json} only. */
  constructor(body?: Body, init?: ResponseInit, fields?: Fields) {
    const known = fields ?? (typeof body === 'string' ? fieldsOf(init) : undefined);
    this.#text = body as string;
    this.#status = init?.status ?? 200;
    this.#headers = new WholeHeaders(known ?? {});
    // biome-ignore lint/correctness/noConstructorReturn: `new Response()` must give a Response, whatever it is made of.
    if (!known) return new NodeResponse(body, init) as unknown as WholeResponse;
    known['content-type'] ??= 'text/plain;charset=UTF-8';
  }

  static json(data: unknown, init?: ResponseInit): Response {
    const fields = fieldsOf(init);
    const text: string | undefined = fields && JSON.stringify(data);
    if (!fields || text === undefined) return NodeResponse.json(data, init);
    fields['content-type'] ??= 'application/json';
    return new WholeResponse(text, init, fields) as unknown as Response;
  }

  static error(): Response {
    return NodeResponse.error();
  }

  static redirect(...args: Parameters<typeof Response.redirect>): Response {
    return NodeResponse.redirect(...args);
  }

  static [Symbol.hasInstance](value: unknown): boolean {
    return value instanceof NodeResponse;
  }

  /** The text of `response`, where it is one of these and nobody has begun to read it otherwise. */
  static readBody(response: object): string | undefined {
    if (!(#text in response) || response.#node) return undefined;
    return response.#text;
  }

  get status(): number {
    return this.#status;
  }

  get headers(): Headers {
    return this.#headers as unknown as Headers;
  }

  #asNode(): Response {
    if (this.#node) return this.#node;
    this.#node = new NodeResponse(this.#text, { status: this.#status, headers: this.#headers.node });
    this.#headers.node = this.#node.headers;
    return this.#node;
  }
}

/** The header fields of an answer that can be a whole one; else undefined. */
function fieldsOf(init: ResponseInit | null | undefined): Fields | undefined {
  const { status = 200, statusText, headers = {} } = init ?? {};
  if (!Number.isInteger(status) || status < 200 || status > 599 || WITHOUT_BODY.has(status)) return undefined;
  if (statusText !== undefined || Object.getPrototypeOf(headers ?? 0) !== Object.prototype) return undefined;
  const fields: Fields = {};
  for (const [name, value] of Object.entries(headers as Record<string, unknown>)) {
    const key = name.toLowerCase();
    if (typeof value !== 'string' || !NAME.test(name) || !VALUE.test(value)) return undefined;
    if (Object.hasOwn(fields, key) || key === 'set-cookie') return undefined;
    fields[key] = value;
  }
  return fields;
}

/** Gives `prototype` all that `of` has and it has not, of the object that stands behind; and `of` as its own prototype. */
function delegate<Light extends object>(
  prototype: object,
  of: object,
  behind: (light: Light) => object,
): void {
  for (const key of Reflect.ownKeys(of)) {
    if (Object.hasOwn(prototype, key)) continue;
    const { get, value } = Object.getOwnPropertyDescriptor(of, key) as PropertyDescriptor;
    if (get)
      Object.defineProperty(prototype, key, {
        configurable: true,
        get(this: Light) {
          return Reflect.get(behind(this), key);
        },
      });
    else if (typeof value === 'function')
      Object.defineProperty(prototype, key, {
        configurable: true,
        writable: true,
        value(this: Light, ...args: unknown[]) {
          return (Reflect.get(behind(this), key) as (...args: unknown[]) => unknown).apply(
            behind(this),
            args,
          );
        },
      });
  }
  Object.setPrototypeOf(prototype, of);
}
