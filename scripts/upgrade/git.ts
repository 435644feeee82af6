/** Runs git, and reads a release of the upstream repository without touching the project's own repository. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Path → mode and object id: equal values are equal files. */
export type Tree = ReadonlyMap<string, string>;

interface GitOptions {
  cwd: string;
  input?: string;
  /** Exit codes that are results. @default only 0 */
  accept?: (code: number) => boolean;
}

export class GitError extends Error {
  override readonly name = 'GitError';
}

/** Returns git's exit code and output. Throws a {@link GitError} with git's own message if it fails. */
export function git(args: readonly string[], { cwd, input, accept = code => code === 0 }: GitOptions) {
  const { error, status, stdout, stderr } = spawnSync('git', args, {
    cwd,
    input,
    encoding: 'utf8',
    maxBuffer: 256 * 1024 * 1024,
    env: { ...process.env, GIT_LITERAL_PATHSPECS: '1' },
  });
  if (error) throw new GitError(`git does not run: ${error.message}.`);
  const code = status ?? -1;
  if (!accept(code)) throw new GitError(`git ${args.join(' ')} failed: ${stderr.trim() || stdout.trim()}`);
  return { code, stdout };
}

/** Returns the tracked files of `folder`, which may be a part of a larger repository. */
export function trackedFiles(folder: string): Tree {
  return parseTree(git(['ls-files', '--stage', '-z'], { cwd: folder }).stdout);
}

/** The lines of `ls-files --stage` and `ls-tree` differ in the field between mode and path: stage or type. */
function parseTree(output: string): Tree {
  const entries = output.split('\0').filter(Boolean);
  return new Map(
    entries.map(entry => {
      const [meta = '', path = ''] = entry.split('\t');
      const [mode = '', ...rest] = meta.split(' ');
      return [path, `${mode} ${rest.find(field => field.length >= 40)}`];
    }),
  );
}

/** Tags of the upstream repository, fetched into a temporary one. */
export class Upstream implements Disposable {
  readonly address: string;
  readonly #folder = mkdtempSync(join(tmpdir(), 'mcp-upgrade-'));

  constructor(address: string) {
    this.address = address;
    git(['init', '--quiet'], { cwd: this.#folder });
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Returns the names of all tags. */
  tags(): string[] {
    const { stdout } = git(['ls-remote', '--tags', '--refs', this.address], { cwd: this.#folder });
    return [...stdout.matchAll(/\trefs\/tags\/(.+)$/gm)].map(([, tag]) => tag ?? '');
  }

  fetch(tags: readonly string[]): void {
    const refs = tags.map(tag => `+refs/tags/${tag}:refs/tags/${tag}`);
    git(['fetch', '--quiet', '--depth=1', '--no-tags', this.address, ...refs], { cwd: this.#folder });
  }

  files(tag: string): Tree {
    return parseTree(git(['ls-tree', '-r', '-z', `refs/tags/${tag}`], { cwd: this.#folder }).stdout);
  }

  read(tag: string, path: string): string {
    return git(['cat-file', 'blob', `refs/tags/${tag}:${path}`], { cwd: this.#folder }).stdout;
  }

  /** Writes `paths` as they are in `tag` into `folder`, with their modes. */
  checkOut(tag: string, paths: readonly string[], folder: string): void {
    if (paths.length === 0) return;
    const repository = [`--git-dir=${join(this.#folder, '.git')}`, `--work-tree=${folder}`];
    const source = ['restore', `--source=refs/tags/${tag}`, '--worktree'];
    const from = ['--pathspec-from-file=-', '--pathspec-file-nul'];
    git([...repository, ...source, ...from], { cwd: folder, input: paths.join('\0') });
  }

  /** Returns the three-way merge of texts, with conflict markers where both sides changed the same lines. */
  merge(mine: string, base: string, theirs: string, tag: string): { text: string; conflicts: number } {
    const eol = mine.includes('\r\n') ? '\r\n' : '\n';
    const files = [mine, base, theirs].map((text, index) => {
      const file = join(this.#folder, String(index));
      writeFileSync(file, text.replace(/\r?\n/g, eol));
      return file;
    });
    const labels = ['this project', 'the version before', tag].flatMap(label => ['-L', label]);
    const { code, stdout } = git(['merge-file', '-p', ...labels, ...files], {
      cwd: this.#folder,
      accept: code => code >= 0 && code < 128,
    });
    return { text: stdout, conflicts: code };
  }
}
