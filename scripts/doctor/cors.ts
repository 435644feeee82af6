/** CORS, and the rejection of pages that are not allowed. https://fetch.spec.whatwg.org/#http-cors-protocol */
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
      answer => (answer.headers.get('access-control-allow-origin')?.length ?? 0) > 1,
    );
    if (twice)
      return failed(
        'CORS headers come twice.',
        'Remove the cors block of the Function URL: the app answers by itself.',
      );
    if (granted.includes('*') || granted.includes(STRANGE_ORIGIN)) {
      return failed(
        `A page of any origin is granted (${granted}).`,
        'Remove the cors block of the Function URL, or what adds such headers in between.',
      );
    }
    if (request.status === 200) {
      return failed(
        'A request with a strange Origin is answered.',
        'Something in between takes the Origin header away, or the server does not look at it (DNS rebinding).',
      );
    }
    const refused = `Strange origins are refused (${request.status}).`;
    return origin
      ? ownPage(target, origin, refused)
      : ok(`${refused} To check a page of yours: --origin https://…`);
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
      `The preflight of ${origin} is answered with ${asked.status} and ${allowed.join(', ') || 'no permission'}.`,
      advice,
    );
  const headers = (header(asked, 'access-control-allow-headers') ?? '').toLowerCase();
  const missing = ['authorization', 'mcp-method', 'mcp-protocol-version'].filter(
    name => !headers.includes(name),
  );
  if (missing.length > 0)
    return failed(
      `The preflight does not allow ${missing.join(', ')}.`,
      'Something in between answers in place of the app.',
    );
  const request = await target.modern('tools/list', {}, { headers: { origin } });
  return request.status === 200
    ? ok(`${refused} ${origin} may call.`)
    : failed(`${origin} passes the preflight and is refused then (${request.status}).`, advice);
}
