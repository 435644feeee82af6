/** Checks CORS, and that requests of other web pages are denied. https://fetch.spec.whatwg.org/#http-cors-protocol */
import { type Check, type Finding, failed, ok, type Wishes } from './check.ts';
import { type Exchange, header } from './exchange.ts';
import { NO_CREDENTIALS, type Target } from './target.ts';

const STRANGE_ORIGIN = 'https://doctor.invalid';

export const browsers: Check = {
  id: 'cors',
  title: 'web pages: only allowed ones may call',
  needs: ['who-may-call'],
  async run(target, _facts, { origin }: Wishes) {
    const strange = await preflight(target, STRANGE_ORIGIN);
    const request = await target.modern('tools/list', {}, { headers: { origin: STRANGE_ORIGIN } });
    const granted = strange.headers.get('access-control-allow-origin') ?? [];
    const twice = [strange, request].some(
      exchange => (exchange.headers.get('access-control-allow-origin')?.length ?? 0) > 1,
    );
    if (twice)
      return failed(
        'Responses contain CORS headers twice.',
        'Remove the cors block of the Function URL: the app sets these headers itself.',
      );
    if (granted.includes('*') || granted.includes(STRANGE_ORIGIN)) {
      return failed(
        `Pages of any origin are allowed (${granted}).`,
        'Remove the cors block of the Function URL, or the proxy setting that adds such headers.',
      );
    }
    if (request.status === 200) {
      return failed(
        'A request with the Origin of another website is accepted.',
        'A proxy removes the Origin header, or the server does not check it (DNS rebinding).',
      );
    }
    const refused = `Other origins are denied (${request.status}).`;
    return origin
      ? ownPage(target, origin, refused)
      : ok(`${refused} To check your own page: --origin https://…`);
  },
};

function preflight(target: Target, origin: string): Promise<Exchange> {
  return target.send({
    method: 'OPTIONS',
    credentials: NO_CREDENTIALS, // As browsers do.
    headers: {
      origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization,content-type,mcp-method,mcp-name,mcp-protocol-version',
    },
  });
}

async function ownPage(target: Target, origin: string, refused: string): Promise<Finding> {
  const asked = await preflight(target, origin);
  const allowed = asked.headers.get('access-control-allow-origin') ?? [];
  const advice = `Set MCP_ALLOWED_ORIGINS to the host name of the page (${new URL(origin).hostname}).`;
  if (allowed.length !== 1 || allowed[0] !== origin)
    return failed(
      `The response to the preflight of ${origin} is ${asked.status} with ${allowed.join(', ') || 'no allowed origin'}.`,
      advice,
    );
  const headers = (header(asked, 'access-control-allow-headers') ?? '').toLowerCase();
  const missing = ['authorization', 'mcp-method', 'mcp-protocol-version'].filter(
    name => !headers.includes(name),
  );
  if (missing.length > 0)
    return failed(
      `The preflight does not allow ${missing.join(', ')}.`,
      'A proxy or API Gateway responds instead of the app.',
    );
  const request = await target.modern('tools/list', {}, { headers: { origin } });
  return request.status === 200
    ? ok(`${refused} ${origin} may call.`)
    : failed(`${origin} passes the preflight, but its request is denied (${request.status}).`, advice);
}
