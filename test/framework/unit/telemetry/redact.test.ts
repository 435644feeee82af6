/** The text that MCP_LOG_PAYLOADS=on logs of a value: short, without secrets, and created in linear time. */
import { expect, test } from 'vitest';
import { redacted } from '../../../../app/framework/telemetry/redact.ts';

test.each([
  ['a bearer token', 'Authorization: Bearer abcdefgh12345678', 'abcdefgh12345678'],
  ['a JWT', 'see eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl', 'eyJzdWIiOiJhIn0'],
  ['an AWS access key', 'AKIAIOSFODNN7EXAMPLE', 'IOSFODNN7'],
  ['a private key', '-----BEGIN RSA PRIVATE KEY-----\nMIIEow', 'MIIEow'],
  ['a password in a URL', 'postgres://user:hunter2@db.example/x', 'hunter2'],
  ['a signed URL', 'https://b.example/?X-Amz-Signature=0a1b2c3d4e', '0a1b2c3d4e'],
  [
    'a token in a query',
    'https://b.example/cb?code=SplxlOBeZQQYbYS6WxSbIA&state=1',
    'SplxlOBeZQQYbYS6WxSbIA',
  ],
  ['a GitHub token', 'ghp_abcdefghijklmnopqrstuvwxyz0123456789', 'abcdefghijklmnop'],
  ['a password in a connection string', 'Server=x;Password=hunter2hunter2;Port=1', 'hunter2'],
  ['an account key', 'AccountName=x;AccountKey=c2VjcmV0c2VjcmV0==;', 'c2VjcmV0'],
  ['a member of JSON in a string', '{"refresh_token": "tGzv3JOkF0XG5Qx2TlKWIA"}', 'tGzv3JOkF0'],
  ['a parameter of a form', 'grant_type=x&client_secret=gX1fBat3bV&y=1', 'gX1fBat3bV'],
  ['a token of another scheme', 'Authorization: Token abcdefgh12345678', 'abcdefgh12345678'],
  ['a cookie', 'Cookie: sid=31d4d96e407aad42', '31d4d96e407aad42'],
  ['a webhook', 'https://hooks.slack.com/services/T0/B0/XXXXYYYYZZZZ', 'XXXXYYYYZZZZ'],
  ['an AWS secret key', 'aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/b', 'wJalrXUtnFEMI'],
])('redaction masks %s by its form', (_what, text, secret) => {
  expect(redacted({ note: `before ${text}` })).not.toContain(secret);
  expect(redacted({ note: `before ${text}` })).toContain('before ');
});

test.each([
  'apiKey',
  'api_key',
  'password',
  'clientSecret',
  'Authorization',
  'sessionId',
  'passphrase',
  'accessKeyId',
  'pass',
  'auth',
  'user_pin',
  'otpCode',
  'code_verifier',
  'client_assertion',
  'connectionString',
  'encryptionKey',
  'creditCard',
  'mnemonic',
])('redaction masks the value of %s', name => {
  expect(redacted({ nested: [{ [name]: 'value-of-it' }] })).not.toContain('value-of-it');
});

test('redaction keeps values that are not secret', () => {
  const value = {
    location: 'Berlin',
    progressToken: 7,
    list: [1, true, null],
    passenger: 'Ann',
    spin: 2,
    key: 'a',
  };
  expect(redacted(value)).toBe(JSON.stringify(value));
});

test('redaction limits length, depth and number of entries, and never throws', () => {
  const circular: Record<string, unknown> = {};
  circular.self = circular;
  expect(redacted(circular)).toContain('…');
  expect(redacted({ id: 1n })).toBe('{"id":"1"}');
  expect(redacted(undefined)).toBe('');
  expect(redacted({ text: 'x'.repeat(100_000) }).length).toBeLessThan(2_100);
  expect(redacted(Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [i, i]))).length).toBeLessThan(
    2_100,
  );
});

test('redaction takes linear time for text with many beginnings of secrets', () => {
  // A quadratic search would exceed the timeout of the test.
  for (const part of ['-eyJ', '://a:', '?token=', 'Bearer ', '-----BEGIN ', 'sk-'])
    expect(redacted({ text: part.repeat(2_000_000) }).length).toBeLessThan(2_500);
});

test('redaction searches only strings that fit into the log line', () => {
  let read = 0;
  const counted = (): object => ({
    get text() {
      read += 1;
      return 'x'.repeat(2_000);
    },
  });
  redacted(Array.from({ length: 100 }, () => Array.from({ length: 100 }, counted)));
  expect(read).toBeLessThan(10);
});
