/**
 * Returns the label of a JSON-RPC request for the request line, such as `tools/call get_weather`; undefined for other requests.
 */
import type { WireRequest } from './request.ts';

interface JsonRpcRequest {
  method?: unknown;
  params?: { name?: unknown; uri?: unknown };
}

export function jsonRpcCall({ method, body }: WireRequest): string | undefined {
  if (method !== 'POST' || body[0] !== 0x7b) return undefined; // 0x7b: an object begins
  let message: JsonRpcRequest;
  try {
    message = JSON.parse(body.toString());
  } catch {
    return undefined; // Not JSON: the function returns the error.
  }
  if (typeof message.method !== 'string') return undefined;
  const subject = message.params?.name ?? message.params?.uri;
  return [message.method, subject]
    .filter(part => typeof part === 'string')
    .join(' ')
    .slice(0, 200);
}
