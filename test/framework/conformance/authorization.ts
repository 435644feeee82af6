/**
 * Runs the official suite's scenarios for authorization servers. The suite prints the authorization request and waits at its
 * redirect address for a browser, which the caller passes to {@link runAuthorizationScenarios}.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { type Check, checkList } from './suites.ts';

/** The version of the suite that has these scenarios. */
const PACKAGE = 'conformance-next';
const TIMEOUT_MS = 900_000;

export interface AuthorizationServer {
  issuer: string;
  /** The client ID of the suite. */
  clientId: string;
  resource: string;
  /** Port of the suite's redirect address. */
  port: number;
}

/** Returns the names of the scenarios. */
export async function listAuthorizationScenarios(): Promise<string[]> {
  const output = await text(start(['list', '--authorization']).stdout);
  const names = [...output.matchAll(/^ {2}- (\S+)/gm)].map(([, name = '']) => name);
  if (names.length === 0) throw new Error(`${PACKAGE} lists no scenarios:\n${output}`);
  return names;
}

/** Runs all scenarios. Returns the checks by scenario. `signIn` opens the authorization request and follows its redirects. */
export async function runAuthorizationScenarios(
  { issuer, clientId, resource, port }: AuthorizationServer,
  signIn: (authorizationRequest: URL) => Promise<void>,
): Promise<Map<string, Check[]>> {
  const directory = await mkdtemp(join(tmpdir(), 'conformance-'));
  const server = ['--url', issuer, '--client-id', clientId, '--resource', resource, '--port', String(port)];
  const suite = start(['authorization', ...server, '--output-dir', directory]);
  try {
    let output = '';
    let signedIn: Promise<void> | undefined;
    suite.stdout.setEncoding('utf8').on('data', chunk => {
      output += chunk;
      const [, request] = /^(https?:\/\/\S+\/authorize\?\S+)\n/m.exec(output) ?? [];
      // An error of the browser ends the run, because the suite would wait for minutes.
      if (request && !signedIn) {
        signedIn = signIn(new URL(request));
        signedIn.catch(() => suite.kill());
      }
    });
    await once(suite, 'close');
    await signedIn;
    return await readChecks(directory);
  } finally {
    suite.kill();
    await rm(directory, { recursive: true });
  }
}

/** Reads the checks. The suite creates a directory for each scenario: `authorization-server-<scenario>-<time>`. */
async function readChecks(directory: string): Promise<Map<string, Check[]>> {
  const results = new Map<string, Check[]>();
  for (const path of await readdir(directory, { recursive: true })) {
    const scenario = /^authorization-server-(.+)-\d{4}-\d\d-\d\dT[\d-]+Z[\\/]checks\.json$/.exec(path)?.[1];
    if (scenario === undefined) continue;
    results.set(scenario, checkList.parse(JSON.parse(await readFile(join(directory, path), 'utf8'))));
  }
  return results;
}

function start(args: readonly string[]) {
  const { resolve } = createRequire(import.meta.url);
  const cli = join(dirname(resolve(`${PACKAGE}/package.json`)), 'dist/index.js');
  return spawn(process.execPath, [cli, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: TIMEOUT_MS,
  });
}
