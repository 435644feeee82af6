/**
 * What a JSON-RPC request asks for, for the request line: `tools/call get_weather`. Anything else has no such name.
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
    return undefined; // The function will say so; here it has no name.
  }
  if (typeof message.method !== 'string') return undefined;
  const subject = message.params?.name ?? message.params?.uri;
  return [message.method, subject]
    .filter(part => typeof part === 'string')
    .join(' ')
    .slice(0, 200);
}
