/**
 * One line of JSON a request: what was asked, by whom, how it ended. CloudWatch Logs Insights finds the fields by itself.
 *
 * Never in it: headers, bodies, arguments, tokens.
 */
import type { MiddlewareHandler } from 'hono';

/** What the line is made of besides the request and the response. */
export interface RequestLogEnv {
  Variables: { authInfo?: { clientId: string; extra?: { mode?: unknown; subject?: unknown } } };
}

export function requestLog(write: (line: string) => void = console.log): MiddlewareHandler<RequestLogEnv> {
  return async function logRequest(c, next) {
    const started = performance.now();
    await next();
    const { headers } = c.req.raw;
    const caller = c.get('authInfo');
    const line = {
      type: 'request',
      method: c.req.method,
      path: c.req.path,
      status: c.res.status,
      ms: Math.round(performance.now() - started), // to the first byte
      mcpMethod: headers.get('mcp-method') ?? undefined,
      mcpName: headers.get('mcp-name') ?? undefined,
      revision: headers.get('mcp-protocol-version') ?? undefined,
      caller: caller?.clientId,
      auth: caller?.extra?.mode,
      subject: caller?.extra?.subject,
    };
    write(JSON.stringify(line));
  };
}
