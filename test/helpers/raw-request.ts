/** Sends an HTTP request with exactly these header lines and this target, which `fetch` would normalize. */
import { request } from 'node:http';

export interface RawResponse {
  status: number;
  headers: [name: string, value: string][];
  header(name: string): string | undefined;
  body: Buffer;
}

export interface RawRequest {
  method?: string;
  target: string;
  headers?: readonly (readonly [string, string])[];
  body?: string;
}

export function rawRequest(
  url: string,
  { method = 'GET', target, headers = [], body }: RawRequest,
): Promise<RawResponse> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const outgoing = request({ hostname, port, method, path: target }, async response => {
      const chunks: Buffer[] = [];
      for await (const chunk of response) chunks.push(chunk);
      const lines: [string, string][] = [];
      for (let i = 0; i < response.rawHeaders.length; i += 2) {
        lines.push([String(response.rawHeaders[i]).toLowerCase(), String(response.rawHeaders[i + 1])]);
      }
      const header = (name: string): string | undefined => lines.find(([given]) => given === name)?.[1];
      resolve({ status: response.statusCode ?? 0, headers: lines, header, body: Buffer.concat(chunks) });
    });
    for (const [name, values] of byName(headers))
      outgoing.setHeader(name, values.length > 1 ? values : String(values[0]));
    outgoing.once('error', reject).end(body);
  });
}

function byName(headers: readonly (readonly [string, string])[]): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const [name, value] of headers) {
    const key = name.toLowerCase();
    groups.set(key, [...(groups.get(key) ?? []), value]);
  }
  return groups;
}
