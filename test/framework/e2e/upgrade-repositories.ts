/** The repositories of upgrade.test.ts: an upstream with two releases, and a customized project. */
import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { ROOT } from '../../helpers/local-lambda.ts';

export const VERSION_FILE = 'app/framework/package.json';
export const { version: BASE } = JSON.parse(readFileSync(join(ROOT, VERSION_FILE), 'utf8')) as {
  version: string;
};
const IDENTITY = ['-c', 'user.name=test', '-c', 'user.email=test@localhost', '-c', 'commit.gpgSign=false'];

interface Package {
  version: string;
  scripts: Record<string, string>;
  engines: Record<string, string>;
  dependencies: Record<string, string>;
}

/** A git repository with a working tree. */
export class Repository {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  git(...args: string[]): string {
    const { status, stdout, stderr } = spawnSync('git', [...IDENTITY, ...args], {
      cwd: this.folder,
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`git ${args.join(' ')}: ${stderr}`);
    return stdout;
  }

  commit(message: string): void {
    this.git('add', '--all');
    this.git('commit', '--quiet', '--message', message);
  }

  clone(name: string): Repository {
    const folder = join(dirname(this.folder), name);
    this.git('clone', '--quiet', this.folder, folder);
    return new Repository(folder);
  }

  has(path: string): boolean {
    return existsSync(join(this.folder, path));
  }

  read(path: string): string {
    return readFileSync(join(this.folder, path), 'utf8');
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(join(this.folder, path)), { recursive: true });
    writeFileSync(join(this.folder, path), text);
  }

  append(path: string, text: string): void {
    appendFileSync(join(this.folder, path), text);
  }

  prepend(path: string, text: string): void {
    this.write(path, text + this.read(path));
  }

  remove(path: string): void {
    rmSync(join(this.folder, path));
  }

  package(): Package {
    return JSON.parse(this.read('package.json')) as Package;
  }

  changePackage(change: (content: Package) => void): void {
    const content = this.package();
    change(content);
    this.write('package.json', `${JSON.stringify(content, undefined, 2)}\n`);
  }

  /** Runs a command in the working tree. npm does not use the network. */
  run(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
    const { status, stdout, stderr } = spawnSync(command, args, {
      cwd: this.folder,
      encoding: 'utf8',
      env: { ...process.env, npm_config_offline: 'true', NO_COLOR: '1', ...env },
    });
    return { code: status, stdout, stderr };
  }

  upgrade(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
    return this.run(process.execPath, ['scripts/upgrade.ts', ...args], { INIT_CWD: this.folder, ...env });
  }
}

/** Creates an upstream repository with two releases: the working tree of this project, and a later one. */
export function createUpstream(folder: string): Repository {
  mkdirSync(folder);
  const upstream = new Repository(folder);
  upstream.git('init', '--quiet');
  upstream.git(`--work-tree=${ROOT}`, 'add', '--all');
  upstream.git('commit', '--quiet', '--message', 'the working tree');
  upstream.git('reset', '--quiet', '--hard');
  upstream.write('scripts/obsolete.ts', 'export {};\n');
  upstream.write('CHANGELOG.md', `# Changelog\n\n## [${BASE}] - 2026-01-01\n\n- Old news.\n`);
  upstream.changePackage(({ scripts }) => {
    scripts.obsolete = 'node scripts/obsolete.ts';
  });
  upstream.commit('the first release');
  upstream.git('tag', `v${BASE}`);

  upstream.write(
    'CHANGELOG.md',
    `# Changelog\n\n## [999.0.0]\n\n- New API.\n\n## [${BASE}]\n\n- Old news.\n`,
  );
  upstream.write(VERSION_FILE, upstream.read(VERSION_FILE).replace(`"${BASE}"`, '"999.0.0"'));
  upstream.append('app/framework/types.ts', '\nexport type FromTheNewVersion = true;\n');
  upstream.append('terraform/main.tf', '# From the new version.\n');
  upstream.append('.ci/run', '# From the new version.\n');
  upstream.write('scripts/tool', '#!/bin/sh\n');
  chmodSync(join(folder, 'scripts/tool'), 0o755);
  upstream.write('scripts/probe/package.json', '{ "name": "upstream-probe", "version": "1.0.0" }\n');
  upstream.remove('scripts/obsolete.ts');
  upstream.changePackage(({ scripts, dependencies, engines }) => {
    delete scripts.obsolete;
    scripts.added = 'echo added';
    dependencies['upstream-probe'] = 'file:./scripts/probe';
    engines.npm = '>=10.0.1';
  });
  upstream.append('Dockerfile', '# From the new version.\n');
  upstream.append('.gitignore', '*.new-version\n');
  upstream.append('.dockerignore', '# From the new version.\n');
  for (const path of ['app/routes.ts', 'app/settings.ts', 'README.md', '.github/SECURITY.md'])
    upstream.append(path, '\n// From the new version.\n');
  upstream.write('app/servers/upstream-example.ts', 'export {};\n');
  upstream.commit('the second release');
  upstream.git('tag', 'v999.0.0');
  return upstream;
}

const SERVER = `import { McpServer } from '@modelcontextprotocol/server';
import { answer } from '../db/client.ts';

export function mine(): McpServer {
  const server = new McpServer({ name: 'mine', version: '1.0.0' });
  server.registerTool('ask', {}, () => ({ content: [{ type: 'text', text: answer }] }));
  return server;
}
`;
const ROUTES = `import { Hono } from 'hono';
import { mcp } from '#framework';
import { mine } from './servers/mine.ts';

export const routes = new Hono().route('/mine', mcp(mine));
`;
const SERVER_TEST = `import { Hono } from 'hono';
import { expect, test } from 'vitest';
import { mcp } from '#framework';
import { mine } from '../../app/servers/mine.ts';

test('answers', async () => {
  const app = new Hono().route('/mcp', mcp(mine, { auth: 'none' }));
  const body = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'ask', arguments: {} } };
  const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
  const response = await app.request('http://localhost/mcp', { method: 'POST', headers, body: JSON.stringify(body) });
  expect(await response.text()).toContain('forty-two');
});
`;
/** Files of the project, which an upgrade must not change. */
export const OWN = {
  'app/servers/mine.ts': SERVER,
  'app/routes.ts': ROUTES,
  'app/settings.ts': 'export const settings = () => ({});\n',
  'app/db/client.ts': "export const answer = 'forty-two';\n",
  'app/db/package.json': '{ "name": "my-db", "version": "1.0.0", "type": "module" }\n',
  'test/servers/mine.test.ts': SERVER_TEST,
  'terraform/backend.tf': '# My state is in S3.\n',
  'terraform/prod.tfvars': 'memory_mb = 512\n',
  'scripts/mine.ts': 'export {};\n',
  'README.md': '# Mine\n',
  '.github/workflows/mine.yml': 'name: mine\n',
};
/** Files of the project that are not in git. */
export const IGNORED = {
  'terraform/terraform.tfvars': 'memory_mb = 1024\n',
  'terraform/terraform.tfstate': '{ "version": 4 }\n',
  'terraform/.terraform/modules.json': '{}\n',
};

/** Creates a project from the first release and customizes it; the examples are deleted. */
export function createProject(upstream: Repository): Repository {
  const project = upstream.clone('project');
  project.git('reset', '--quiet', '--hard', `v${BASE}`);
  project.git('remote', 'rename', 'origin', 'upstream');
  for (const examples of ['app/servers', 'test/servers'])
    rmSync(join(project.folder, examples), { recursive: true });
  for (const [path, text] of Object.entries({ ...OWN, ...IGNORED })) project.write(path, text);
  project.git('add', '--force', 'terraform/prod.tfvars');
  project.remove('LICENSE');
  project.changePackage(content => {
    content.version = '7.7.7';
    content.scripts.mine = 'echo mine';
    content.dependencies['my-db'] = 'file:./app/db';
  });
  project.prepend('Dockerfile', '# Mine.\n');
  project.prepend('.dockerignore', '# Mine, with Windows line ends.\n');
  project.write('.dockerignore', project.read('.dockerignore').replaceAll('\n', '\r\n'));
  project.append('app/framework/types.ts', '\nexport type ChangedByMe = true;\n');
  project.write('app/framework/stray.ts', 'export {};\n');
  copyPackages(join(project.folder, 'node_modules'));
  const { code, stderr } = project.run('npm', ['install', '--no-audit', '--no-fund']);
  if (code !== 0) throw new Error(`npm install failed: ${stderr}`);
  project.commit('mine');
  return project;
}

/** Copies node_modules into the project, because npm writes into it. */
function copyPackages(folder: string): void {
  cpSync(realpathSync(join(ROOT, 'node_modules')), folder, { recursive: true, verbatimSymlinks: true });
}
