/** `npm run versions -- prune` with an AWS CLI that keeps its versions and aliases in a file. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ROOT } from '../../../helpers/local-lambda.ts';

/** An AWS CLI that rejects the deletion of a version that an alias uses, as AWS does, and of the whole function. */
const CLI = `#!${process.execPath}
const { readFileSync, writeFileSync } = require('node:fs');
const [, command, , name, ...args] = process.argv.slice(2);
const file = process.env.ACCOUNT;
const account = JSON.parse(readFileSync(file, 'utf8'));
const fail = message => { process.stderr.write(message + '\\n'); process.exit(254); };
if (name !== 'mcp') fail('ResourceNotFoundException: Function not found: ' + name);
const { versions, aliases } = account;
if (command === 'list-versions-by-function')
  console.log(JSON.stringify({ Versions: ['$LATEST', ...versions].map(Version => ({ Version })) }));
else if (command === 'list-aliases') console.log(JSON.stringify({ Aliases: aliases }));
else if (command === 'delete-function') {
  if (args[0] !== '--qualifier') fail('The whole function would be deleted.');
  const version = args[1];
  if (aliases.some(({ FunctionVersion, RoutingConfig }) => FunctionVersion === version || RoutingConfig?.AdditionalVersionWeights[version]))
    fail('ResourceConflictException: Version ' + version + ' is used by an alias.');
  account.versions = versions.filter(each => each !== version);
  writeFileSync(file, JSON.stringify(account));
} else fail('unknown: ' + command);
`;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'versions-'));
  writeFileSync(join(folder, 'aws'), CLI);
  chmodSync(join(folder, 'aws'), 0o755);
});
afterEach(() => rmSync(folder, { recursive: true }));

const live = (FunctionVersion: string, more: object = {}): object => ({
  Name: 'live',
  FunctionVersion,
  ...more,
});

/** Runs prune. Returns the remaining versions and the output. */
function prune(aliases: readonly object[], ...args: string[]) {
  const file = join(folder, 'account.json');
  writeFileSync(file, JSON.stringify({ versions: ['1', '2', '9', '10', '11'], aliases }));
  const env = { PATH: `${folder}${delimiter}${process.env.PATH}`, ACCOUNT: file };
  const { stdout, stderr, status } = spawnSync(process.execPath, ['scripts/versions.ts', ...args], {
    cwd: ROOT,
    env,
    encoding: 'utf8',
  });
  return { stdout, stderr, status, left: JSON.parse(readFileSync(file, 'utf8')).versions };
}

test('prune keeps only the version of the alias', () => {
  const { stdout, left } = prune([live('11')], 'prune', '--function', 'mcp');
  expect(left).toEqual(['11']);
  expect(stdout).toBe(
    'Deleted version 1.\nDeleted version 2.\nDeleted version 9.\nDeleted version 10.\nKept: 11 (alias live).\n',
  );
});

test('prune keeps the newest of the other versions, by number, up to --retained', () => {
  const { stdout, left } = prune([live('2')], 'prune', '--function', 'mcp', '--retained', '3');
  expect(left).toEqual(['2', '10', '11']);
  expect(stdout).toContain('Kept: 2 (alias live), 11, 10.\n');
});

test('prune keeps every version that an alias sends traffic to', () => {
  const split = live('11', { RoutingConfig: { AdditionalVersionWeights: { 9: 0.1 } } });
  expect(prune([split], 'prune', '--function', 'mcp').left).toEqual(['9', '11']);
});

test('prune deletes no version if the function has no alias', () => {
  const { status, stderr, left } = prune([], 'prune', '--function', 'mcp');
  expect([status, left.length]).toEqual([1, 5]);
  expect(stderr).toContain('mcp has no alias');
});

test.each([[['prune']], [['--function', 'mcp']], [['prune', '--function', 'mcp', '--retained', '0']]])(
  'npm run versions deletes no version for the invalid arguments %j',
  args => {
    const { status, stderr, left } = prune([live('11')], ...args);
    expect([status, left.length]).toEqual([1, 5]);
    expect(stderr).toMatch(/^Usage: npm run versions|^--retained must be/);
  },
);

test('prune prints the error of AWS', () => {
  const { status, stderr } = prune([live('11')], 'prune', '--function', 'other');
  expect([status, stderr]).toEqual([1, 'ResourceNotFoundException: Function not found: other\n']);
});
