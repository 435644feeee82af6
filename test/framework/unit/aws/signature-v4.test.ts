/**
 * Signatures, compared with AWS's published test suite and with AWS's own signer.
 * https://github.com/awslabs/aws-c-auth/tree/main/tests/aws-signing-test-suite/v4
 */
import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import { expect, test } from 'vitest';
import { signedHeaders } from '../../../../app/framework/aws/signature-v4.ts';

const CREDENTIALS = {
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
};
const OPTIONS = {
  region: 'us-east-1',
  service: 'service',
  credentials: CREDENTIALS,
  date: new Date('2015-08-30T12:36:00Z'),
};
const SESSION_TOKEN =
  'AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA==';

test.each([
  {
    name: 'post-vanilla',
    signed: 'host;x-amz-date',
    signature: '5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b',
  },
  {
    name: 'post-header-key-sort',
    headers: { 'my-header1': 'value1' },
    signed: 'host;my-header1;x-amz-date',
    signature: 'c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c',
  },
  {
    name: 'post-sts-header-before',
    credentials: { ...CREDENTIALS, sessionToken: SESSION_TOKEN },
    signed: 'host;x-amz-date;x-amz-security-token',
    signature: '85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead',
  },
  {
    name: 'post-x-www-form-urlencoded',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      'content-length': '13',
      'x-amz-content-sha256': '9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7b24d0b6e',
    },
    body: 'Param1=value1',
    signed: 'content-length;content-type;host;x-amz-content-sha256;x-amz-date',
    signature: 'd3875051da38690788ef43de4db0d8f280229d82040bfac253562e56c3f20e0b',
  },
])('signs $name as in AWS’s test suite', ({ headers = {}, body = '', credentials, signed, signature }) => {
  const url = new URL('https://example.amazonaws.com/');
  const sent = signedHeaders({ url, headers, body }, { ...OPTIONS, credentials: credentials ?? CREDENTIALS });
  expect(sent).toEqual({
    ...headers,
    'x-amz-date': '20150830T123600Z',
    ...(credentials && { 'x-amz-security-token': credentials.sessionToken }),
    authorization: `AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=${signed}, Signature=${signature}`,
  });
});

test('signs a Lambda invocation by ARN, a port and a body beyond ASCII as AWS’s own signer does', async () => {
  const arn = 'arn:aws:lambda:eu-west-1:123456789012:function:my_mcp-1:$LATEST';
  const url = new URL(`http://127.0.0.1:9001/2015-03-31/functions/${encodeURIComponent(arn)}/invocations`);
  const headers = { 'content-type': 'application/json', 'x-amz-invocation-type': 'Event' };
  const body = JSON.stringify({ city: 'Zürich 🏔' });
  const options = { ...OPTIONS, region: 'eu-west-1', service: 'lambda' };
  const signer = new SignatureV4({ ...options, sha256: Sha256, applyChecksum: false });
  const expected = await signer.sign(
    {
      method: 'POST',
      protocol: url.protocol,
      hostname: url.hostname,
      path: url.pathname,
      query: {},
      headers: { host: url.host, ...headers },
      body,
    },
    { signingDate: OPTIONS.date },
  );
  expect(signedHeaders({ url, headers, body }, options).authorization).toBe(expected.headers.authorization);
});
