/**
 * The settings of the local Lambda: a flag and an environment variable each. Parsing, `--help` and the table in
 * README.md use the same definitions.
 */
import { parseArgs } from 'node:util';
import type { EndpointType, InvokeMode } from './endpoints/endpoints.ts';
import type { TestCredential } from './endpoints/iam-auth.ts';
import type { Throttle } from './endpoints/throttle.ts';
import type { LogFormat } from './log.ts';
import type { Table } from './services/dynamodb.ts';

export interface LocalLambdaOptions {
  handler: string;
  taskRoot: string | undefined;
  port: number;
  host: string;
  /** Port of the Invoke API, on loopback; undefined: disabled. */
  invokePort: number | undefined;
  /** Port of the local dashboard, on loopback; undefined: disabled. */
  dashboardPort: number | undefined;
  endpoint: EndpointType;
  invokeMode: InvokeMode;
  authType: 'NONE' | 'AWS_IAM';
  /** Credentials that are accepted for AWS_IAM. */
  iamCredentials: TestCredential[];
  domainName: string;
  /** Stage of API Gateway. */
  stage: string;
  /** Handler of a Lambda authorizer, `jwt` for a JWT authorizer, empty for none. */
  authorizer: string;
  /** In seconds; undefined if it is not set. */
  authorizerTtl: number | undefined;
  /** Paths that API Gateway routes without the authorizer. */
  openPaths: string[];
  jwtIssuer: string;
  jwtAudience: string[];
  jwtScopes: string[];
  challenge: string;
  throttle: Throttle | undefined;
  /** `per-caller`: each tenant has its own execution environments. */
  isolation: Isolation;
  /** Time that the endpoint waits for a complete response, in seconds; undefined: the default of the endpoint. */
  endpointTimeout: number | undefined;
  timeout: number;
  initTimeout: number;
  memory: number;
  /** Reserved concurrency; undefined if it is not set. */
  concurrency: number | undefined;
  /** Maximum number of environments; undefined: the concurrency, or by the capacity of the machine. */
  environments: number | undefined;
  idleTimeout: number;
  freeze: boolean;
  /** Whether environments are restored from a snapshot of an initialized one. */
  snapStart: boolean;
  /** For asynchronous invocations, see event-queue.ts. */
  retryAttempts: number;
  retryDelay: number;
  eventAge: number;
  /** Whether the function gets the Invoke API, to invoke itself. */
  selfInvoke: boolean;
  /** DynamoDB tables that the function gets, in memory. */
  tables: Table[];
  /** File for the records of asynchronous invocations; empty: records are not kept. */
  destination: string;
  functionName: string;
  region: string;
  /** `requests`: one line per request and the lines of tools; `full`: also Lambda's lines and the function's output as it is. */
  log: 'requests' | 'full' | undefined;
  /** Format of the full log. */
  logFormat: LogFormat;
  /** Whether a table of the function's metrics is printed at the end. */
  metrics: boolean;
  /** The runtime's command line, the arguments after `--`. Empty: the caller's default. */
  command: string[];
}

export type Isolation = 'shared' | 'per-caller';

/** The account ID in AWS's examples. */
export const ACCOUNT = '123456789012';

/** A setting is invalid; the message names the valid form. */
export class OptionError extends Error {
  override readonly name = 'OptionError';
  readonly code = 'INVALID_OPTION';
}

interface Setting<T> {
  flag: string;
  env: string;
  fallback: string;
  help: string;
  parse(text: string, name: string): T;
}

const text = (value: string): string => value;
const oneOf =
  <T extends string>(...values: T[]) =>
  (value: string, name: string): T => {
    const found = values.find(v => v.toLowerCase() === value.toLowerCase());
    if (!found) throw new OptionError(`${name} must be one of ${values.join(', ')}, not "${value}".`);
    return found;
  };
const matching =
  (pattern: RegExp, what: string) =>
  (value: string, name: string): string => {
    if (pattern.test(value)) return value;
    throw new OptionError(`${name} must be ${what}, not ${JSON.stringify(value)}.`);
  };
const within =
  (min: number, max: number, what: string) =>
  (value: string, name: string): number => {
    const number = Number(value);
    if (value.trim() !== '' && number >= min && number <= max) return number;
    throw new OptionError(`${name} must be ${what} from ${min} to ${max}, not "${value}".`);
  };
/** Parses a whole number. */
const whole =
  (min: number, max: number, what: string) =>
  (value: string, name: string): number => {
    if (/^\s*[+-]?\d+\s*$/.test(value)) return within(min, max, what)(value, name);
    throw new OptionError(`${name} must be ${what} from ${min} to ${max}, not "${value}".`);
  };
/** Returns undefined for an empty value. */
const optional =
  <T>(parse: Setting<T>['parse']) =>
  (value: string, name: string): T | undefined =>
    value === '' ? undefined : parse(value, name);
const onOff = (value: string, name: string): boolean => oneOf('on', 'off')(value, name) === 'on';

const list = (value: string): string[] => value.split(/[\s,]+/).filter(Boolean);

function throttle(value: string, name: string): Throttle {
  const [rate, burst] = value.split(':').map(Number);
  if (rate !== undefined && burst !== undefined && rate > 0 && burst >= 1) return { rate, burst };
  throw new OptionError(`${name} must be RATE:BURST, such as 50:100, not "${value}".`);
}

function tables(value: string, name: string): Table[] {
  return list(value).map(entry => {
    const [, table = '', key = ''] = /^([\w.-]{3,255}):([\w.-]{1,255})$/.exec(entry) ?? [];
    if (!table) throw new OptionError(`${name} must be NAME:KEY, separated by commas, not "${entry}".`);
    return { name: table, key };
  });
}

function credentials(value: string, name: string): TestCredential[] {
  return value
    .split(',')
    .filter(Boolean)
    .map(entry => {
      const [accessKeyId, secretAccessKey, ...arn] = entry.split(':');
      // The message does not contain the value, which is a secret.
      if (!accessKeyId || !secretAccessKey)
        throw new OptionError(`${name} must be KEY_ID:SECRET, separated by commas.`);
      const userArn = arn.join(':') || `arn:aws:iam::${ACCOUNT}:user/${accessKeyId}`;
      return { accessKeyId, secretAccessKey, userArn };
    });
}

/** In the order of `--help`. */
export const SETTINGS = {
  port: setting(
    'port',
    'PORT',
    '8080',
    'Port of the endpoint; 0: a free one',
    whole(0, 65_535, 'a port number'),
  ),
  host: setting('host', 'HOST', '127.0.0.1', 'Address to listen on', text),
  invokePort: setting(
    'invoke-port',
    'LAMBDA_INVOKE_PORT',
    '',
    'Port of the Invoke API, on 127.0.0.1 only; 0: a free one; empty: disabled',
    optional(whole(0, 65_535, 'a port number')),
  ),
  dashboardPort: setting(
    'dashboard-port',
    'LAMBDA_DASHBOARD_PORT',
    '',
    'Port of the local dashboard, on 127.0.0.1 only; 0: a free one; empty: disabled',
    optional(whole(0, 65_535, 'a port number')),
  ),
  endpoint: setting(
    'endpoint',
    'LAMBDA_ENDPOINT',
    'function-url',
    'Endpoint to imitate: function-url, http-api, rest-api or alb',
    oneOf('function-url', 'http-api', 'rest-api', 'alb'),
  ),
  invokeMode: setting(
    'invoke-mode',
    'LAMBDA_INVOKE_MODE',
    'RESPONSE_STREAM',
    'RESPONSE_STREAM or BUFFERED',
    oneOf('RESPONSE_STREAM', 'BUFFERED'),
  ),
  authType: setting(
    'auth-type',
    'LAMBDA_AUTH_TYPE',
    'NONE',
    'NONE or AWS_IAM (Signature Version 4)',
    oneOf('NONE', 'AWS_IAM'),
  ),
  iamCredentials: setting(
    'iam-credentials',
    'LAMBDA_IAM_CREDENTIALS',
    '',
    'Accepted credentials for AWS_IAM: KEY_ID:SECRET or KEY_ID:SECRET:USER_ARN, separated by commas',
    credentials,
  ),
  domainName: setting(
    'domain-name',
    'LAMBDA_DOMAIN_NAME',
    '',
    'Domain name of the endpoint, with https and port 443; empty: the host that was called',
    text,
  ),
  stage: setting(
    'stage',
    'LAMBDA_STAGE',
    'live',
    'Stage of a REST API, in the path unless there is a domain name',
    matching(/^[\w-]{1,128}$/, 'letters, digits, hyphens and underscores'),
  ),
  authorizer: setting(
    'authorizer',
    'LAMBDA_AUTHORIZER',
    '',
    'Authorizer of API Gateway: a handler, such as authorizer.request, or jwt (HTTP API)',
    text,
  ),
  authorizerTtl: setting(
    'authorizer-ttl',
    'LAMBDA_AUTHORIZER_TTL',
    '',
    'Seconds for which the result of a Lambda authorizer is cached; 0: not at all; empty: 300',
    optional(within(0, 3_600, 'a number of seconds')),
  ),
  openPaths: setting(
    'open-paths',
    'LAMBDA_OPEN_PATHS',
    '',
    'Paths that API Gateway routes without the authorizer, separated by commas',
    list,
  ),
  jwtIssuer: setting('jwt-issuer', 'LAMBDA_JWT_ISSUER', '', 'Issuer of a JWT authorizer', text),
  jwtAudience: setting(
    'jwt-audience',
    'LAMBDA_JWT_AUDIENCE',
    '',
    'Audiences of a JWT authorizer, separated by commas',
    list,
  ),
  jwtScopes: setting(
    'jwt-scopes',
    'LAMBDA_JWT_SCOPES',
    '',
    'Scopes, separated by commas; a token must have one of them',
    list,
  ),
  challenge: setting(
    'challenge',
    'LAMBDA_CHALLENGE',
    '',
    'WWW-Authenticate of a REST API’s gateway responses; {url} stands for the stage’s URL',
    matching(/^[\t\x20-\x7e]*$/, 'printable ASCII'),
  ),
  throttle: setting(
    'throttle',
    'LAMBDA_THROTTLE',
    '',
    'Throttling of API Gateway’s stage, RATE:BURST: requests per second, and the size of a burst; empty: none',
    optional(throttle),
  ),
  endpointTimeout: setting(
    'endpoint-timeout',
    'LAMBDA_ENDPOINT_TIMEOUT',
    '',
    'Seconds the endpoint waits for a complete response; empty: 30 (http-api), 29 (rest-api that does not stream)',
    optional(within(0.1, 900, 'a number of seconds')),
  ),
  isolation: setting(
    'isolation',
    'LAMBDA_ISOLATION',
    'shared',
    'shared, or per-caller: each caller has its own execution environments (tenant isolation)',
    oneOf('shared', 'per-caller'),
  ),
  timeout: setting(
    'timeout',
    'LAMBDA_TIMEOUT',
    '60',
    'Timeout of an invocation, in seconds',
    within(0.1, 900, 'a number of seconds'),
  ),
  initTimeout: setting(
    'init-timeout',
    'LAMBDA_INIT_TIMEOUT',
    '10',
    'Timeout of init, in seconds; then init is repeated in the first invocation',
    within(0.1, 900, 'a number of seconds'),
  ),
  memory: setting(
    'memory',
    'LAMBDA_MEMORY_SIZE',
    '512',
    'Memory of an environment in MB, enforced on Linux',
    whole(128, 10_240, 'a number of MB'),
  ),
  concurrency: setting(
    'concurrency',
    'LAMBDA_CONCURRENCY',
    '',
    'Reserved concurrency: maximum number of concurrent calls, others get 429; empty: no limit, calls wait for an environment',
    optional(whole(1, 1_000, 'a number of calls')),
  ),
  environments: setting(
    'environments',
    'LAMBDA_ENVIRONMENTS',
    '',
    'Maximum number of environments, further calls wait; empty: the concurrency, or by cores and memory of the machine',
    optional(whole(1, 1_000, 'a number of environments')),
  ),
  idleTimeout: setting(
    'idle-timeout',
    'LAMBDA_IDLE_TIMEOUT',
    '300',
    'Seconds without an invocation after which an environment ends',
    within(0.1, 86_400, 'a number of seconds'),
  ),
  freeze: setting(
    'freeze',
    'LAMBDA_FREEZE',
    process.platform === 'win32' ? 'off' : 'on',
    'Stop the process between invocations: on or off',
    onOff,
  ),
  snapStart: setting(
    'snap-start',
    'LAMBDA_SNAP_START',
    'off',
    'SnapStart: runs init at the start and restores each environment from it: on or off',
    (value, name) => oneOf('on', 'off')(value, name) === 'on',
  ),
  retryAttempts: setting(
    'retry-attempts',
    'LAMBDA_RETRY_ATTEMPTS',
    '2',
    'Retries of an asynchronous invocation after an error, 0 to 2',
    whole(0, 2, 'a number of attempts'),
  ),
  retryDelay: setting(
    'retry-delay',
    'LAMBDA_RETRY_DELAY',
    '60',
    'Seconds before the first retry, and twice as many before the second',
    within(0, 3_600, 'a number of seconds'),
  ),
  eventAge: setting(
    'event-age',
    'LAMBDA_EVENT_AGE',
    '21600',
    'Seconds after which an asynchronous invocation is dropped; on Lambda 60 or more',
    within(1, 21_600, 'a number of seconds'),
  ),
  destination: setting(
    'destination',
    'LAMBDA_DESTINATION',
    '',
    'File to which the record of each completed asynchronous invocation is appended, as a line of JSON',
    text,
  ),
  selfInvoke: setting(
    'self-invoke',
    'LAMBDA_SELF_INVOKE',
    'off',
    'Let the function invoke itself: sets AWS_ENDPOINT_URL_LAMBDA to the Invoke API: on or off',
    onOff,
  ),
  tables: setting(
    'tables',
    'LAMBDA_TABLES',
    '',
    'DynamoDB tables for the function, in memory, at AWS_ENDPOINT_URL_DYNAMODB: NAME:KEY, separated by commas',
    tables,
  ),
  functionName: setting(
    'function-name',
    'LAMBDA_FUNCTION_NAME',
    'local',
    'Name of the function',
    matching(/^[\w-]{1,64}$/, 'up to 64 letters, digits, hyphens and underscores'),
  ),
  region: setting(
    'region',
    'AWS_REGION',
    'us-east-1',
    'Region of the function',
    matching(/^[a-z\d-]{1,32}$/, 'of lower-case letters, digits and hyphens'),
  ),
  log: setting(
    'log',
    'LAMBDA_LOG',
    '',
    'requests (one line per request) or full (all lines, with metrics); empty: requests on a terminal, else full',
    optional(oneOf('requests', 'full')),
  ),
  logFormat: setting(
    'log-format',
    'LAMBDA_LOG_FORMAT',
    'text',
    'Format of the full log: text or json',
    oneOf('text', 'json'),
  ),
  taskRoot: setting(
    'task-root',
    'LAMBDA_TASK_ROOT',
    '',
    'Folder of the function; empty: the folder of the entry',
    value => value || undefined,
  ),
  metrics: setting(
    'metrics',
    'LAMBDA_METRICS',
    'off',
    'Print a table of the CloudWatch metrics at the end: on or off',
    onOff,
  ),
} satisfies { [K in keyof LocalLambdaOptions]?: Setting<LocalLambdaOptions[K]> };

function setting<T>(
  flag: string,
  env: string,
  fallback: string,
  help: string,
  parse: Setting<T>['parse'],
): Setting<T> {
  return { flag, env, fallback, help, parse };
}

/** Parses flags, then environment variables, then defaults. Returns `'help'` for `--help`. Throws {@link OptionError}. */
export function parseOptions(argv: readonly string[], env: NodeJS.ProcessEnv): LocalLambdaOptions | 'help' {
  const dashes = argv.indexOf('--');
  const own = dashes < 0 ? argv : argv.slice(0, dashes);
  const command = dashes < 0 ? [] : argv.slice(dashes + 1);
  const { values, positionals } = parse(own);
  if (values.help) return 'help';
  const read = Object.entries(SETTINGS).map(([key, { flag, env: variable, fallback, parse: convert }]) => {
    const given = values[flag as keyof typeof values] as string | undefined;
    return [key, convert(given ?? (env[variable] || fallback), given === undefined ? variable : `--${flag}`)];
  });
  const options = { ...Object.fromEntries(read), command } as LocalLambdaOptions;
  options.handler = positionals[0] ?? (env._HANDLER || defaultHandler(options));
  const problem = contradiction(options);
  if (problem) throw new OptionError(problem);
  return options;
}

/** Returns the default handler, by its name in this repository's function. */
function defaultHandler({ endpoint, invokeMode }: LocalLambdaOptions): string {
  const streams =
    (endpoint === 'function-url' || endpoint === 'rest-api') && invokeMode === 'RESPONSE_STREAM';
  return streams ? 'handler.stream' : 'handler.buffered';
}

/** Returns the first problem of settings that depend on each other; undefined if there is none. */
function contradiction(options: LocalLambdaOptions): string | undefined {
  const { authType, iamCredentials, authorizer, endpoint, jwtIssuer, jwtAudience, isolation, snapStart } =
    options;
  if (authType === 'AWS_IAM' && iamCredentials.length === 0)
    return 'LAMBDA_AUTH_TYPE AWS_IAM requires LAMBDA_IAM_CREDENTIALS: the accepted credentials, as KEY_ID:SECRET.';
  if (isolation === 'per-caller' && (endpoint !== 'rest-api' || !authorizer))
    return 'LAMBDA_ISOLATION per-caller requires LAMBDA_ENDPOINT rest-api and LAMBDA_AUTHORIZER, such as authorizer.request: the REST API passes the tenant ID that the authorizer returns to Lambda.';
  if (isolation === 'per-caller' && snapStart)
    return 'LAMBDA_ISOLATION per-caller and LAMBDA_SNAP_START on exclude each other: Lambda does not support SnapStart with tenant isolation.';
  if (!authorizer) return undefined;
  if (endpoint !== 'http-api' && endpoint !== 'rest-api')
    return 'LAMBDA_AUTHORIZER requires LAMBDA_ENDPOINT http-api or rest-api: only API Gateway has authorizers.';
  if (authType === 'AWS_IAM') return 'LAMBDA_AUTHORIZER and LAMBDA_AUTH_TYPE AWS_IAM exclude each other.';
  if (authorizer === 'jwt' && endpoint !== 'http-api')
    return 'LAMBDA_AUTHORIZER jwt requires LAMBDA_ENDPOINT http-api: a REST API has no JWT authorizer.';
  if (authorizer === 'jwt' && !(jwtIssuer && jwtAudience.length > 0))
    return 'LAMBDA_AUTHORIZER jwt requires LAMBDA_JWT_ISSUER and LAMBDA_JWT_AUDIENCE: issuer and audience of the accepted tokens.';
  return undefined;
}

function parse(args: readonly string[]) {
  const flags = Object.values(SETTINGS).map(({ flag }) => [flag, { type: 'string' }] as const);
  const options = { ...Object.fromEntries(flags), help: { type: 'boolean', short: 'h' } } as const;
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    throw new OptionError(`${(error as Error).message} See --help.`);
  }
}

/** Groups of settings in `--help`. Every setting is in one of them. */
const GROUPS: Record<string, (keyof typeof SETTINGS)[]> = {
  Addresses: ['port', 'host', 'invokePort', 'dashboardPort'],
  Log: ['log', 'logFormat', 'metrics'],
  Endpoint: ['endpoint', 'invokeMode', 'domainName', 'stage', 'throttle', 'endpointTimeout'],
  'Authentication at the endpoint': [
    'authType',
    'iamCredentials',
    'authorizer',
    'authorizerTtl',
    'openPaths',
    'jwtIssuer',
    'jwtAudience',
    'jwtScopes',
    'challenge',
  ],
  Function: [
    'functionName',
    'region',
    'memory',
    'timeout',
    'initTimeout',
    'concurrency',
    'environments',
    'idleTimeout',
    'freeze',
    'snapStart',
    'isolation',
    'taskRoot',
  ],
  'Asynchronous invocations and AWS services': [
    'retryAttempts',
    'retryDelay',
    'eventAge',
    'destination',
    'selfInvoke',
    'tables',
  ],
};

/** Returns the text of `--help`. `usage` is the command line. */
export function helpText(usage: string): string {
  const row = (key: keyof typeof SETTINGS): string => {
    const { flag, env, fallback, help } = SETTINGS[key];
    const names = `  --${flag} `.padEnd(22) + `${env} `.padEnd(25);
    return `${names}${help}${fallback ? ` (${fallback})` : ''}`;
  };
  const groups = Object.entries(GROUPS).map(([title, keys]) => `${title}:\n${keys.map(row).join('\n')}`);
  return `Runs a Lambda function on this machine like Lambda, behind a Function URL or another endpoint.

Usage: ${usage}

  handler               module.export, like the CMD of a Lambda image; by default handler.stream, or handler.buffered
                        if the endpoint does not stream
  -h, --help

Each option can also be set by the environment variable next to it.

${groups.join('\n\n')}

All other environment variables are passed to the function. With --invoke-port 9001 the Invoke API is available as well:
  aws lambda invoke --endpoint-url http://127.0.0.1:9001 --function-name local --payload file://event.json out.json
`;
}
