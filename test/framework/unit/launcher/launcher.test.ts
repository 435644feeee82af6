/** scripts/run.mjs, which runs every npm script in any shell, with the installed Node or the packaged one. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { PACKAGED_VERSION } from '../../../../scripts/packaged-node.mjs';
import { ROOT } from '../../../helpers/local-lambda.ts';
import { describeWith, type Found } from '../../../helpers/skipped-suites.ts';

const LAUNCHER = join(ROOT, 'scripts/run.mjs');
const LAUNCHED = 'test/fixtures/launched.ts';
const older = (version: string): string =>
  `data:text/javascript,Object.defineProperty(process.versions,"node",{value:"${version}"})`;
const OLDER = older('20.20.2');

async function launch(args: readonly string[], nodeOptions: readonly string[] = []) {
  const child = spawn(process.execPath, [...nodeOptions, LAUNCHER, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit'),
  ]);
  return { stdout, stderr, code };
}

test('npm scripts work in every shell, and run with the Node that the launcher chooses', () => {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  for (const [name, script] of Object.entries(scripts))
    for (const command of script.split(' && '))
      expect(command, name).toMatch(/^(?:node scripts\/run\.mjs|npm (?:run|ci|rebuild)) [^'"$;|<>&]+$/);
});

describe('with an installed Node of version 24 or later, the launcher', () => {
  test('runs the file as the main module, with arguments, environment variables and its exit code', async () => {
    const { stdout, stderr, code } = await launch(['LAUNCHED=a b', LAUNCHED, 'x', '--y']);
    expect(JSON.parse(stdout)).toEqual({
      args: ['x', '--y'],
      main: true,
      node: process.versions.node,
      set: 'a b',
    });
    expect([stderr, code]).toEqual(['', 5]);
  });

  test('runs the command of a package and prints which Node runs', async () => {
    const { stdout, stderr, code } = await launch(['--announce', 'tsc', '--version']);
    expect([stdout, stderr, code]).toEqual([
      expect.stringMatching(/^Version \d/),
      `Node ${process.versions.node}.\n`,
      0,
    ]);
  });
});

test('the script gets SIGTERM when the shell that npm started is killed', async () => {
  const script = `"${process.execPath}" "${LAUNCHER}" ${LAUNCHED} wait; true`;
  const shell = spawn('sh', ['-c', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  for await (const chunk of shell.stdout.setEncoding('utf8')) {
    if (output === '') shell.kill('SIGKILL');
    output += chunk;
  }
  expect(output.split('\n').at(-2)).toBe('ended');
});

test('a Node version for which npm leaves out packages is rejected with a one-line error', async () => {
  expect(await launch([LAUNCHED], ['--import', older('18.20.8')])).toEqual({
    stdout: '',
    stderr: 'Node 20 or newer is required to install and run this project; this is 18.20.8.\n',
    code: 1,
  });
});

test('the error for a command that is not installed names it and says what to do', async () => {
  expect(await launch(['nothing-of-that-name'])).toEqual({
    stdout: '',
    stderr: 'nothing-of-that-name is not installed. Run: npm ci\n',
    code: 1,
  });
});

const installed: Found<true> =
  existsSync(join(ROOT, 'scripts/node/node_modules')) ||
  existsSync(join(ROOT, 'scripts/node/24/node_modules'))
    ? { found: true }
    : { missing: 'The packaged Node is not installed here. To install it: npm ci --prefix scripts/node' };

describeWith(installed, { inCi: 'skip' })('an older Node', () => {
  test('gets the packaged Node, with arguments, environment variables and the exit code', async () => {
    const { stdout, stderr, code } = await launch(
      ['--announce', 'LAUNCHED=a b', LAUNCHED, 'x'],
      ['--import', OLDER],
    );
    expect(JSON.parse(stdout)).toEqual({ args: ['x'], main: true, node: PACKAGED_VERSION, set: 'a b' });
    expect([stderr, code]).toEqual([`Node ${PACKAGED_VERSION} (packaged).\n`, 5]);
  });

  test('passes signals on and ends with the exit code of the script', async () => {
    const child = spawn(process.execPath, ['--import', OLDER, LAUNCHER, LAUNCHED, 'wait'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exited = once(child, 'exit');
    let output = '';
    for await (const chunk of child.stdout.setEncoding('utf8')) {
      if (output === '') child.kill('SIGTERM');
      output += chunk;
    }
    expect([output.split('\n').at(-2), await exited]).toEqual(['ended', [7, null]]);
  });
});
