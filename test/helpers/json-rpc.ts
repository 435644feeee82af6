/** Requests of revision 2026-07-28 without an SDK: the body with its `_meta` envelope, and the headers that must match it. */
const REVISION = '2026-07-28';

export function modernRequest(
  method: string,
  params: object = {},
  revision = REVISION,
  id: string | number = 1,
): object {
  const { _meta: more, ...others } = params as { _meta?: object };
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': revision,
    'io.modelcontextprotocol/clientInfo': { name: 'by-hand', version: '1' },
    'io.modelcontextprotocol/clientCapabilities': {},
    ...more,
  };
  return { jsonrpc: '2.0', id, method, params: { _meta, ...others } };
}

export function modernHeaders(
  method: string,
  params: object = {},
  revision = REVISION,
): Record<string, string> {
  const { name, uri } = params as { name?: string; uri?: string };
  const subject = name ?? uri;
  return { 'mcp-protocol-version': revision, 'mcp-method': method, ...(subject && { 'mcp-name': subject }) };
}
