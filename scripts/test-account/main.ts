/**
 * `npm run test:account -- --account 123456789012 --endpoint rest-api`: deploys into a real account, tests the deployment,
 * destroys it and searches for resources that remain. Asks before it creates anything. Prints a report in Markdown, without the account's
 * number, to paste into an issue.
 *
 * Exit code: 0 if every step has passed, 1 if one has failed, 2 if the arguments are wrong or the trial was not confirmed.
 */
import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { APPLY, DESTROY, NOTHING_LEFT, STEPS, type Step, summary } from './steps.ts';
import { type Options, Trial } from './trial.ts';

const ENDPOINTS = ['function-url', 'rest-api', 'http-api'];
const USAGE = `Usage: npm run test:account -- --account ID --endpoint ${ENDPOINTS.join('|')} [options]

Deploys into your AWS account, changes the deployment, and destroys it. It asks before it creates anything.
Needs terraform, the aws command with credentials of the account, and a container engine.

  --account ID          the account; the credentials must belong to it
  --endpoint TYPE       endpoint to deploy
  --region REGION       by default AWS_REGION
  --architecture NAME   arm64 (default) or x86_64
  --wait SECONDS        time until AWS no longer lists deleted resources; by default 120
`;

interface Result {
  title: string;
  passed: boolean;
  seconds: number;
  remark: string;
}

function readOptions(): Options | undefined {
  const { values } = parseArgs({
    options: {
      account: { type: 'string', default: '' },
      endpoint: { type: 'string', default: '' },
      region: { type: 'string', default: process.env.AWS_REGION ?? '' },
      architecture: { type: 'string', default: 'arm64' },
      wait: { type: 'string', default: '120' },
    },
  });
  const { account, endpoint, region, architecture, wait } = values;
  if (!/^\d{12}$/.test(account) || !ENDPOINTS.includes(endpoint) || !region) return undefined;
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const name = `mcp-trial-${randomBytes(3).toString('hex')}`;
  return { root, account, endpoint, region, architecture, name, wait: Number(wait) };
}

const say = (line = ''): unknown => process.stderr.write(`${line}\n`);

/** Prints the resources that it will create and their maximum cost, and asks for the account number. */
async function confirmed(trial: Trial): Promise<boolean> {
  const { account, region, name } = trial.options;
  const caller = await trial.aws('sts', 'get-caller-identity', '--query', 'Account', '--output', 'text');
  if (caller !== account) {
    say(`The credentials belong to account ${caller}, not to ${account}. Nothing was created.`);
    return false;
  }
  if (trial.options.endpoint === 'rest-api') await decideOnLogRole(trial);
  await trial.terraform('init', '-input=false');
  const plan = await trial.plan();
  say(`In account ${account}, region ${region}, named ${name}: ${summary(plan)}.`);
  say(`${plan.planned_values?.outputs?.max_monthly_cost?.value}`);
  say('A trial takes less than an hour, 1/744 of that month. Until it ends, its state is in this folder:');
  say(trial.folder);
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await terminal.question('Type the account number to create these resources: ');
  terminal.close();
  return answer.trim() === account;
}

/** Lets the trial set the account's role for logs, which all REST APIs share, only if the account has none. */
async function decideOnLogRole(trial: Trial): Promise<void> {
  const role = await trial.aws(
    'apigateway',
    'get-account',
    '--query',
    'cloudwatchRoleArn',
    '--output',
    'text',
  );
  trial.set(`manage_api_gateway_account=${role === 'None'}`);
}

async function attempt({ title, run }: Step, trial: Trial): Promise<Result> {
  say(`${title} ...`);
  const begin = Date.now();
  const seconds = (): number => Math.round((Date.now() - begin) / 1000);
  try {
    return { title, passed: true, remark: await run(trial), seconds: seconds() };
  } catch (error) {
    const { message, stderr = '' } = error as Error & { stderr?: string };
    say(stderr || message);
    const remark = (stderr || message)
      .split('\n')
      .filter(line => /[a-z]/i.test(line))
      .slice(0, 3)
      .join(' ');
    return { title, passed: false, remark, seconds: seconds() };
  }
}

/** Runs the steps until one fails. Always destroys the deployment and searches for resources that remain. */
async function run(trial: Trial): Promise<Result[]> {
  const results: Result[] = [];
  for (const step of [APPLY, ...STEPS]) {
    const result = await attempt(step, trial);
    results.push(result);
    if (!result.passed) break;
  }
  for (const step of [DESTROY, NOTHING_LEFT]) results.push(await attempt(step, trial));
  return results;
}

async function report(trial: Trial, results: readonly Result[]): Promise<string> {
  const { endpoint, region, architecture, account } = trial.options;
  const { terraform_version, provider_selections } = JSON.parse(await trial.terraform('version', '-json'));
  const rows = results.map(({ title, passed, seconds, remark }) => {
    const cell = remark.replaceAll('|', '\\|').replaceAll(/\s+/g, ' ').trim();
    return `| ${title} | ${passed ? 'passed' : '**failed**'} | ${seconds} s | ${cell} |`;
  });
  const lines = [
    `### Trial of \`${endpoint}\` in ${region}, ${architecture}`,
    '',
    `Terraform ${terraform_version}, providers ${JSON.stringify(provider_selections)}, ${new Date().toISOString().slice(0, 10)}`,
    '',
    '| step | result | time | remark |',
    '|---|---|---|---|',
    ...rows,
  ];
  return `${lines.join('\n').replaceAll(account, 'ACCOUNT')}\n`;
}

async function main(options: Options): Promise<number> {
  const trial = new Trial(options);
  // No resource exists in the account before the confirmation.
  const agreed = await confirmed(trial).catch(error => {
    say(error.stderr || error.message);
    return false;
  });
  if (!agreed) {
    rmSync(trial.folder, { recursive: true });
    return 2;
  }
  const results = await run(trial);
  process.stdout.write(await report(trial, results));
  const failed = results.filter(({ passed }) => !passed).map(({ title }) => title);
  const clean = !failed.includes(DESTROY.title) && !failed.includes(NOTHING_LEFT.title);
  if (clean) rmSync(trial.folder, { recursive: true });
  else say(`Destroy it by hand; its state is in ${trial.folder}/terraform.`);
  return failed.length === 0 ? 0 : 1;
}

const options = readOptions();
if (options) process.exitCode = await main(options);
else {
  say(USAGE);
  process.exitCode = 2;
}
