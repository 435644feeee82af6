/**
 * Calls the two services that tasks need, DynamoDB and Lambda, by `fetch` with Signature Version 4.
 *
 * Not by the AWS SDK: its two clients are more than ten times of what is needed here (test/framework/unit/tasks/tasks.test.ts). What it
 * does about throttling is done here as well: up to five attempts, with full jitter.
 * https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
 */
import { setTimeout as pause } from 'node:timers/promises';
import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';

/** What the environment says of AWS. */
export interface AwsSettings {
  region: string;
  credentials: { accessKeyId: string; secretAccessKey: string; sessionToken?: string };
  /** Base URL of each service. */
  endpoints: Readonly<Record<Service, string>>;
}

export type Service = 'dynamodb' | 'lambda';

export interface AwsRequest {
  path: string;
  headers: Record<string, string>;
  body: string;
}

/** Gives the body of a successful answer. Rejects with {@link AwsError}. */
export type CallAws = (service: Service, request: AwsRequest) => Promise<string>;

/** The service refused, or could not be reached. The message is for the log: it may name what only the operator should know. */
export class AwsError extends Error {
  override readonly name = 'AwsError';
  readonly code = 'AWS_ERROR';
  /** The service's name for it, such as `ThrottlingException`. */
  readonly type: string;

  constructor(type: string, message: string, options?: ErrorOptions) {
    super(`${type}: ${message}`, options);
    this.type = type;
  }
}

const ATTEMPTS = 5;
const ATTEMPT_MS = 5_000;
const BASE_DELAY_MS = 50;
const TRANSIENT =
  /Throttl|ProvisionedThroughputExceeded|RequestLimitExceeded|TooManyRequests|InternalServerError|ServiceUnavailable|Unreachable/;

/** `settings` is asked for with every call: the credentials of an environment may be renewed. */
export function awsCall(settings: () => AwsSettings): CallAws {
  return async function callAws(service, request) {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await once(settings(), service, request);
      } catch (error) {
        if (!(error instanceof AwsError && TRANSIENT.test(error.type)) || attempt === ATTEMPTS) throw error;
        await pause(Math.random() * BASE_DELAY_MS * 2 ** attempt);
      }
    }
  };
}

async function once(
  { region, credentials, endpoints }: AwsSettings,
  service: Service,
  { path, headers, body }: AwsRequest,
): Promise<string> {
  const url = new URL(endpoints[service].replace(/\/$/, '') + path);
  const signer = new SignatureV4({ region, service, credentials, sha256: Sha256 });
  const signed = await signer.sign({
    method: 'POST',
    protocol: url.protocol,
    hostname: url.hostname,
    path: url.pathname,
    query: {},
    headers: { host: url.host, ...headers },
    body,
  });
  const { host: _, ...sent } = signed.headers;
  const response = await fetch(url, {
    method: 'POST',
    headers: sent,
    body,
    signal: AbortSignal.timeout(ATTEMPT_MS),
  }).catch(cause => {
    throw new AwsError('Unreachable', `${service} at ${url.host}`, { cause });
  });
  const text = await response.text();
  if (response.ok) return text;
  throw new AwsError(typeOf(response, text), `${service} answered ${response.status}: ${text.slice(0, 500)}`);
}

/** In a header (Lambda), or in the body behind a namespace (DynamoDB). */
function typeOf({ headers, status }: Response, text: string): string {
  const named = headers.get('x-amzn-errortype') ?? /"__type"\s*:\s*"([^"]+)"/.exec(text)?.[1];
  const type = named?.split(':')[0]?.split('#').at(-1);
  return type ?? (status >= 500 ? 'InternalServerError' : `HTTP ${status}`);
}
