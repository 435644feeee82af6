/**
 * Runs the official suites' command line as child processes and reads their results.
 *
 * A suite runs once per revision, not once per scenario, because starting 103 processes would take too long. The results are the
 * JSON files of the suite, one per scenario; its output is not parsed. A listed scenario without a file is reported as not run.
 * baseline.ts evaluates the results.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import * as z from 'zod';

export type Revision = '2025-03-26' | '2025-06-18' | '2025-11-25' | '2026-07-28';

/** One version of the suite against one revision of the protocol. */
export interface Lane {
  /** The installed package of the suite. */
  package: string;
  version: string;
  revision: Revision;
  /** `active` leaves out scenarios that the suite marks as pending; `required` has those that the revision required at its release. */
  suite: 'active' | 'all' | 'required';
  /** The scenarios that `suite` leaves out, which the suite does not list separately. */
  pending: readonly string[];
}

export const checkList = z.array(
  z.object({
    id: z.string(),
    description: z.string(),
    status: z.enum(['SUCCESS', 'FAILURE', 'WARNING', 'SKIPPED', 'INFO']),
    errorMessage: z.string().optional(),
  }),
);

export type Check = z.infer<typeof checkList>[number];

export interface ScenarioRun {
  lane: Lane;
  scenario: string;
  /** The checks of the suite; `undefined` if the scenario did not complete. */
  checks: readonly Check[] | undefined;
  /** The end of the suite's output, for a scenario that did not run. */
  output: string;
}

/** Timeout of a suite. The longest suite takes seconds. */
const SUITE_TIMEOUT_MS = 900_000;

const require = createRequire(import.meta.url);
const execute = promisify(execFile);

export const lanes: readonly Lane[] = [
  {
    ...installed('@modelcontextprotocol/conformance'),
    revision: '2025-11-25',
    suite: 'active',
    // The first scenario sends a header with revision 2025-03-26, but expects features of 2025-11-25. The newer suite has fixed it,
    // and tests more in the second scenario.
    pending: ['server-sse-polling', 'json-schema-2020-12'],
  },
  { ...installed('conformance-next'), revision: '2025-11-25', suite: 'all', pending: [] },
  { ...installed('conformance-next'), revision: '2026-07-28', suite: 'all', pending: [] },
  { ...installed('conformance-next'), revision: '2025-11-25', suite: 'required', pending: [] },
  { ...installed('conformance-next'), revision: '2026-07-28', suite: 'required', pending: [] },
  // Codex and Gemini CLI use 2025-06-18. For 2025-03-26 the suites have one scenario, which checks nothing on a server without
  // sessions.
  { ...installed('conformance-next'), revision: '2025-06-18', suite: 'all', pending: [] },
  { ...installed('conformance-next'), revision: '2025-03-26', suite: 'all', pending: [] },
];

/** Returns the server scenarios of the lane's suite for its revision. */
export async function listScenarios(lane: Lane): Promise<string[]> {
  const { code, output } = await runCli(lane, ['list', '--server', ...revisionOf(lane)]);
  // A list of requirements continues with those of clients.
  const [, ofServer = ''] = /^Server scenarios.*\n((?: .*\n|\n)*)/m.exec(output) ?? [];
  const listed = [...ofServer.matchAll(/^ {2}- (\S+)/gm)].map(([, name = '']) => name);
  const names = listed.filter(name => !lane.pending.includes(name));
  if (code !== 0 || names.length === 0)
    throw new Error(`${lane.package} lists no scenarios:\n${tail(output)}`);
  return names;
}

/** Runs all of `scenarios` against the server at `url`. */
export async function runLane(lane: Lane, scenarios: readonly string[], url: string): Promise<ScenarioRun[]> {
  const directory = await mkdtemp(join(tmpdir(), 'conformance-'));
  try {
    const select = [...(lane.suite === 'required' ? [] : ['--suite', lane.suite]), ...revisionOf(lane)];
    // Only the newer suite has a timeout for each scenario, 30 s by default.
    const patience = lane.package === 'conformance-next' ? ['--timeout', '300000'] : [];
    const options = [...select, ...patience, '--output-dir', directory];
    const { output } = await runCli(lane, ['server', '--url', url, ...options]);
    const results = await readResults(directory);
    return scenarios.map(scenario => ({
      lane,
      scenario,
      checks: results.get(scenario),
      output: tail(output),
    }));
  } finally {
    await rm(directory, { recursive: true });
  }
}

function revisionOf({ suite, revision }: Lane): string[] {
  return [suite === 'required' ? '--requirements' : '--spec-version', revision];
}

/** Reads the results. The suite creates a directory per scenario: `server-<scenario>-<time>`. */
async function readResults(directory: string): Promise<Map<string, Check[]>> {
  const results = new Map<string, Check[]>();
  for (const path of await readdir(directory, { recursive: true })) {
    const scenario = /^server-(.+)-\d{4}-\d\d-\d\dT[\d-]+Z[\\/]checks\.json$/.exec(path)?.[1];
    if (scenario === undefined) continue;
    results.set(scenario, checkList.parse(JSON.parse(await readFile(join(directory, path), 'utf8'))));
  }
  return results;
}

/** Runs the command. Returns its exit code, which is 1 if a check fails. */
async function runCli(lane: Lane, args: readonly string[]): Promise<{ code: number; output: string }> {
  const cli = join(dirname(require.resolve(`${lane.package}/package.json`)), 'dist/index.js');
  const running = execute(process.execPath, [cli, ...args], {
    timeout: SUITE_TIMEOUT_MS,
    maxBuffer: 64 * 1024 * 1024,
  });
  try {
    const { stdout, stderr } = await running;
    return { code: 0, output: stdout + stderr };
  } catch (error) {
    const { stdout = '', stderr = '', code } = error as { stdout?: string; stderr?: string; code?: unknown };
    if (typeof code === 'number') return { code, output: stdout + stderr };
    throw new Error(`${lane.package} ${args[0]} did not end by itself:\n${tail(stdout + stderr)}`, {
      cause: error,
    });
  }
}

function installed(name: string): Pick<Lane, 'package' | 'version'> {
  const { version } = require(`${name}/package.json`) as { version: string };
  return { package: name, version };
}

function tail(output: string): string {
  return output.trimEnd().split('\n').slice(-15).join('\n');
}
