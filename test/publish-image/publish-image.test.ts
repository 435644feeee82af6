/** scripts/publish-image with recording stand-ins for the engines and for aws: what it calls, in which order, and what it says. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ROOT } from '../helpers/local-lambda.ts';

const REPOSITORY = '111122223333.dkr.ecr.eu-west-1.amazonaws.com/mcp';
const DIGEST = `sha256:${'d'.repeat(64)}`;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'publish-'));
  // Of this machine only what the script needs: no engine may be found by chance.
  for (const tool of ['bash', 'cat', 'cut', 'dirname', 'find', 'grep', 'mktemp', 'rm', 'sha256sum', 'sort']) {
    const { stdout } = spawnSync('sh', ['-c', `command -v ${tool}`], { encoding: 'utf8' });
    symlinkSync(stdout.trim(), join(folder, tool));
  }
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A command that records its arguments and then runs `script` (bash; $1… are the arguments). */
function standIn(name: string, script = ''): void {
  const file = join(folder, name);
  writeFileSync(
    file,
    `#!${join(folder, 'bash')}\nprintf '%s\\n' "${name} $*" >> '${folder}/calls'\n${script}\n`,
  );
  chmodSync(file, 0o755);
}

/** ECR without the image until it is pushed. */
const AWS = `case "$2" in
  describe-images) if [ -f "\${0%/*}/pushed" ]; then echo '${DIGEST}'; else echo ImageNotFoundException >&2; exit 254; fi ;;
  get-login-password) echo secret-password ;;
esac`;
const ENGINE = `case "$1" in
  image) echo "\${ARCH:-arm64}" ;;
  login) cat > "\${0%/*}/stdin" ;;
  push) : > "\${0%/*}/pushed" ;;
  build) echo 'progress of the build' ;;
esac`;

function publish(
  args: string[] = ['--repository', REPOSITORY, '--tag', 't1'],
  env: Record<string, string> = {},
) {
  const { status, stdout, stderr } = spawnSync(join(ROOT, 'scripts/publish-image'), args, {
    env: { PATH: folder, ...env },
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

const calls = (): string[] => readFileSync(join(folder, 'calls'), 'utf8').trim().split('\n');

test('builds for the platform, without attestations, logs in, pushes, and prints the digest alone', () => {
  standIn('aws', AWS);
  standIn('docker', ENGINE);
  expect(publish()).toMatchObject({
    status: 0,
    stdout: `${DIGEST}\n`,
    stderr: expect.stringContaining('progress of the build'),
  });
  const images =
    'ecr describe-images --region eu-west-1 --registry-id 111122223333 --repository-name mcp --image-ids imageTag=t1';
  expect(calls().map(call => call.split(' --query')[0])).toEqual([
    `aws ${images}`,
    'docker info',
    `docker build --provenance=false --sbom=false --platform linux/arm64 -t ${REPOSITORY}:t1 ${ROOT}`,
    `docker image inspect --format {{.Architecture}} ${REPOSITORY}:t1`,
    'aws ecr get-login-password --region eu-west-1',
    `docker login --username AWS --password-stdin 111122223333.dkr.ecr.eu-west-1.amazonaws.com`,
    `docker push ${REPOSITORY}:t1`,
    `aws ${images}`,
  ]);
  expect(readFileSync(join(folder, 'stdin'), 'utf8')).toBe('secret-password');
  expect(calls().join()).not.toContain('secret-password');
});

test('does nothing when the tag is there already, and needs no engine for that', () => {
  standIn('aws', AWS);
  writeFileSync(join(folder, 'pushed'), '');
  expect(publish()).toMatchObject({
    status: 0,
    stdout: `${DIGEST}\n`,
    stderr: expect.stringContaining('is there already'),
  });
  expect(calls()).toHaveLength(1);
});

test('takes the engine that runs, or the one that is chosen', () => {
  standIn('aws', AWS);
  standIn('docker', '[ "$1" != info ] || exit 1');
  standIn('podman', ENGINE);
  standIn('finch', ENGINE);
  expect(
    publish([...['--repository', REPOSITORY], '--architecture', 'x86_64'], { ARCH: 'amd64' }).status,
  ).toBe(0);
  expect(calls()).toContainEqual(
    expect.stringMatching(/^podman build --format docker --platform linux\/amd64 /),
  );
  rmSync(join(folder, 'pushed'));
  expect(publish(undefined, { CONTAINER_ENGINE: 'finch' }).status).toBe(0);
  expect(calls()).toContainEqual(expect.stringMatching(/^finch build --provenance=false --sbom=false /));
});

test('tags by what the image is built from and for which architecture, when no tag is given', () => {
  standIn('aws', AWS);
  standIn('docker', ENGINE);
  writeFileSync(join(folder, 'pushed'), '');
  const tagOf = (...args: string[]): string => {
    publish(['--repository', REPOSITORY, ...args]);
    return /imageTag=(\S+)/.exec(calls().at(-1) ?? '')?.[1] ?? '';
  };
  const context = mkdtempSync(join(tmpdir(), 'context-'));
  writeFileSync(join(context, 'Dockerfile'), 'FROM scratch');
  const first = tagOf('--context', context);
  expect(first).toMatch(/^[0-9a-f]{20}$/);
  expect(tagOf('--context', context)).toBe(first);
  expect(tagOf('--context', context, '--architecture', 'x86_64')).not.toBe(first);
  writeFileSync(join(context, 'Dockerfile'), 'FROM other');
  expect(tagOf('--context', context)).not.toBe(first);
  rmSync(context, { recursive: true });
});

describe('each failure says what to do', () => {
  test.each<[string, string[], RegExp]>([
    ['no repository', [], /--repository is missing/],
    ['no ECR repository', ['--repository', 'docker.io/me/it'], /is no ECR repository/],
    [
      'an unknown architecture',
      ['--repository', REPOSITORY, '--architecture', 'arm'],
      /must be arm64 or x86_64, not "arm"/,
    ],
    ['an unknown argument', ['--push'], /unknown argument --push/],
    ['no Dockerfile', ['--repository', REPOSITORY, '--context', '/'], /no Dockerfile in \//],
    ['no aws', ['--repository', REPOSITORY], /aws command line is not installed/],
  ])('%s', (_what, args, message) => {
    expect(publish(args)).toMatchObject({ status: 1, stdout: '', stderr: expect.stringMatching(message) });
  });

  test.each([
    [
      'RepositoryNotFoundException',
      /no repository mcp in account 111122223333, region eu-west-1\. Create it/,
    ],
    ['Unable to locate credentials', /no valid AWS credentials\. Log in/],
    ['AccessDeniedException: not yours', /these credentials may not do that: AccessDeniedException/],
  ])('aws: %s', (error, message) => {
    standIn('aws', `echo '${error}' >&2; exit 254`);
    expect(publish()).toMatchObject({ status: 1, stdout: '', stderr: expect.stringMatching(message) });
  });

  test('no engine, or none that runs', () => {
    standIn('aws', AWS);
    expect(publish()).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/no container engine is installed/),
    });
    standIn('docker', 'exit 1');
    expect(publish()).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/installed but not running: docker\. Start it/),
    });
  });

  test('a build that fails, an image for another architecture, a push that fails', () => {
    standIn('aws', AWS);
    standIn('docker', '[ "$1" != build ] || exit 1');
    expect(publish()).toMatchObject({ status: 1, stderr: expect.stringMatching(/exec format error.*QEMU/) });
    standIn('docker', ENGINE);
    expect(publish(undefined, { ARCH: 'amd64' })).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/for amd64, not for arm64/),
    });
    expect(calls().some(call => call.startsWith('docker push'))).toBe(false);
    standIn('docker', `${ENGINE}\n[ "$1" != push ] || exit 1`);
    rmSync(join(folder, 'pushed'), { force: true });
    expect(publish()).toMatchObject({
      status: 1,
      stdout: '',
      stderr: expect.stringMatching(/the push failed/),
    });
  });
});
