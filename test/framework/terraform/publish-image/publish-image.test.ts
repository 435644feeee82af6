/** scripts/publish-image with fake commands that record their calls: no engine, no network, no AWS. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { arch, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ROOT } from '../../../helpers/local-lambda.ts';
import { ACCOUNT, type Answers, type Command, ENGINES, Machine, REGION } from './fake/machine.ts';

const REGISTRY = `${ACCOUNT}.dkr.ecr.${REGION}.amazonaws.com`;
const REPOSITORY = `${REGISTRY}/mcp`;
const OWN = arch() === 'arm64' ? 'arm64' : 'x86_64';
const OTHER = OWN === 'arm64' ? 'x86_64' : 'arm64';

let machine: Machine;
let context: string;

beforeEach(() => {
  machine = Machine.create(['aws', 'docker']);
  machine.setTags('mcp', {});
  context = mkdtempSync(join(tmpdir(), 'context-'));
  writeFileSync(join(context, 'Dockerfile'), 'FROM scratch\n');
});

afterEach(() => {
  machine[Symbol.dispose]();
  rmSync(context, { recursive: true });
});

interface Run {
  status: number | null;
  stdout: string;
  stderr: string;
}

function publish(args: readonly string[], env: Record<string, string> = {}): Run {
  const script = join(ROOT, 'scripts/publish-image');
  return spawnSync(script, args, { env: { PATH: machine.bin, ...env }, encoding: 'utf8' });
}

function publishTag(args: readonly string[] = [], env: Record<string, string> = {}): Run {
  return publish(['--repository', REPOSITORY, '--tag', 't1', '--context', context, ...args], env);
}

/** Returns the command lines of one program. */
function calls(program = ''): string[] {
  const entries = machine.journal as Command[];
  return entries.map(({ argv }) => argv.join(' ')).filter(line => line.startsWith(program));
}

const digestOf = (tag: string): string => machine.tags('mcp')?.[tag] ?? 'nothing was pushed';
const replace = (commands: readonly string[]): void => {
  machine[Symbol.dispose]();
  machine = Machine.create(commands);
  machine.setTags('mcp', {});
};

describe('a new tag', () => {
  test('is looked up, built, pushed and looked up again, in this order; stdout has only the digest', () => {
    const { status, stdout, stderr } = publishTag();
    const describeImages = `aws ecr describe-images --registry-id ${ACCOUNT} --repository-name mcp --image-ids imageTag=t1 --query imageDetails[0].imageDigest --output text --region ${REGION}`;
    expect(calls()).toEqual([
      describeImages,
      'docker info',
      `aws ecr get-login-password --region ${REGION}`,
      `docker login --username AWS --password-stdin ${REGISTRY}`,
      'docker --version',
      'docker buildx version',
      `docker buildx build --load --provenance=false --sbom=false --platform linux/arm64 --tag ${REPOSITORY}:t1 --file ${context}/Dockerfile ${context}`,
      `docker image inspect --format {{.Architecture}} ${REPOSITORY}:t1`,
      `docker push ${REPOSITORY}:t1`,
      describeImages,
    ]);
    expect(stdout).toBe(`${digestOf('t1')}\n`);
    expect(stderr).toContain(`Building ${REPOSITORY}:t1 for arm64 with docker`);
    expect(stderr).toContain('progress that some engines print here');
    expect(status).toBe(0);
  });

  test('is pushed with the registry’s password from stdin, not on a command line', () => {
    publishTag();
    const entries = machine.journal as Command[];
    expect(entries.map(({ stdin }) => stdin).filter(Boolean)).toEqual(['password-of-the-registry']);
    expect(JSON.stringify(entries.map(({ argv }) => argv))).not.toContain('password-of-the-registry');
  });

  test('may be pushed by another machine meanwhile', () => {
    machine.answers = { pushTaken: true };
    expect(publishTag()).toMatchObject({ status: 0, stdout: `${digestOf('t1')}\n` });
  });

  test.each([
    ['arm64', 'linux/arm64'],
    ['x86_64', 'linux/amd64'],
  ])('for the architecture %s is built for the platform %s', (architecture, platform) => {
    expect(publishTag(['--architecture', architecture]).status).toBe(0);
    expect(calls('docker buildx build')[0]).toContain(` --platform ${platform} `);
  });
});

describe('publish-image --live', () => {
  const LIVE = { 'live-t1': `sha256:${'a'.repeat(64)}` };

  test('tags the pushed image as well, without pulling it', () => {
    const { status, stdout } = publishTag(['--live']);
    expect({ status, stdout }).toEqual({ status: 0, stdout: `${digestOf('t1')}\n` });
    expect(digestOf('live-t1')).toBe(digestOf('t1'));
    const put = `aws ecr put-image --registry-id ${ACCOUNT} --repository-name mcp --image-tag live-t1 --image-digest ${digestOf('t1')}`;
    expect(calls().at(-1)).toContain(put);
  });

  test('tags an image that a pipeline has pushed, without an engine', () => {
    replace(['aws']);
    machine.setTags('mcp', { t1: `sha256:${'a'.repeat(64)}` });
    expect(publishTag(['--live']).status).toBe(0);
    expect(machine.tags('mcp')).toEqual({ t1: `sha256:${'a'.repeat(64)}`, ...LIVE });
  });

  test('does nothing if the tag exists, even if the other tag has expired', () => {
    replace(['aws']);
    machine.setTags('mcp', LIVE);
    expect(publishTag(['--live'])).toMatchObject({ status: 0, stdout: `${LIVE['live-t1']}\n` });
    expect(calls()).toHaveLength(1);
  });
});

test('an existing tag needs no engine, no build and no push', () => {
  replace(['aws']);
  machine.setTags('mcp', { t1: `sha256:${'a'.repeat(64)}` });
  const { status, stdout, stderr } = publishTag();
  expect({ status, stdout }).toEqual({ status: 0, stdout: `sha256:${'a'.repeat(64)}\n` });
  expect(stderr).toContain('already exists');
  expect(calls()).toHaveLength(1);
});

const OWN_PLATFORM = process.arch === 'arm64' ? 'arm64' : 'amd64';
const PODMAN_BUILD = `build --format docker --build-arg BUILDPLATFORM=linux/${OWN_PLATFORM}`;

describe('container engines', () => {
  test.each([
    ['docker', {}, 'buildx build --load --provenance=false --sbom=false'],
    ['docker', { withoutBuildx: true }, 'build'],
    ['docker', { version: 'podman version 5.4.0' }, PODMAN_BUILD],
    ['podman', {}, PODMAN_BUILD],
    ['finch', {}, 'build'],
  ] satisfies [string, Answers, string][])('%s %j builds by: %s', (engine, answers, command) => {
    replace(['aws', engine]);
    machine.answers = answers;
    expect(publishTag().status).toBe(0);
    const build = calls(engine).find(line => / build /.test(line));
    expect(build).toBe(
      `${engine} ${command} --platform linux/arm64 --tag ${REPOSITORY}:t1 --file ${context}/Dockerfile ${context}`,
    );
  });

  test('the first running engine is used', () => {
    replace(['aws', ...ENGINES]);
    machine.answers = { stopped: ['docker'] };
    expect(publishTag().status).toBe(0);
    expect(calls('podman push')).toHaveLength(1);
    expect(calls('docker')).toEqual(['docker info']);
    expect(calls('finch')).toEqual([]);
  });

  test('CONTAINER_ENGINE chooses another', () => {
    replace(['aws', ...ENGINES]);
    expect(publishTag([], { CONTAINER_ENGINE: 'finch' }).status).toBe(0);
    expect(calls('finch push')).toHaveLength(1);
    expect([...calls('docker'), ...calls('podman')]).toEqual([]);
  });
});

describe('the tag for the sources', () => {
  const tagNow = (architecture = 'arm64'): string => {
    const { status, stderr } = publish([
      '--repository',
      REPOSITORY,
      '--context',
      context,
      '--architecture',
      architecture,
    ]);
    expect({ status, stderr }).toMatchObject({ status: 0 });
    return / imageTag=(\S+) /.exec(calls('aws ecr describe-images').at(-1) ?? '')?.[1] ?? stderr;
  };

  test('is a checksum of the checksums of exactly the sources', () => {
    mkdirSync(join(context, 'app/framework'), { recursive: true });
    writeFileSync(join(context, 'app/b.ts'), 'b');
    writeFileSync(join(context, 'app/data.md'), 'data');
    writeFileSync(join(context, 'app/a file.ts'), 'a');
    writeFileSync(join(context, 'README.md'), 'not a source');
    writeFileSync(join(context, 'app/framework/README.md'), 'not a source');
    writeFileSync(join(context, 'node_modules.json'), 'not a source');
    const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
    const listing = [
      `${sha256('FROM scratch\n')}  Dockerfile\n`,
      `${sha256('a')}  app/a file.ts\n`,
      `${sha256('b')}  app/b.ts\n`,
      `${sha256('data')}  app/data.md\n`,
    ];
    expect(tagNow()).toBe(`arm64-${sha256(listing.join('')).slice(0, 32)}`);
  });

  test('changes with a source and with the architecture, and is the same again after the change is undone', () => {
    const before = tagNow();
    expect(tagNow('x86_64')).not.toBe(before);
    writeFileSync(join(context, 'package.json'), '{}');
    expect(tagNow()).not.toBe(before);
    rmSync(join(context, 'package.json'));
    expect(tagNow()).toBe(before);
    expect(calls('docker push')).toHaveLength(3);
  });
});

describe('publish-image prints the reason of a failure and what to do', () => {
  const failures: [string, Answers, RegExp[]][] = [
    [
      'no daemon',
      { stopped: ['docker'] },
      [/installed, but not running/, /docker: start Docker Desktop.*systemctl start docker/],
    ],
    [
      'no credentials',
      { awsFails: 'Unable to locate credentials. You can configure credentials by running "aws login".' },
      [/There are no AWS credentials/, /AWS_PROFILE=NAME/],
    ],
    [
      'unknown profile',
      { awsFails: 'The config profile (x) could not be found' },
      [/There are no AWS credentials/, /config profile \(x\)/],
    ],
    [
      'expired credentials',
      {
        awsFails:
          'An error occurred (ExpiredTokenException) when calling the DescribeImages operation: The security token included in the request is expired',
      },
      [/have expired/, /aws sso login/],
    ],
    [
      'an expired SSO session',
      { awsFails: 'Error when retrieving token from sso: Token has expired and refresh failed' },
      [/have expired/, /aws sso login/],
    ],
    [
      'unknown credentials',
      {
        awsFails:
          'An error occurred (UnrecognizedClientException) when calling the DescribeImages operation: The security token included in the request is invalid.',
      },
      [/rejects these credentials in region eu-west-1/],
    ],
    [
      'missing permissions',
      {
        awsFails:
          'An error occurred (AccessDeniedException) when calling the DescribeImages operation: User: x is not authorized',
      },
      [/of account 210987654321, may not do this in account 123456789012/, /ecr:PutImage/],
    ],
    [
      'an unreachable region',
      { awsFails: 'Could not connect to the endpoint URL: "https://api.ecr.eu-west-1.amazonaws.com/"' },
      [/region eu-west-1 cannot be reached/, /network/],
    ],
    ['another AWS error', { awsFails: 'Segmentation fault' }, [/A call to AWS failed/, /Segmentation fault/]],
    ['a rejected login', { loginFails: true }, [/docker could not log in to/, /credsStore/]],
    [
      'a base image of another architecture',
      { builds: 'amd64' },
      [/docker built for amd64 although linux\/arm64 was requested/, /docker pull --platform linux\/arm64/],
    ],
    [
      'a push that is denied',
      { pushFails: 'denied: User is not authorized to perform: ecr:InitiateLayerUpload' },
      [/The push failed/, /ecr:PutImage/],
    ],
  ];

  test.each(failures)('%s', (_, answers, messages) => {
    machine.answers = answers;
    const { status, stdout, stderr } = publishTag();
    for (const message of messages) expect(stderr).toMatch(message);
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(machine.tags('mcp')).toEqual({});
  });

  test('several engines, none of which is running', () => {
    replace(['aws', ...ENGINES]);
    machine.answers = { stopped: ENGINES };
    const { status, stderr } = publishTag();
    expect(status).toBe(1);
    for (const advice of ['docker: start', 'podman: podman machine start', 'finch: finch vm start'])
      expect(stderr).toContain(advice);
  });

  test('no engine', () => {
    replace(['aws']);
    expect(publishTag()).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(
        /No container engine[\s\S]*Install Docker, Podman or Finch[\s\S]*-var image_uri=/,
      ),
    });
    expect(publishTag([], { CONTAINER_ENGINE: 'moby' }).stderr).toMatch(
      /CONTAINER_ENGINE is moby, which is not installed/,
    );
  });

  test('no aws command', () => {
    replace(['docker']);
    expect(publishTag()).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/The aws command is not installed[\s\S]*https:/),
    });
  });

  test('no repository', () => {
    machine.setTags('mcp', undefined);
    const { status, stderr } = publishTag();
    expect(status).toBe(1);
    expect(stderr).toContain('There is no repository mcp in account 123456789012, region eu-west-1.');
    expect(stderr).toContain('The credentials are those of account 210987654321.');
    expect(stderr).toContain('terraform apply');
  });

  test('another region than that of the repository', () => {
    const elsewhere = REPOSITORY.replace(REGION, 'us-east-1');
    const { stderr } = publish(['--repository', elsewhere, '--tag', 't1', '--context', context]);
    expect(stderr).toContain('There is no repository mcp in account 123456789012, region us-east-1.');
  });

  test('a failed build for another architecture, with a hint at emulation; for the same architecture, without it', () => {
    machine.answers = { buildFails: 'exec /bin/sh: exec format error' };
    const foreign = publishTag(['--architecture', OTHER]);
    expect(foreign.status).toBe(1);
    expect(foreign.stderr).toContain(`no emulation`);
    expect(foreign.stderr).toContain(`terraform apply -var architecture=${OWN}`);
    const own = publishTag(['--architecture', OWN]);
    expect(own.status).toBe(1);
    expect(own.stderr).toMatch(/The build failed: see the output of docker above\.\n$/);
  });

  test.each([
    [['--repository', 'mcp'], 1, /mcp is not the URL of an ECR repository[\s\S]*describe-repositories/],
    [['--repository', `${REPOSITORY}:latest`], 1, /is not the URL of an ECR repository[\s\S]*without a tag/],
    [
      ['--repository', REPOSITORY, '--architecture', 'amd64'],
      1,
      /no architecture amd64[\s\S]*amd64 is x86_64/,
    ],
    [['--repository', REPOSITORY, '--context', '/nowhere'], 1, /no Dockerfile in \/nowhere[\s\S]*--context/],
    [[], 2, /--repository is missing\.\nUsage:/],
    [['--repository'], 2, /--repository needs a value/],
    [['--push'], 2, /There is no option --push/],
  ])('invalid arguments: %j', (args, status, message) => {
    const run = publish(args);
    expect(run).toMatchObject({ status, stdout: '', stderr: expect.stringMatching(message) });
    expect(machine.journal).toEqual([]);
  });
});

test('publish-image --help prints every option to stdout', () => {
  const { status, stdout } = publish(['--help']);
  const options =
    readFileSync(join(ROOT, 'scripts/publish-image'), 'utf8').match(/ {8}--repository \| .*\)/)?.[0] ?? '';
  expect(status).toBe(0);
  for (const [option] of options.matchAll(/--\w+/g)) expect(stdout).toContain(`  ${option} `);
});
