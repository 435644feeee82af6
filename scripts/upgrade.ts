/**
 * `npm run upgrade -- TAG [--from REMOTE_OR_PATH]`: upgrades the framework in this project to a release of the upstream
 * repository, by default that of the git remote `upstream`.
 *
 * Replaces the framework's folders (see upgrade/plan.ts), merges package.json and the other files in the root that both sides
 * change, and leaves everything else alone. The base of the merge is the version in app/framework/package.json, which only an
 * upgrade changes: it is the tag of that version in the upstream repository. Refuses to run unless git has every change of the
 * project, so that the upgrade can be reviewed and undone. Changes only the working tree, and commits nothing.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { changesSince } from './upgrade/changelog.ts';
import { GitError, git, trackedFiles, Upstream } from './upgrade/git.ts';
import { FRAMEWORK, type Plan, planUpgrade, type Sides, untracked } from './upgrade/plan.ts';

const USAGE = 'Usage: npm run upgrade -- TAG [--from REMOTE_OR_PATH], for example: npm run upgrade -- v0.3.0';
const VERSION_FILE = 'app/framework/package.json';
const folder = fileURLToPath(new URL('..', import.meta.url)).replace(/[\\/]$/, '');

/** The upgrade cannot start; nothing was changed. The message is the whole output. */
class Refusal extends Error {
  override readonly name = 'Refusal';
}

function refuseUnlessClean(): void {
  if (spawnSync('git', ['--version']).error) {
    throw new Refusal('The upgrade needs git, which is not on PATH.');
  }
  const repository = git(['rev-parse', '--is-inside-work-tree'], { cwd: folder, accept: () => true });
  if (repository.code !== 0) {
    throw new Refusal(
      'The upgrade needs this project in a git repository, to show and undo changes: git init && git add --all && git commit',
    );
  }
  const { stdout } = git(['status', '--porcelain', '--', '.'], { cwd: folder });
  if (stdout) throw new Refusal(`Commit these changes first, then run the upgrade again:\n${stdout}`);
}

/** Returns the path or URL that git can fetch from. */
function addressOf(from: string | undefined): string {
  const path = resolve(process.env.INIT_CWD ?? process.cwd(), from ?? '');
  if (from && existsSync(path)) return path;
  const remote = git(['remote', 'get-url', from ?? 'upstream'], { cwd: folder, accept: () => true });
  const url = remote.code === 0 ? remote.stdout.trim() : from;
  if (url) return url;
  throw new Refusal('No upstream repository is known. Use --from, or: git remote add upstream URL');
}

function readVersion(json: string): string | undefined {
  return (JSON.parse(json) as { version?: string }).version;
}

/** Returns the two releases; the base is undefined if the upstream repository has no tag for the version of this project. */
function findReleases(upstream: Upstream, tag: string, version: string | undefined) {
  const tags = upstream.tags();
  if (!tags.includes(tag)) {
    throw new Refusal(`${upstream.address} has no tag ${tag}. Its tags: ${tags.join(', ') || 'none'}.`);
  }
  const baseTag = tags.find(name => version && [version, `v${version}`].includes(name));
  upstream.fetch(baseTag ? [tag, baseTag] : [tag]);
  const release = (name: string) => ({ tag: name, files: upstream.files(name) });
  const next = release(tag);
  if (!next.files.has(VERSION_FILE))
    throw new Refusal(`${tag} of ${upstream.address} has no ${VERSION_FILE}.`);
  return { next, base: baseTag ? release(baseTag) : undefined };
}

function apply(plan: Plan, { upstream, next }: Sides): void {
  for (const path of plan.remove) rmSync(join(folder, path));
  upstream.checkOut(next.tag, plan.write, folder);
  for (const [path, text] of plan.merge) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

function install(): boolean {
  const args = ['install', '--no-audit', '--no-fund'];
  return (
    spawnSync('npm', args, { cwd: folder, stdio: 'inherit', shell: process.platform === 'win32' }).status ===
    0
  );
}

function list(title: string, lines: Iterable<string>): string {
  const items = [...lines];
  return items.length === 0 ? '' : `${title}\n${items.map(line => `  ${line}\n`).join('')}\n`;
}

function report(plan: Plan, { upstream, next, base }: Sides, version: string | undefined): string {
  const changelog = next.files.has('CHANGELOG.md') ? upstream.read(next.tag, 'CHANGELOG.md') : '';
  const conflicts = [...plan.conflicts].flatMap(([path, texts]) => texts.map(text => `${path}: ${text}`));
  const leftover = base ? 'not part of the framework' : `yours, or left over from ${version}: check them`;
  return [
    `\nUpgraded ${FRAMEWORK.join(', ')} to ${next.tag}: ${plan.write.length} files written, ${plan.remove.length} deleted.\n`,
    `Merged: ${[...plan.merge.keys()].join(', ') || 'nothing'}.\n\n`,
    list('Changed by this project and now replaced; git show HEAD:FILE has your text:', plan.overwritten),
    list(`Kept in these folders (${leftover}):`, plan.kept),
    `Changes since ${version}, from CHANGELOG.md of ${next.tag}:\n\n${changesSince(changelog, version) || 'None.'}\n\n`,
    list('CONFLICTS, to be resolved by hand:', conflicts),
    'Next: read the changes above and git diff, run npm test, then commit: git add --all && git commit\n',
    'To undo the upgrade instead: git reset --hard && git clean -d --force && npm install\n',
  ].join('');
}

function upgrade(tag: string, from: string | undefined): void {
  refuseUnlessClean();
  const version = readVersion(readFileSync(join(folder, VERSION_FILE), 'utf8'));
  using upstream = new Upstream(addressOf(from));
  const { next, base } = findReleases(upstream, tag, version);
  const sides = { folder, mine: trackedFiles(folder), base, next, upstream };
  const plan = planUpgrade(sides);
  const lost = untracked(sides, plan);
  if (lost.length > 0) {
    throw new Refusal(list('The upgrade would overwrite files that git does not track:', lost));
  }
  if (!base) {
    process.stderr.write(
      `WARNING: ${upstream.address} has no tag for ${version}, the version in ${VERSION_FILE}. The merge has no base: every ` +
        'difference is a conflict, and files that the new version no longer has are kept outside app/framework.\n',
    );
  }
  apply(plan, sides);
  const installed = !plan.merge.has('package.json') || install();
  process.stdout.write(report(plan, sides, version));
  if (!installed)
    process.stderr.write('npm install FAILED; the reason is above. Fix it and run npm install.\n');
  if (!installed || plan.conflicts.size > 0) process.exitCode = 1;
}

function readArguments(): { tag: string; from: string | undefined } {
  try {
    const { positionals, values } = parseArgs({
      allowPositionals: true,
      options: { from: { type: 'string' } },
    });
    const [tag, ...surplus] = positionals;
    if (tag && surplus.length === 0) return { tag, from: values.from };
  } catch (error) {
    throw new Refusal(`${(error as Error).message}\n${USAGE}`);
  }
  throw new Refusal(USAGE);
}

try {
  const { tag, from } = readArguments();
  upgrade(tag, from);
} catch (error) {
  if (!(error instanceof Refusal || error instanceof GitError)) throw error;
  process.stderr.write(`${error.message.trimEnd()}\n`);
  process.exitCode = 2;
}
