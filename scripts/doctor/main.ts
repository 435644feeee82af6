/**
 * `npm run doctor -- <url>`: checks a deployed endpoint from outside, and prints how to fix each problem.
 *
 * Exit code: 0 if no check failed, 1 if one failed, 2 if the arguments are wrong. It sends the same requests as a client,
 * calls one tool at most, and changes no configuration.
 */
import { parseArgs } from 'node:util';
import { reachable, whoMayCall } from './access.ts';
import { type Check, examine, type Outcome, type Status, type Wishes } from './check.ts';
import { browsers } from './cors.ts';
import { authorizer, endpoint } from './endpoint.ts';
import { latency } from './latency.ts';
import { oauthDiscovery } from './oauth.ts';
import { headerNames, legacyEra, modernEra, notification, streaming } from './protocol.ts';
import { refusals } from './refusals.ts';
import { type Credentials, NO_CREDENTIALS, Target } from './target.ts';

const USAGE = `Usage: npm run doctor -- <url> [options]

  npm run doctor -- "$(terraform -chdir=terraform output -raw mcp_url)"

  --sigv4            sign the requests with the AWS credentials in the environment, for auth type AWS_IAM
                     (eval "$(aws configure export-credentials --format env)" sets them)
  --service NAME     service of the signature; by default execute-api for the URL of an API, else lambda; for an API
                     with a custom domain set execute-api
  --region REGION    region of the signature; by default that in the URL, or AWS_REGION
  --tool NAME        a tool that reports progress, which the doctor calls to check streaming; without it that is not checked
  --arguments JSON   arguments of the tool, {} by default
  --origin ORIGIN    a web page that should be able to call, such as https://app.example.com
  --timeout SECONDS  timeout of each response, 30 by default
  --json             the findings as JSON

A bearer token is read from the environment variable MCP_TOKEN.
`;

const CHECKS: readonly Check[] = [
  reachable,
  endpoint,
  whoMayCall,
  authorizer,
  headerNames,
  notification,
  modernEra,
  legacyEra,
  streaming,
  browsers,
  oauthDiscovery,
  ...refusals,
  latency,
];

interface Order {
  target: Target;
  wishes: Wishes;
  json: boolean;
}

class UsageError extends Error {}

function parseOrder(argv: readonly string[], env: NodeJS.ProcessEnv): Order {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      sigv4: { type: 'boolean', default: false },
      region: { type: 'string' },
      service: { type: 'string' },
      tool: { type: 'string' },
      arguments: { type: 'string', default: '{}' },
      origin: { type: 'string' },
      timeout: { type: 'string', default: '30' },
      json: { type: 'boolean', default: false },
    },
  });
  const [address, ...surplus] = positionals;
  if (!address || surplus.length > 0) throw new UsageError('Exactly one URL is needed.');
  const url = parseUrl(address);
  const seconds = Number(values.timeout);
  if (!(seconds > 0)) throw new UsageError(`--timeout must be a number of seconds, not "${values.timeout}".`);
  if (values.origin && parseUrl(values.origin).origin !== values.origin) {
    throw new UsageError(
      `--origin must be scheme and host only, such as https://app.example.com, not "${values.origin}".`,
    );
  }
  return {
    target: new Target(url, values.sigv4 ? signer(url, values, env) : bearer(env.MCP_TOKEN), seconds * 1000),
    wishes: { tool: values.tool, toolArguments: parseObject(values.arguments), origin: values.origin },
    json: values.json,
  };
}

function parseUrl(text: string): URL {
  const url = URL.parse(text);
  if (!url || !/^https?:$/.test(url.protocol)) throw new UsageError(`"${text}" is not an http or https URL.`);
  if (url.username || url.password) throw new UsageError('The URL must not contain credentials; see --help.');
  return url;
}

function parseObject(text: string): Record<string, unknown> {
  try {
    const value = JSON.parse(text);
    if (typeof value === 'object' && value && !Array.isArray(value)) return value;
  } catch {
    // Reported below.
  }
  throw new UsageError(`--arguments must be a JSON object, not ${text}`);
}

function bearer(token: string | undefined): Credentials {
  return token ? { kind: 'token', token } : NO_CREDENTIALS;
}

function signer(
  url: URL,
  asked: { region?: string | undefined; service?: string | undefined },
  env: NodeJS.ProcessEnv,
): Credentials {
  const {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_SESSION_TOKEN: sessionToken,
  } = env;
  const [, api, region = asked.region ?? env.AWS_REGION] =
    /\.(lambda-url|execute-api)\.([a-z0-9-]+)\.(?:on\.aws|amazonaws\.com)$/.exec(url.hostname) ?? [];
  if (!accessKeyId || !secretAccessKey) {
    throw new UsageError(
      '--sigv4 needs AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY: eval "$(aws configure export-credentials --format env)"',
    );
  }
  if (!region) throw new UsageError('--sigv4 needs --region: the URL does not contain the region.');
  return {
    kind: 'sigv4',
    region: asked.region ?? region,
    service: asked.service ?? (api === 'execute-api' ? api : 'lambda'),
    credentials: { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) },
  };
}

const MARKS: Record<Exclude<Status, 'skipped'>, string> = {
  ok: 'ok     ',
  warning: 'WARNING',
  failed: 'FAILED ',
};

function textOf({ status, id, title, found, advice }: Outcome): string {
  if (status === 'skipped') return '';
  const line = `${MARKS[status]}  ${id.padEnd(19)}  ${title}\n          ${found}\n`;
  return advice ? `${line}          → ${advice}\n` : line;
}

/** Returns one line for all skipped checks; --json has their reasons. */
function skippedLine(outcomes: readonly Outcome[]): string {
  const ids = outcomes.flatMap(({ status, id }) => (status === 'skipped' ? [id] : []));
  return ids.length > 0 ? `skipped  ${ids.join(', ')} (--json prints the reasons)\n` : '';
}

async function run(argv: readonly string[]): Promise<number> {
  const { target, wishes, json } = parseOrder(argv, process.env);
  const outcomes: Outcome[] = [];
  for await (const outcome of examine(CHECKS, target, wishes)) {
    outcomes.push(outcome);
    if (!json) process.stdout.write(textOf(outcome));
  }
  const count = (status: Status): number => outcomes.filter(outcome => outcome.status === status).length;
  const healthy = count('failed') === 0;
  if (json)
    process.stdout.write(`${JSON.stringify({ url: target.url.href, healthy, checks: outcomes }, null, 2)}\n`);
  else
    process.stdout.write(
      `${skippedLine(outcomes)}\n${count('ok')} ok, ${count('warning')} warnings, ${count('failed')} failed, ${count('skipped')} skipped\n`,
    );
  return healthy ? 0 : 1;
}

try {
  if (process.argv.includes('--help')) process.stdout.write(USAGE);
  else process.exitCode = await run(process.argv.slice(2));
} catch (error) {
  const { message, code } = error as Error & { code?: string };
  if (!(error instanceof UsageError) && !code?.startsWith('ERR_PARSE_ARGS')) throw error;
  process.stderr.write(`${message}\n\n${USAGE}`);
  process.exitCode = 2;
}
// A check that timed out may still hold a connection.
setTimeout(() => process.exit(), 1000).unref();
