/**
 * Auth type AWS_IAM: verifies Signature Version 4 with test credentials of this machine.
 *
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html. @smithy/signature-v4
 * signs the request again with the secret of the access key that it names, and the signatures are compared. Policies are not
 * evaluated: every test credential may call. Signatures in the query (presigned URLs) are not supported.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import type { Authorize } from './authorization.ts';
import type { IamIdentity } from './function-url.ts';
import { grouped, queryPairs, type WireRequest } from './request.ts';

/** An access key and the user that it belongs to. */
export interface TestCredential {
  accessKeyId: string;
  secretAccessKey: string;
  userArn: string;
}

/** Tolerated difference between the time of a signature and the clock. */
const MAX_SKEW_MS = 5 * 60 * 1000;
const AUTHORIZATION =
  /^AWS4-HMAC-SHA256\s+Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request,\s*SignedHeaders=([^,]+),\s*Signature=([0-9a-f]{64})$/;

export interface IamAuthOptions {
  credentials: readonly TestCredential[];
  region: string;
  /** The service in the signature: `lambda` for a Function URL and the Invoke API, `execute-api` for API Gateway, `dynamodb`. */
  service: 'lambda' | 'execute-api' | 'dynamodb';
  /** @default Date.now */
  now?: () => number;
}

/** Creates the check, which returns the principal that signed a request, or denies it. */
export function createIamAuth({ credentials, region, service, now = Date.now }: IamAuthOptions): Authorize {
  return async function authorizeBySignature(request) {
    const identity = await signer(request);
    return identity === 'forbidden' ? { refused: 'forbidden' } : { identity };
  };

  async function signer(request: WireRequest): Promise<IamIdentity | 'forbidden'> {
    const header = (name: string): string | undefined =>
      request.headers.find(([given]) => given === name)?.[1];
    const [, keyId, day, signedRegion, signedService, signedNames = '', signature = ''] =
      AUTHORIZATION.exec(header('authorization') ?? '') ?? [];
    const credential = credentials.find(({ accessKeyId }) => accessKeyId === keyId);
    const signingDate = amzDate(header('x-amz-date') ?? '');
    if (!credential || !signingDate || signedRegion !== region || signedService !== service)
      return 'forbidden';
    if (!header('x-amz-date')?.startsWith(day ?? '-')) return 'forbidden';
    if (Math.abs(now() - signingDate.getTime()) > MAX_SKEW_MS) return 'forbidden';
    const names = new Set(signedNames.split(';'));
    if (!names.has('host') || !bodyHolds(request, header('x-amz-content-sha256'))) return 'forbidden';
    const signing = new SignatureV4({
      credentials: credential,
      region,
      service,
      sha256: Sha256,
      applyChecksum: false,
    });
    const expected = await signatureOf(request, signing, names, signingDate);
    return same(expected, signature) ? identityOf(credential) : 'forbidden';
  }
}

async function signatureOf(
  request: WireRequest,
  signer: SignatureV4,
  signableHeaders: Set<string>,
  signingDate: Date,
): Promise<string> {
  const headers = grouped(request.headers.filter(([name]) => signableHeaders.has(name)));
  const signed = await signer.sign(
    {
      method: request.method,
      protocol: 'https:',
      hostname: '',
      path: request.sentPath,
      query: Object.fromEntries(grouped(queryPairs(request.rawQuery))),
      headers: Object.fromEntries([...headers].map(([name, values]) => [name, values.join(',')])),
      body: request.body,
    },
    { signingDate, signableHeaders },
  );
  return /Signature=([0-9a-f]{64})$/.exec(signed.headers.authorization ?? '')?.[1] ?? '';
}

/** Returns whether the digest of the body in a header, if there is one, is that of the body. */
function bodyHolds(request: WireRequest, digest: string | undefined): boolean {
  return digest === undefined || digest === createHash('sha256').update(request.body).digest('hex');
}

function same(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
}

/** Parses a time such as `20201231T235959Z`. */
function amzDate(text: string): Date | undefined {
  const [, year, month, day, hours, minutes, seconds] =
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text) ?? [];
  return year ? new Date(`${year}-${month}-${day}T${hours}:${minutes}:${seconds}Z`) : undefined;
}

function identityOf({ accessKeyId, userArn }: TestCredential): IamIdentity {
  const [, , , , accountId = ''] = userArn.split(':');
  return {
    accessKey: accessKeyId,
    accountId,
    callerId: accessKeyId.replace(/^AKIA/, 'AIDA'),
    cognitoIdentity: null,
    principalOrgId: null,
    userArn,
    userId: accessKeyId.replace(/^AKIA/, 'AIDA'),
  };
}
