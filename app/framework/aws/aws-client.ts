/**
 * Calls AWS services with `fetch` and Signature Version 4.
 *
 * The two clients of the AWS SDK are more than fifty times as large (test/framework/unit/aws/aws-client.test.ts). This one retries
 * like the SDK: up to five attempts, with full jitter. https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
 */
import { setTimeout as pause } from 'node:timers/promises';
import { awsSettings } from './aws-settings.ts';
import { signedHeaders } from './signature-v4.ts';

export type AwsSettings = ReturnType<typeof awsSettings>;
export type Service = keyof AwsSettings['endpoints'];

export interface AwsRequest {
  /** Each segment is percent-encoded. */
  path: string;
  /** Names in lower case. */
  headers: Record<string, string>;
  body: string;
}

/** Sends a POST request and returns the body of the response. Rejects with {@link AwsError}. */
export type CallAws = (service: Service, request: AwsRequest) => Promise<string>;

/**
 * The service rejected a request or could not be reached. The message is for the log: it may contain internals, but no
 * credentials.
 */
export class AwsError extends Error {
  override readonly name = 'AwsError';
  readonly code = 'AWS_ERROR';
  /** The service's error code, such as `ThrottlingException`; `Unreachable` without a response. */
  readonly type: string;

  constructor(type: string, message: string, options?: ErrorOptions) {
    super(`${type}: ${message}`, options);
    this.type = type;
  }
}

const MAX_ATTEMPTS = 5;
const ATTEMPT_TIMEOUT_MS = 5_000;
const BASE_DELAY_MS = 50;
const TRANSIENT =
  /Throttl|ProvisionedThroughputExceeded|RequestLimitExceeded|TooManyRequests|InternalServerError|ServiceUnavailable|Unreachable/;

/** Creates a client. It reads `settings` for each attempt, because the credentials of an environment may be renewed. */
export function createAwsClient(settings: () => AwsSettings = awsSettings): CallAws {
  return async function callAws(service, request) {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await send(settings(), service, request);
      } catch (error) {
        if (!(error instanceof AwsError && TRANSIENT.test(error.type)) || attempt === MAX_ATTEMPTS)
          throw error;
        await pause(Math.random() * BASE_DELAY_MS * 2 ** attempt);
      }
    }
  };
}

async function send(
  { region, credentials, endpoints }: AwsSettings,
  service: Service,
  { path, headers, body }: AwsRequest,
): Promise<string> {
  const url = new URL(endpoints[service].replace(/\/$/, '') + path);
  const init = {
    method: 'POST',
    headers: signedHeaders({ url, headers, body }, { region, service, credentials }),
    body,
    signal: AbortSignal.timeout(ATTEMPT_TIMEOUT_MS),
  };
  const { response, text } = await exchange(url, init).catch(cause => {
    throw new AwsError('Unreachable', `${service} at ${url.host}`, { cause });
  });
  if (response.ok) return text;
  // AWS quotes the request in its error about a wrong signature, the session token included.
  const { sessionToken } = credentials;
  const shown = sessionToken ? text.replaceAll(sessionToken, '[session token]') : text;
  throw new AwsError(
    errorTypeOf(response, text),
    `${service} returned ${response.status}: ${shown.slice(0, 500)}`,
  );
}

async function exchange(url: URL, init: RequestInit): Promise<{ response: Response; text: string }> {
  const response = await fetch(url, init);
  return { response, text: await response.text() };
}

/** Returns the error code: Lambda sends it in a header, DynamoDB in the body behind a namespace. */
function errorTypeOf({ headers, status }: Response, text: string): string {
  const given = headers.get('x-amzn-errortype') ?? /"__type"\s*:\s*"([^"]+)"/.exec(text)?.[1];
  const type = given?.split(':')[0]?.split('#').at(-1);
  return type ?? (status >= 500 ? 'InternalServerError' : `HTTP ${status}`);
}
