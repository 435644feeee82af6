/** The headers of 2026-07-28: a request whose headers contradict its message is not served (specification, "Standard MCP headers"). */
import fc from 'fast-check';
import { modernRequest } from '../../../../helpers/json-rpc.ts';
import { nastyText } from '../arbitraries.ts';
import type { Property } from '../property.ts';
import { expectNothingLeaked, expectPlain, post, type Target } from '../target.ts';

interface Case {
  /** Header values; null leaves out the header. */
  version: string | null;
  method: string | null;
  name: string | null;
  session: string | null;
  accept: string;
  type: string;
  /** Values of the message. */
  revision: string;
}

const REVISIONS = ['2026-07-28', '2025-11-25', '2024-11-05', '1999-01-01'];
const perhaps = (right: string, ...others: string[]): fc.Arbitrary<string | null> =>
  fc.oneof(
    { weight: 6, arbitrary: fc.constant(right) },
    fc.constantFrom(null, ...others),
    nastyText.map(text =>
      Buffer.from(text)
        .toString('latin1')
        .replace(/[^\x20-\x7e\x80-\xff]/g, ''),
    ),
  );

const arbitrary: fc.Arbitrary<Case> = fc.record({
  version: perhaps('2026-07-28', ...REVISIONS, '2026-07-28,2026-07-28', ' 2026-07-28'),
  method: perhaps('tools/call', 'tools/list', 'subscriptions/listen', 'TOOLS/CALL', 'tools/call,tools/call'),
  name: perhaps('mark', 'fail', 'MARK', '=?base64?bWFyaw==?=', '=?base64?!!?=', 'mark,mark'),
  session: fc.oneof({ weight: 3, arbitrary: fc.constant(null) }, fc.constant('a-session')),
  accept: fc.constantFrom('application/json, text/event-stream', 'application/json', '*/*', 'text/html', ''),
  type: fc.constantFrom(
    'application/json',
    'application/json; charset=utf-16',
    'text/plain',
    'application/jsonx',
    '',
  ),
  revision: fc.constantFrom('2026-07-28', '2026-07-28', ...REVISIONS),
});

/** Decodes a header value, which may be encoded (specification, "Encoding of header values"). */
function means(header: string): string {
  const [, encoded] = /^=\?base64\?([A-Za-z0-9+/]*={0,2})\?=$/.exec(header.trim()) ?? [];
  return encoded === undefined ? header.trim() : Buffer.from(encoded, 'base64').toString();
}

async function check(target: Target, given: Case): Promise<void> {
  const params = { name: 'mark', arguments: { mark: 'served' } };
  const named = {
    'mcp-protocol-version': given.version,
    'mcp-method': given.method,
    'mcp-name': given.name,
    'mcp-session-id': given.session,
  };
  const headers = {
    accept: given.accept,
    'content-type': given.type,
    authorization: `Bearer ${target.token}`,
    ...Object.fromEntries(Object.entries(named).filter((pair): pair is [string, string] => pair[1] !== null)),
  };
  const body = JSON.stringify(modernRequest('tools/call', params, given.revision, 7));
  const { status, text } = await post(`${target.stream.url}/v2/mcp`, headers, body);
  if (status >= 500) throw new Error(`Status ${status}: ${text.slice(0, 500)}`);
  expectNothingLeaked(text);
  const served = status === 200 && text.includes('\\"served\\"');
  const claims: [string | null, string][] = [
    [given.method, 'tools/call'],
    [given.name, 'mark'],
    [given.version, given.revision],
  ];
  const contradiction = claims.find(([header, right]) => header !== null && means(header) !== right);
  if (served && contradiction && given.revision === '2026-07-28')
    throw new Error(`Served, though a header says ${JSON.stringify(contradiction)}`);
  await expectPlain(target);
}

export const protocolHeaders: Property<Case> = { name: 'protocol-headers', arbitrary, check };
