/**
 * The real AWS CLI against moto: publish-image, the commands of deploy.yml and of every page. Proves that the commands exist
 * with these options, that their queries find what they look for, and that AWS's own error texts are understood. The calls are
 * recorded, as input of the suite policies (`UPDATE_CALLS=1` writes them). What it does not prove: pushes. moto has no
 * registry, so the engine here puts a manifest by the API.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createAwsClient } from '../../../../app/framework/aws/aws-client.ts';
import { awsSettings } from '../../../../app/framework/aws/aws-settings.ts';
import { createParameterReader } from '../../../../app/framework/aws/parameter.ts';
import { createCounters } from '../../../../app/framework/store/counters.ts';
import { createStore } from '../../../../app/framework/store/store.ts';
import { selfInvoke } from '../../../../app/framework/tasks/self-invoke.ts';
import { ROOT } from '../../../helpers/local-lambda.ts';
import { describeWith } from '../../../helpers/skipped-suites.ts';
import { type CallRecorder, startRecorder } from './call-recorder.ts';
import { ACCOUNT, findAwsCli, type Moto, startMoto } from './moto.ts';

const REGION = 'eu-west-1';
const REPOSITORY = `${ACCOUNT}.dkr.ecr.${REGION}.amazonaws.com/mcp`;
const PARAMETER = '/mcp-on-lambda/mcp/image-digest';
const RECORDED = new URL('../policies/recorded-calls.json', import.meta.url);

interface Ran {
  status: number;
  stdout: string;
  stderr: string;
}

describeWith(await findAwsCli())('the AWS CLI', programs => {
  let moto: Moto;
  let pipeline: CallRecorder;
  let framework: CallRecorder;
  let folder: string;

  const CREDENTIALS = { AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE', AWS_SECRET_ACCESS_KEY: 'secret' };
  const environment = (url: string): Record<string, string> => ({
    ...CREDENTIALS,
    PATH: [join(folder, 'bin'), programs, process.env.PATH].join(delimiter),
    HOME: folder,
    AWS_REGION: REGION,
    AWS_DEFAULT_REGION: REGION,
    AWS_ENDPOINT_URL: url,
    AWS_PAGER: '',
    AWS_EC2_METADATA_DISABLED: 'true',
  });
  const execute = (
    command: string,
    args: readonly string[],
    env: Record<string, string | undefined> = {},
  ): Promise<Ran> =>
    new Promise(resolve => {
      const options = { env: { ...environment(moto.url), ...env } };
      execFile(command, args, options, (error, stdout, stderr) =>
        resolve({ status: error ? Number(error.code ?? 1) : 0, stdout, stderr }),
      );
    });
  const shell = (script: string, env: Record<string, string> = {}): Promise<Ran> =>
    execute('bash', ['--norc', '-euo', 'pipefail', '-c', script], env);
  const succeed = async (script: string, env: Record<string, string> = {}): Promise<string> => {
    const { status, stdout, stderr } = await shell(script, env);
    if (status !== 0) throw new Error(`${script}\n${stdout}${stderr}`);
    return stdout.trim();
  };

  /** A manifest as engines push it, its digest, and the command that puts it. */
  const image = (content: string) => {
    const config = {
      mediaType: 'application/vnd.docker.container.image.v1+json',
      size: 1,
      digest: digestOf(content),
    };
    const mediaType = 'application/vnd.docker.distribution.manifest.v2+json';
    const manifest = JSON.stringify({ schemaVersion: 2, mediaType, config, layers: [] });
    return { manifest, digest: digestOf(manifest) };
  };
  const digestOf = (text: string): string => `sha256:${createHash('sha256').update(text).digest('hex')}`;
  const put = async (tag: string, content: string): Promise<string> => {
    const { manifest, digest } = image(content);
    await succeed(
      `aws ecr put-image --repository-name mcp --image-tag ${tag} --image-digest ${digest} --image-manifest '${manifest}'`,
    );
    return digest;
  };

  beforeAll(async () => {
    moto = await startMoto(programs);
    pipeline = await startRecorder(moto.url, REGION, ACCOUNT);
    framework = await startRecorder(moto.url, REGION, ACCOUNT);
    folder = mkdtempSync(join(tmpdir(), 'aws-cli-'));
    writeFileSync(join(folder, 'Dockerfile'), 'FROM scratch\n');
    await succeed(`mkdir -p ${folder}/bin`);
    const { manifest, digest } = image('pushed');
    // An engine whose push puts a manifest. It refuses another password than ECR's.
    writeFileSync(
      join(folder, 'bin/docker'),
      `#!/bin/bash
set -euo pipefail
case "$*" in
  info | --version | 'buildx version' | 'buildx build '*) ;;
  login*) [[ "$(cat)" == ${ACCOUNT}-auth-token ]] ;;
  'image inspect '*) echo arm64 ;;
  'push '*) aws ecr put-image --repository-name mcp --image-tag "\${2##*:}" --image-digest ${digest} \\
    --image-manifest '${manifest}' --endpoint-url ${moto.url} > /dev/null ;;
  *) exit 9 ;;
esac
`,
      { mode: 0o755 },
    );
    const trust = '{"Version":"2012-10-17","Statement":[]}';
    await succeed(`
      aws ecr create-repository --repository-name mcp --image-tag-mutability IMMUTABLE
      role=$(aws iam create-role --role-name mcp --assume-role-policy-document '${trust}' --query Role.Arn --output text)
      aws ssm put-parameter --name ${PARAMETER} --type String --value none
      aws dynamodb create-table --table-name mcp-store --billing-mode PAY_PER_REQUEST \\
        --key-schema AttributeName=key,KeyType=HASH --attribute-definitions AttributeName=key,AttributeType=S`);
    const first = await put('arm64-first', 'first');
    await succeed(`
      aws lambda create-function --function-name mcp --package-type Image --publish \\
        --code ImageUri=${REPOSITORY}@${first} --role arn:aws:iam::${ACCOUNT}:role/mcp
      aws lambda create-alias --function-name mcp --name live --function-version 1`);
  });
  afterAll(async () => {
    pipeline?.close();
    framework?.close();
    await moto?.close();
    if (folder) rmSync(folder, { recursive: true });
  });

  describe('runs publish-image', () => {
    const publish = (
      args: readonly string[] = [],
      env: Record<string, string | undefined> = {},
    ): Promise<Ran> =>
      execute(
        join(ROOT, 'scripts/publish-image'),
        ['--repository', REPOSITORY, '--tag', 't1', '--context', folder, ...args],
        { AWS_ENDPOINT_URL: pipeline.url, ...env },
      );

    test('which pushes a new tag, keeps it as deployed, and prints its digest', async () => {
      const { digest } = image('pushed');
      expect(await publish(['--live'])).toMatchObject({ status: 0, stdout: `${digest}\n` });
      const tags = await succeed(
        `aws ecr describe-images --repository-name mcp --image-ids imageDigest=${digest} --query 'imageDetails[0].imageTags' --output text`,
      );
      expect(tags.split('\t').sort()).toEqual(['live-t1', 't1']);
    });

    test('which does nothing where the tag exists', async () => {
      const { digest } = image('pushed');
      const again = await publish([], { CONTAINER_ENGINE: '/nonexistent' });
      expect(again).toMatchObject({ status: 0, stdout: `${digest}\n` });
      expect(again.stderr).toContain('already exists');
    });

    test('which names a repository that does not exist, by the error of AWS', async () => {
      const { status, stderr } = await publish(['--repository', `${REPOSITORY}2`], {
        AWS_ENDPOINT_URL: moto.url,
      });
      expect(status).toBe(1);
      expect(stderr).toContain(`There is no repository mcp2 in account ${ACCOUNT}, region ${REGION}.`);
      expect(stderr).toContain(`The credentials are those of account ${ACCOUNT}.`);
    });

    test.each([
      [
        'without credentials',
        { AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined },
        'There are no AWS credentials.',
      ],
      ['with a profile that does not exist', { AWS_PROFILE: 'missing' }, 'There are no AWS credentials.'],
      ['where AWS cannot be reached', { AWS_ENDPOINT_URL: 'http://127.0.0.1:9' }, 'cannot be reached.'],
    ])('%s, which says so by the error of the CLI', async (_, env, message) => {
      const { status, stderr } = await publish([], env);
      expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringContaining(message) });
    });
  });

  describe('runs deploy.yml', () => {
    let digest: string;
    const deploy = (url: string): Promise<string> => {
      const workflow = readFileSync(join(ROOT, '.github/workflows/deploy.yml'), 'utf8');
      const [, script = ''] = /run: \|\n((?: {10}.*\n)+)/.exec(workflow) ?? [];
      const variables = { DIGEST: digest, REPOSITORY, FUNCTION: 'mcp', IMAGE_PARAMETER: PARAMETER };
      return succeed(script.replace(/^ {10}/gm, ''), { ...variables, AWS_ENDPOINT_URL: url });
    };
    const version = (): Promise<string> =>
      succeed('aws lambda get-alias --function-name mcp --name live --query FunctionVersion --output text');

    test('which gives the alias the version, and the parameter the digest', async () => {
      digest = await put('arm64-second', 'second');
      await deploy(pipeline.url);
      expect(await version()).toBe('2');
      const recorded = `aws ssm get-parameter --name ${PARAMETER} --query Parameter.Value --output text`;
      expect(await succeed(recorded)).toBe(digest);
    });

    test('again, which finds the tag live-… and goes on', async () => {
      await deploy(moto.url);
      expect(await version()).toBe('3');
    });
  });

  test('reads what the framework writes, whose own client makes the calls', async () => {
    const settings = () =>
      awsSettings({ ...CREDENTIALS, AWS_REGION: REGION, AWS_ENDPOINT_URL: framework.url });
    const callAws = createAwsClient(settings);
    const store = createStore(callAws, { table: () => 'mcp-store' });
    const expires = Math.ceil(Date.now() / 1000) + 60;
    expect(await store.putIfAbsent({ key: 'task#1', expires, data: { text: 'ü' } })).toBe(true);
    const item = await store.get('task#1');
    expect(item && (await store.update(item, { text: 'two' }))).toMatchObject({ version: 2 });
    expect(await createCounters(callAws, 'mcp-store').increment('limit#1', 1, { max: 2, expires })).toBe(
      true,
    );
    const read = (key: string) =>
      succeed(
        `aws dynamodb get-item --table-name mcp-store --key '{"key":{"S":"${key}"}}' --query Item --output json`,
      );
    expect(JSON.parse(await read('task#1'))).toEqual({
      key: { S: 'task#1' },
      version: { N: '2' },
      expires: { N: String(expires) },
      data: { S: '{"text":"two"}' },
    });
    expect(JSON.parse(await read('limit#1'))).toMatchObject({ count: { N: '1' } });
    await succeed(`aws ssm put-parameter --name /mcp/secret --type SecureString --value '${'s'.repeat(43)}'`);
    expect(await createParameterReader(callAws)('ssm:/mcp/secret')).toBe('s'.repeat(43));
    // moto runs functions in containers, which there are none of here: whatever it says, the call was made.
    const job = { path: '/mcp', taskKey: 'task#1' };
    const functionArn = `arn:aws:lambda:${REGION}:${ACCOUNT}:function:mcp:live`;
    await selfInvoke(createAwsClient(settings), { functionArn, tenantId: undefined }, job).catch(
      (error: Error) => expect(error.name).toBe('AwsError'),
    );
  });

  test('makes the calls of recorded-calls.json, which the suite policies evaluates', () => {
    const recorded = { pipeline: pipeline.calls(), function: framework.calls() };
    if (process.env.UPDATE_CALLS) writeFileSync(RECORDED, `${JSON.stringify(recorded, null, 2)}\n`);
    expect(JSON.parse(readFileSync(RECORDED, 'utf8'))).toEqual(recorded);
  });

  describe('runs the commands', () => {
    /** Signing in opens a browser; `logs tail` is in version 2 only, which is no Python package. */
    const NOT_HERE = /^aws (login$|sso login$|logs tail )/;
    /** `aws …` in code of a page or of a message, in one line. */
    const commandsIn = (file: string): string[] =>
      [...readFileSync(join(ROOT, file), 'utf8').matchAll(/`(aws\s[^`]*)`|^(aws (?:.*\\\n)*.*)$/gm)]
        .map(([, inline, block]) => String(inline ?? block).replace(/\\?\n\s*/g, ' '))
        .filter(command => !NOT_HERE.test(command));
    const PAGES = globSync(
      '{*.md,.github/*.md,{app/framework,scripts,terraform}/**/*.md,test/framework/*.md}',
      {
        cwd: ROOT,
        exclude: ['**/node_modules/**', '**/.terraform/**'],
      },
    ).filter(page => commandsIn(page).length > 0);
    /** Of messages and outputs, which put them together. */
    const OTHERS = [
      'aws ecr create-repository --repository-name another --image-tag-mutability IMMUTABLE',
      "aws ecr describe-repositories --query 'repositories[].repositoryUri'",
      "aws ecr describe-images --repository-name NAME --image-ids imageTag=t1 --query 'imageDetails[0].imageDigest' --output text",
      'aws lambda get-function-url-config --function-name NAME --qualifier live',
      'aws lambda get-policy --function-name NAME --qualifier live',
      `aws ssm put-parameter --overwrite --name ${PARAMETER} --value ${'sha256:'}${'0'.repeat(64)}`,
    ];

    beforeAll(async () => {
      queue = await succeed(
        filledIn('aws sqs create-queue --queue-name mcp-tasks-failed --query QueueUrl --output text'),
      );
      userPool = await succeed(
        'aws cognito-idp create-user-pool --pool-name mcp --query UserPool.Id --output text',
      );
      const grant = (id: string): string =>
        `aws lambda add-permission --function-name mcp --qualifier live --statement-id ${id} --action lambda:InvokeFunctionUrl --principal '*' --function-url-auth-type NONE`;
      await succeed(`
        aws lambda create-function-url-config --function-name mcp --qualifier live --auth-type NONE
        ${grant('Kept')}
        ${grant('FunctionURLAllowPublicAccess')}
        ${grant('FunctionURLAllowInvokeAction')}
        aws logs create-log-group --log-group-name /aws/apigateway/welcome
        aws logs put-resource-policy --policy-name AWSLogDeliveryWrite20150319 \\
          --policy-document '{"Version":"2012-10-17","Statement":[]}'`);
    });
    let queue: string;
    let userPool: string;

    /** With what a page leaves open. Version 1 does not read AWS_ENDPOINT_URL for SQS. */
    const filledIn = (command: string): string =>
      command
        .replaceAll('NAME', 'mcp')
        .replace(/"\$\(terraform [^)]*tasks_failed_queue_url\)"/, queue)
        .replace(/"\$\(terraform [^)]*sign_in_user_pool_id\)"/, userPool)
        .replace(/^aws sqs/, `aws --endpoint-url ${moto.url} sqs`);

    test.each(PAGES)('of %s', async page => {
      for (const command of commandsIn(page)) await succeed(filledIn(command));
    });

    test('of messages and outputs', async () => {
      for (const command of OTHERS) await succeed(filledIn(command));
    });

    test('and refuses an option that does not exist', async () => {
      await expect(succeed('aws lambda get-policy --function-name mcp --colour red')).rejects.toThrow(
        'Unknown options: --colour',
      );
    });
  });
});
