/**
 * The settings of the function, and the only reader of `process.env` in the framework.
 *
 * Settings are read on first use, never at import: the build evaluates modules too, and the environment of the build is not
 * the function's. {@link checkSettings} reads them once during init, so that a bad value stops the environment from starting
 * and every problem is reported at once, before the first request.
 *
 * Settings of the user's servers are declared by {@link defineSettings} in app/settings.ts. The local Lambda has its own
 * settings (`LAMBDA_*`, `PORT`), see app/framework/local-lambda/README.md.
 */
import * as z from 'zod';
import { isSecure, secretsOf } from './setting-formats.ts';

const secureUrl = z
  .string()
  .refine(text => URL.canParse(text) && isSecure(new URL(text)), 'must be an https URL');

const wordsOr = (preset: string) =>
  z
    .string()
    .default(preset)
    .transform(text => text.split(/[\s,]+/).filter(Boolean));
const words = wordsOr('');

/** Asymmetric algorithms only: with a shared secret, every server that can verify tokens could also create them. */
const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];
const MODES = ['token', 'oauth', 'iam', 'authorizer', 'none'] as const;

/** Every variable that the app reads: its meaning, unit and default. The table in README.md is generated from it. */
export const settings = z.object({
  MCP_AUTH: words
    .pipe(z.array(z.enum(MODES, { error: `must be of ${MODES.join(', ')}` })))
    .refine(
      modes => modes.length < 2 || !modes.includes('none'),
      'none cannot be combined with another method',
    )
    .describe(
      'Authentication methods, separated by commas: token, oauth, iam, authorizer; or none, which lets every caller in. Unset: every caller is denied.',
    ),
  MCP_TOKEN_SHA256: words
    .pipe(
      z.array(z.string().regex(/^[0-9a-f]{64}$/, 'must be SHA-256 digests, 64 lower-case hex digits each')),
    )
    .describe('For token: SHA-256 of the bearer token in hex; two, separated by a comma, during a rotation.'),
  MCP_OAUTH_ISSUER: secureUrl.optional().describe('For oauth: the issuer, exactly as in the tokens.'),
  MCP_OAUTH_AUDIENCE: words.describe(
    'For oauth without the proxy: audiences, one of which the aud claim must contain. Default: the URL of the called server below MCP_PUBLIC_URL.',
  ),
  MCP_OAUTH_SCOPES: words.describe(
    'Scopes that every caller must have, published as scopes_supported. Static tokens and IAM callers have none.',
  ),
  MCP_OAUTH_JWKS_URL: secureUrl
    .optional()
    .describe('For oauth: URL of the issuer’s keys. Default: jwks_uri of the issuer’s metadata.'),
  MCP_OAUTH_ALGORITHMS: wordsOr('RS256,PS256,ES256,EdDSA')
    .pipe(z.array(z.enum(ALGORITHMS, { error: `must be of ${ALGORITHMS.join(', ')}` })).min(1))
    .describe('For oauth: accepted signature algorithms.'),
  MCP_OAUTH_TOKEN_TYPE: z
    .enum(['at+jwt', 'JWT'], { error: 'must be at+jwt or JWT' })
    .default('at+jwt')
    .describe(
      'For oauth: which JWTs are accepted as access tokens. at+jwt: those with this type (RFC 9068); JWT: also those of older issuers, recognized by their claims.',
    ),
  MCP_OAUTH_CLOCK_TOLERANCE_SECONDS: z.coerce
    .number({ error: 'must be a number of seconds' })
    .min(0)
    .max(300)
    .default(5)
    .describe('For oauth: clock tolerance in seconds, 0 to 300.'),
  MCP_OAUTH_PROXY: z
    .enum(['on', 'off'], { error: 'must be on or off' })
    .default('off')
    .describe(
      'For oauth: on makes this server the authorization server that clients see, in front of MCP_OAUTH_ISSUER; needs MCP_OAUTH_CLIENT_ID, MCP_SECRET and MCP_TABLE.',
    ),
  MCP_OAUTH_CLIENT_ID: z
    .string()
    .optional()
    .describe(
      'For the OAuth proxy: id of the one client that is registered with the issuer, or ssm:NAME, the SSM parameter that has it.',
    ),
  MCP_OAUTH_CLIENT_SECRET: z
    .string()
    .optional()
    .describe(
      'For the OAuth proxy: its secret, preferably as ssm:NAME or secretsmanager:NAME. Default: none (a public client with PKCE).',
    ),
  MCP_OAUTH_PROVIDER_SCOPES: wordsOr('openid,email,profile')
    .refine(scopes => scopes.includes('openid'), 'must include openid')
    .describe(
      'For the OAuth proxy: scopes it requests from the issuer; offline_access is added if the issuer supports it.',
    ),
  MCP_OAUTH_REGISTRATION: z
    .enum(['on', 'off'], { error: 'must be on or off' })
    .default('off')
    .describe(
      'For the OAuth proxy: whether clients without a client metadata document may register themselves (RFC 7591).',
    ),
  MCP_OAUTH_ALLOWED_CLIENTS: words.describe(
    'For the OAuth proxy: hosts, or schemes with a colon, of redirect addresses of clients that may sign people in, such as claude.ai, localhost, cursor:. Default: any.',
  ),
  MCP_OAUTH_ALLOWED_SUBJECTS: words.describe(
    'For the OAuth proxy: subjects (sub) that may sign in. Default: any. A person must be on every list that is set.',
  ),
  MCP_OAUTH_ALLOWED_DOMAINS: words.describe(
    'For the OAuth proxy: domains of verified email addresses that may sign in. Default: any.',
  ),
  MCP_OAUTH_ALLOWED_GROUPS: words.describe(
    'For the OAuth proxy: groups (claims groups, cognito:groups) of which a person must have one. Default: any.',
  ),
  MCP_SECRET: z
    .string()
    .refine(
      text => text.startsWith('ssm:') || secretsOf(text).length > 0,
      'must be ssm:NAME or a random secret of 32 characters or more; two with a comma during a rotation',
    )
    .optional()
    .describe(
      'Secret from which the keys of the OAuth proxy and of signedState are derived, or ssm:NAME, the SSM parameter that has it; two with a comma during a rotation.',
    ),
  MCP_IAM_ALLOWED_ARNS: words.describe(
    'For iam: ARNs of the callers, * for any characters. Default: every caller that IAM allows.',
  ),
  MCP_ISOLATION: z
    .enum(['shared', 'per-caller'], { error: 'must be shared or per-caller' })
    .default('shared')
    .describe(
      'per-caller: for a function with tenant isolation behind a REST API with the Lambda authorizer. Callers without a subject are denied, and requests in the execution environment of another caller.',
    ),
  MCP_PUBLIC_URL: secureUrl
    .optional()
    .describe(
      'URL of the MCP endpoint that clients use, if it is not the Function URL (custom domain, CloudFront).',
    ),
  MCP_ALLOWED_ORIGINS: words.describe('Host names of web pages that may call from a browser. Default: none.'),
  MCP_ALLOWED_HOSTS: words.describe(
    'Accepted host names of the server, for servers on a local network. Default: any.',
  ),
  MCP_PAGE: z
    .enum(['on', 'off'], { error: 'must be on or off' })
    .default('on')
    .describe('Whether a browser that opens the URL gets a page to connect clients and try the tools.'),
  MCP_LOG_LEVEL: z
    .enum(['debug', 'info', 'warn', 'error'], { error: 'must be debug, info, warn or error' })
    .default('info')
    .describe('Lowest severity of the lines that tools log. The line of each request is always written.'),
  MCP_LOG_PAYLOADS: z
    .enum(['on', 'off'], { error: 'must be on or off' })
    .default('off')
    .describe(
      'For debugging: on adds request and response to the log line, shortened and with secrets masked.',
    ),
  MCP_METRICS: z
    .enum(['on', 'off'], { error: 'must be on or off' })
    .default('on')
    .describe('Whether the log lines of requests contain CloudWatch metrics.'),
  MCP_TABLE: z
    .string()
    .regex(/^[\w.-]{3,255}$/, 'must be a name of a DynamoDB table')
    .optional()
    .describe('DynamoDB table for tasks, counters of limits and sign-ins.'),
  MCP_LIMITS_FAILURE_MODE: z
    .enum(['deny', 'allow'], { error: 'must be deny or allow' })
    .default('deny')
    .describe(
      'For routes with limits: whether calls are denied (503) or allowed while the table does not respond.',
    ),
});

export type Config = z.infer<typeof settings>;

/** The environment is not usable: `problems` has one line per variable. Values are left out, because they may be secrets. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly code = 'INVALID_CONFIGURATION';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(
      `The environment has ${problems.length} bad setting(s):\n${problems.map(p => `  - ${p}`).join('\n')}`,
    );
    this.problems = problems;
    // A stack trace would point at this file, but the error is in the environment.
    this.stack = `${this.name}: ${this.message}`;
  }
}

type Shape = z.core.$ZodLooseShape & Record<string, z.ZodType>;
type Values<S extends Shape> = { readonly [Name in keyof S]: z.output<S[Name]> };

/** Reads the settings, once. Throws {@link ConfigError} with every problem of this schema. */
export interface Settings<S extends Shape = Shape> {
  (): Values<S>;
  /** Environment variable → schema. */
  readonly shape: S;
}

/**
 * Declares environment variables of your servers, in app/settings.ts:
 * `export const settings = defineSettings({ WEATHER_TIMEOUT_MS: z.coerce.number().default(5000) })`.
 *
 * The result is a function that returns the values, read on first use: call it in a tool or in a server factory, not while a
 * module is loaded. Init checks all settings together with the framework's and reports every problem at once. An empty
 * variable counts as unset. Throws a TypeError for a name that the framework reserves.
 */
export function defineSettings<S extends Shape>(shape: S): Settings<S> {
  const reserved = Object.keys(shape).filter(name => /^(MCP_|LAMBDA_|AWS_)/.test(name) || name === 'PORT');
  if (reserved.length > 0)
    throw new TypeError(
      `Settings named ${reserved.join(', ')} are reserved: MCP_, LAMBDA_, AWS_ and PORT belong to the framework and to Lambda. Choose another name in app/settings.ts.`,
    );
  let values: Values<S> | undefined;
  const read = (): Values<S> => {
    values ??= valuesOf(shape, process.env) as Values<S>;
    return values;
  };
  return Object.assign(read, { shape });
}

/** Checks an environment against the framework's settings. Throws {@link ConfigError}. */
export function parseConfig(env: NodeJS.ProcessEnv): Config {
  const { values, problems } = parse(settings.shape, env);
  problems.push(...dependencyProblems(values as Partial<Config>));
  if (problems.length > 0) throw new ConfigError(problems);
  return values as Config;
}

/** Checks this process's environment against the framework's settings and the user's. Throws one {@link ConfigError} for both. */
export function checkSettings({ shape }: Pick<Settings, 'shape'>): void {
  const problems = [() => parseConfig(process.env), () => valuesOf(shape, process.env)].flatMap(problemsOf);
  if (problems.length > 0) throw new ConfigError(problems);
}

function problemsOf(check: () => unknown): readonly string[] {
  try {
    check();
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

function valuesOf(shape: Shape, env: NodeJS.ProcessEnv): Record<string, unknown> {
  const { values, problems } = parse(shape, env);
  if (problems.length > 0) throw new ConfigError(problems);
  return values;
}

/** Parses variables. An empty variable counts as unset, as in a Dockerfile's `ENV NAME=`. */
function parse(
  shape: Readonly<Record<string, z.ZodType>>,
  env: NodeJS.ProcessEnv,
): { values: Record<string, unknown>; problems: string[] } {
  const problems: string[] = [];
  const values = Object.entries(shape).map(([name, schema]) => {
    const text = env[name] || undefined;
    const { data, error } = schema.safeParse(text);
    problems.push(
      ...(error?.issues ?? []).map(
        ({ message }) => `${name}: ${text ? message : `is required (${message})`}`,
      ),
    );
    return [name, data];
  });
  return { values: Object.fromEntries(values), problems };
}

/** Returns the problems of settings that require another one. A setting that is invalid by itself is undefined here. */
function dependencyProblems(given: Partial<Config>): string[] {
  const problems: string[] = [];
  const modes = given.MCP_AUTH ?? [];
  if (modes.includes('token') && given.MCP_TOKEN_SHA256?.length === 0) {
    problems.push('MCP_TOKEN_SHA256: is required by MCP_AUTH=token; create it with: npm run token');
  }
  if (given.MCP_ISOLATION === 'per-caller' && modes.some(mode => mode === 'none' || mode === 'iam'))
    problems.push(
      'MCP_AUTH: must be authorizer, or token or oauth for the authorizer itself, for MCP_ISOLATION=per-caller: it needs a subject that the caller cannot choose',
    );
  if (given.MCP_OAUTH_PROXY === 'on') problems.push(...proxyProblems(given, modes));
  if (!modes.includes('oauth')) return problems;
  if (!given.MCP_OAUTH_ISSUER) problems.push('MCP_OAUTH_ISSUER: is required by MCP_AUTH=oauth');
  if (given.MCP_OAUTH_PROXY === 'on') return problems;
  if (given.MCP_OAUTH_AUDIENCE?.length === 0 && !given.MCP_PUBLIC_URL) {
    problems.push(
      'MCP_OAUTH_AUDIENCE: is required by MCP_AUTH=oauth (or MCP_PUBLIC_URL), as the audience of the tokens',
    );
  }
  return problems;
}

function proxyProblems(given: Partial<Config>, modes: readonly string[]): string[] {
  const needed = ['MCP_OAUTH_CLIENT_ID', 'MCP_SECRET', 'MCP_TABLE'] as const;
  const problems = needed
    .filter(name => !given[name])
    .map(name => `${name}: is required by MCP_OAUTH_PROXY=on`);
  if (!modes.includes('oauth') && !modes.includes('authorizer'))
    problems.push('MCP_AUTH: must include oauth (or authorizer, behind one) for MCP_OAUTH_PROXY=on');
  if (modes.includes('authorizer') && !given.MCP_OAUTH_ISSUER)
    problems.push('MCP_OAUTH_ISSUER: is required by MCP_OAUTH_PROXY=on');
  const lists = [
    given.MCP_OAUTH_ALLOWED_SUBJECTS,
    given.MCP_OAUTH_ALLOWED_DOMAINS,
    given.MCP_OAUTH_ALLOWED_GROUPS,
  ];
  if (given.MCP_OAUTH_ISSUER === 'https://accounts.google.com' && lists.every(list => !list?.length))
    problems.push(
      'MCP_OAUTH_ALLOWED_DOMAINS: is required with Google (or MCP_OAUTH_ALLOWED_SUBJECTS), because anyone can create an account there',
    );
  return problems;
}

let current: Config | undefined;

/** Returns the framework's settings of this process, read and checked once. Throws {@link ConfigError}. */
export function config(): Config {
  current ??= parseConfig(process.env);
  return current;
}
