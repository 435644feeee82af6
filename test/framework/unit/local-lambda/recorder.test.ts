/** Events in the local dashboard: credentials are hidden wherever a client or an endpoint has put them, everything else is shown. */
import { expect, test } from 'vitest';
import { Recorder } from '../../../../app/framework/local-lambda/dashboard/recorder.ts';

const SECRET = 'gX1fBat3bV9kT0pQ';
const form = `grant_type=authorization_code&code=${SECRET}&client_secret=${SECRET}&code_verifier=${SECRET}`;

function shown(event: object): string {
  const recorder = new Recorder();
  const invocation = { id: 'one', payload: Buffer.from(JSON.stringify(event)) };
  recorder.observer('f').invoked(1, invocation as never);
  return recorder.details('one')?.event ?? '';
}

test.each<[string, object]>([
  ['a header', { headers: { 'x-auth-token': SECRET, 'x-session-id': SECRET } }],
  ['a header with many values', { multiValueHeaders: { Authorization: [`Token ${SECRET}`] } }],
  ['an authorizer’s event', { identitySource: [`Bearer ${SECRET}`], authorizationToken: `Bearer ${SECRET}` }],
  ['a parameter of the query', { queryStringParameters: { access_token: SECRET, code: SECRET } }],
  ['the raw query', { rawQueryString: `code=${SECRET}&refresh_token=${SECRET}` }],
  ['a form', { body: form }],
  ['a form in Base64', { body: Buffer.from(form).toString('base64'), isBase64Encoded: true }],
  ['JSON in the body', { body: JSON.stringify({ params: { password: SECRET, apiToken: SECRET } }) }],
  ['a JWT', { body: `see eyJhbGciOiJSUzI1NiJ9.${SECRET}.${SECRET}` }],
  ['a cookie', { cookies: [`sid=${SECRET}`] }],
])('the dashboard hides a credential in %s', (_what, event) => {
  const text = shown({ rawPath: '/mcp', ...event });
  expect(text).not.toContain(SECRET);
  expect(text).toContain('(hidden here)');
  expect(text).toContain('/mcp');
});

test('the dashboard shows values that are not credentials', () => {
  const body = JSON.stringify({
    method: 'tools/call',
    params: { name: 'lookup', arguments: { term: 'jwks' } },
  });
  const text = shown({ rawPath: '/mcp', body, queryStringParameters: { page: '2' } });
  expect(text).not.toContain('(hidden here)');
  expect(text).toContain('lookup');
});
