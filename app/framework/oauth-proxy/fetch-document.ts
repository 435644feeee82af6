/**
 * Fetches a JSON document from a URL that a client names: https, a public address, no redirects, limits on size and time.
 * `fetch` is not used, because it would resolve the name again after the check.
 */
import { request } from 'node:https';
import { type Address, createPublicResolver, type Resolve } from './public-address.ts';

/** Parameters that tests replace. */
export interface DocumentAccess {
  /** @default by DNS, public addresses only */
  resolve?: Resolve;
  /** Certificate authorities, PEM. @default those of Node */
  ca?: string;
  /** Time limit for everything, in ms. @default 3000 */
  timeoutMs?: number;
}

export type FetchDocument = (url: string, maxBytes: number) => Promise<Record<string, unknown>>;

/** Creates the fetcher. It rejects with an Error whose message continues "The document cannot be used: ". */
export function createFetchDocument(access: DocumentAccess = {}): FetchDocument {
  const { resolve = createPublicResolver(), ca, timeoutMs = 3_000 } = access;

  return async function fetchDocument(text, maxBytes) {
    const url = new URL(text);
    if (url.protocol !== 'https:') throw new Error('its URL is not https');
    const signal = AbortSignal.timeout(timeoutMs);
    const late = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(new Error(`it did not arrive within ${timeoutMs} ms`)));
    });
    const fetched = resolve(url.hostname).then(address => download(url, address, { ca, signal, maxBytes }));
    const body = await Promise.race([fetched, late]);
    const value: unknown = JSON.parse(body);
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw new Error('it is not a JSON object');
    return value as Record<string, unknown>;
  };
}

interface Limits {
  ca: string | undefined;
  signal: AbortSignal;
  maxBytes: number;
}

function download(url: URL, { address, family }: Address, { ca, signal, maxBytes }: Limits): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = {
      agent: false,
      headers: { accept: 'application/json', 'user-agent': 'mcp-on-lambda' },
      signal,
      ...(ca !== undefined && { ca }),
      lookup: ((_host, { all }, callback) =>
        all
          ? callback(null, [{ address, family }])
          : callback(null, address, family)) as import('node:net').LookupFunction,
    };
    const sent = request(url, options, response => {
      const { statusCode, headers } = response;
      const fail = (reason: string): void => {
        sent.destroy();
        reject(new Error(reason));
      };
      if (statusCode !== 200) return fail(`its server returned ${statusCode}`);
      if (!/^application\/(?:[\w.-]+\+)?json\b/i.test(headers['content-type'] ?? ''))
        return fail('its content type is not JSON');
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > maxBytes) return fail(`it has more than ${maxBytes} bytes`);
        chunks.push(chunk);
      });
      response.once('end', () => resolve(Buffer.concat(chunks).toString()));
      response.once('error', reject);
    });
    sent.once('error', reject);
    sent.end();
  });
}
