/**
 * The upstream of the fixture app (test/fixtures/app): a glossary on 127.0.0.1 that can be slow, fail or end.
 *
 * `GET /entries?term=TERM` returns `{ entries }`: one entry for a known term, two for "mercury", none for any other term. Terms
 * of two or more letters also match by prefix, for completion.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** 120 known terms of the same length, each part of no other, for many lookups at once. */
export const MANY_TERMS: readonly string[] = Array.from(
  { length: 120 },
  (_, at) => `term-${String(at + 1).padStart(3, '0')}`,
);

const DEFINITIONS: Readonly<Record<string, string>> = {
  ...Object.fromEntries(MANY_TERMS.map((term, at) => [term, `definition ${at + 1}`])),
  estuary: 'the mouth of a river where it meets the tide',
  glacier: 'a mass of ice that moves under its own weight',
  'mercury (element)': 'a metal that is liquid at room temperature',
  'mercury (planet)': 'the planet closest to the sun',
  tide: 'the rise and fall of the sea, caused by the moon and the sun',
};

export interface FakeUpstreamOptions {
  /** 0 for any free port. @default 0 */
  port?: number;
  /** Delay of every response, in milliseconds. @default 0 */
  delayMs?: number;
}

export interface FakeUpstream {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  /** Settings that make the fixture app use it. */
  readonly env: { readonly FIXTURE_UPSTREAM_URL: string };
  /** Path and query of every request since the last reset, in order of arrival. */
  readonly requests: readonly string[];
  /** Highest number of requests that were open at the same time since the last reset. */
  readonly maxConcurrent: number;
  setDelay(ms: number): void;
  /** While true, every response is a 500 whose body must not reach a caller. */
  setFailing(failing: boolean): void;
  /** Responses for this term wait until the returned function is called. */
  hold(term: string): () => void;
  /** Clears requests and counts, the delay and the failure. */
  reset(): void;
  /** Closes the server and all its connections. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Resolves when it listens. */
export async function startFakeUpstream(options: FakeUpstreamOptions = {}): Promise<FakeUpstream> {
  const requests: string[] = [];
  const held = new Map<string, Promise<void>>();
  let delay = options.delayMs ?? 0;
  let failing = false;
  let open = 0;
  let maxConcurrent = 0;

  const respond = async ({ url = '' }: IncomingMessage, response: ServerResponse): Promise<void> => {
    requests.push(url);
    open += 1;
    maxConcurrent = Math.max(maxConcurrent, open);
    response.once('close', () => {
      open -= 1;
    });
    if (delay > 0) await sleep(delay);
    const { searchParams } = new URL(url, 'http://upstream');
    await held.get(searchParams.get('term') ?? '');
    const body = failing
      ? { error: 'at /srv/secret/path' }
      : { entries: entriesOf(searchParams.get('term')) };
    response.writeHead(failing ? 500 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body));
  };
  const server = createServer(respond).listen(options.port ?? 0, '127.0.0.1');
  // Connections stay open: a frozen environment does not notice that one is closed, and its next request over that one fails.
  server.keepAliveTimeout = 0;
  await once(server, 'listening');

  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const close = async (): Promise<void> => {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  };
  return {
    url,
    env: { FIXTURE_UPSTREAM_URL: url },
    requests,
    get maxConcurrent() {
      return maxConcurrent;
    },
    setDelay(ms) {
      delay = ms;
    },
    setFailing(value) {
      failing = value;
    },
    hold(term) {
      const { promise, resolve } = Promise.withResolvers<void>();
      held.set(term, promise);
      return resolve;
    },
    reset() {
      held.clear();
      requests.length = 0;
      maxConcurrent = open;
      delay = 0;
      failing = false;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

function entriesOf(term: string | null): { name: string; definition: string }[] {
  const typed = (term ?? '').toLowerCase();
  const names = Object.keys(DEFINITIONS);
  const exact = names.filter(name => name === typed || name.startsWith(`${typed} (`));
  const matches = exact.length > 0 || typed.length < 2 ? exact : names.filter(name => name.startsWith(typed));
  return matches.map(name => ({ name, definition: DEFINITIONS[name] ?? '' }));
}
