/**
 * Auth type AWS_IAM: who signed the request with Signature Version 4, by test credentials of this machine.
 *
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html. The signing itself is @smithy/signature-v4's;
 * here a request is signed again with the secret of the key it names, and the signatures are compared. No policy is
 * evaluated: who is known may call. Signatures in the query (presigned URLs) are not taken.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import type { Authorize } from './authorization.ts';
import type { IamIdentity } from './function-url.ts';
import { grouped, queryPairs, type WireRequest } from './request.ts';

/** A caller who is known: the access key, and who it belongs to. */
export interface TestCredential {
  accessKeyId: string;
  secretAccessKey: string;
  userArn: string;
}

/** Signatures are good for five minutes either way. */
const MAX_SKEW_MS = 5 * 60 * 1000;
const AUTHORIZATION =
  /^AWS4-HMAC-SHA256\s+Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request,\s*SignedHeaders=([^,]+),\s*Signature=([0-9a-f]{64})$/;

export interface IamAuthOptions {
  credentials: readonly TestCredential[];
  region: string;
  /** What is signed for: `lambda` for a Function URL and the Invoke API, `execute-api` for API Gateway, `dynamodb`. */
  service: 'lambda' | 'execute-api' | 'dynamodb';
  /** @default Date.now */
  now?: () => number;
}

/** Gives a check for requests: who has signed, or a refusal. */
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

/** A digest of the body that is sent along must be the body's. */
function bodyHolds(request: WireRequest, digest: string | undefined): boolean {
  return digest === undefined || digest === createHash('sha256').update(request.body).digest('hex');
}

function same(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
}

/** `20201231T235959Z` */
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
