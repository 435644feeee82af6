/** Auth type AWS_IAM, with the AWS SDK's own signer. */
import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { closeAll } from '../../../helpers/close-all.ts';
import { type RunningLambda, startFunction } from '../../../helpers/local-lambda.ts';

const KEY = { accessKeyId: 'AKIATESTONE', secretAccessKey: 'secret/one' };
const ARN = 'arn:aws:iam::111122223333:role/agents/caller';

interface Call {
  credentials?: typeof KEY;
  region?: string;
  service?: string;
  signingDate?: Date;
  body?: string;
  /** Sent instead of the body that was signed. */
  sentBody?: string;
  path?: string;
  query?: Record<string, string>;
}

describe('a Function URL with auth type AWS_IAM', () => {
  let lambda: RunningLambda;
  beforeAll(async () => {
    const env = {
      LAMBDA_IAM_CREDENTIALS: `AKIAOTHER:other,${KEY.accessKeyId}:${KEY.secretAccessKey}:${ARN}`,
    };
    lambda = await startFunction('echo', { args: ['--auth-type', 'AWS_IAM'], env });
  });
  afterAll(() => closeAll(lambda));

  async function call({
    credentials = KEY,
    region = 'us-east-1',
    service = 'lambda',
    body = '{"a":1}',
    ...rest
  }: Call) {
    const { hostname, port } = new URL(lambda.url);
    const signer = new SignatureV4({ credentials, region, service, sha256: Sha256 });
    const { path = '/mcp', query = {} } = rest;
    const headers = { host: `${hostname}:${port}`, 'content-type': 'application/json' };
    const request = { method: 'POST', protocol: 'http:', hostname, path, query, headers, body };
    const signed = await signer.sign(request, rest.signingDate && { signingDate: rest.signingDate });
    const search = new URLSearchParams(query).toString();
    return fetch(`${lambda.url}${path}${search && `?${search}`}`, {
      method: 'POST',
      headers: signed.headers,
      body: rest.sentBody ?? body,
    });
  }

  test('serves a signed request, and passes the caller to the function', async () => {
    const response = await call({ path: '/a%20b/c', query: { 'x y': '1&2' } });
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({
      body: '{"a":1}',
      requestContext: {
        accountId: '111122223333',
        authorizer: { iam: { accessKey: 'AKIATESTONE', accountId: '111122223333', userArn: ARN } },
      },
    });
  });

  test.each<[string, Call]>([
    ['an unknown key', { credentials: { ...KEY, accessKeyId: 'AKIANOBODY' } }],
    ['a wrong secret', { credentials: { ...KEY, secretAccessKey: 'wrong' } }],
    ['another region', { region: 'eu-west-1' }],
    ['another service', { service: 's3' }],
    ['a date 6 minutes in the past', { signingDate: new Date(Date.now() - 6 * 60 * 1000) }],
    ['a date 6 minutes in the future', { signingDate: new Date(Date.now() + 6 * 60 * 1000) }],
    ['a body that was not signed', { sentBody: '{"a":2}' }],
  ])('rejects a signature with %s with 403 and the message of Lambda', async (_what, bad) => {
    const response = await call(bad);
    expect(response.status).toBe(403);
    expect(response.headers.get('x-amzn-errortype')).toBe('AccessDeniedException');
    expect(await response.json()).toEqual({
      Message:
        'Forbidden. For troubleshooting Function URL authorization issues, see: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html',
    });
    expect((await call({})).status).toBe(200);
  });

  test.each([
    ['no signature', {}],
    ['a bearer token', { authorization: 'Bearer token' }],
    [
      'a truncated header',
      { authorization: 'AWS4-HMAC-SHA256 Credential=AKIATESTONE/20260101/us-east-1/lambda/aws4_request' },
    ],
  ])('rejects a request with %s', async (_what, headers) => {
    expect((await fetch(lambda.url, { headers })).status).toBe(403);
  });
});
