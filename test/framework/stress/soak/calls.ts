/** The calls of a soak test, in both eras. Each has a mark that its response must contain, so that a response of another call is detected. */

import { MANY_TERMS } from '../../../helpers/fake-upstream.ts';
import { modernHeaders, modernRequest } from '../../../helpers/json-rpc.ts';
import type { Random } from '../../../helpers/random.ts';

export interface Call {
  kind: string;
  /** The JSON-RPC ID, which the response must have. */
  id: string;
  headers: Record<string, string>;
  body: string;
  /** The marks that the response must contain. It must contain no other marks of this form. */
  marks: readonly string[];
}

const HEADERS = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };

/** Returns a call of a random kind. */
export function nextCall(random: Random, id: string): Call {
  const kind = random.of(['get', 'get', 'get', 'compare', 'list', 'initialize', 'unknown'] as const);
  const modern = random.of([true, false]);
  const terms = kind === 'compare' ? random.some(MANY_TERMS, 2, 6) : random.some(MANY_TERMS, 1, 1);
  const request = REQUESTS[kind](terms);
  const params = modern && request.method === 'initialize' ? {} : request.params;
  const method = modern && request.method === 'initialize' ? 'server/discover' : request.method;
  const body = modern ? modernRequest(method, params, undefined, id) : { jsonrpc: '2.0', id, method, params };
  return {
    kind: `${kind}, ${modern ? '2026-07-28' : '2025-11-25'}`,
    id,
    headers: { ...HEADERS, ...(modern && modernHeaders(method, params)) },
    body: JSON.stringify(body),
    marks: kind === 'get' || kind === 'compare' ? terms : [],
  };
}

type Request = { method: string; params: Record<string, unknown> };

const REQUESTS: Record<'get' | 'compare' | 'list' | 'initialize' | 'unknown', (terms: string[]) => Request> =
  {
    get: ([term]) => tool('lookup', { term }),
    // With progress, so that the response is streamed.
    compare: terms => tool('lookup_many', { terms }, { _meta: { progressToken: 1 } }),
    list: () => ({ method: 'tools/list', params: {} }),
    initialize: () => ({
      method: 'initialize',
      params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'soak', version: '1' } },
    }),
    unknown: () => tool('no_such_tool', {}),
  };

function tool(name: string, args: object, more: object = {}): Request {
  return { method: 'tools/call', params: { name, arguments: args, ...more } };
}
