/**
 * Where a warm call's time goes: the app with readable names, profiled by V8 in its own process under the Runtime Interface
 * Client. A function's time counts for the part of the house that it belongs to; what Node does for it counts for it too.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import type { Profiler } from 'node:inspector';
import { join } from 'node:path';
import { build } from 'esbuild';
import { FIXTURE_APP } from '../../test/helpers/local-lambda.ts';
import { appOptions } from '../build/bundle-options.ts';
import { patchedFiles } from '../build/patches/patched-files.ts';
import { call, environmentOf, type Subject } from './measure.ts';
import type { Row } from './subjects.ts';

/** Calls, from and to; what the last one shows is what all further ones are like. */
export type Stages = readonly (readonly [from: number, to: number])[];
const STAGES: Stages = [
  [1, 100],
  [100, 1000],
  [1000, 3000],
];

export const STAGE_NAMES = STAGES.map(([from, to]) => `calls ${from} to ${to}`);

/** By the path of the source; the first that fits. */
const PARTS: readonly [part: string, path: RegExp][] = [
  ['client of the runtime', /aws-lambda-ric|\/ric\/|profiled\.mjs/],
  [
    'event to Request',
    /hono\/dist\/(adapter|utils\/encode)|app\/framework\/lambda\/(adapter|validate-event)|endpoint-context/,
  ],
  ['response', /app\/framework\/lambda/],
  ['Hono', /hono\/dist|app\/(framework\/app|routes)\.ts/],
  ['guard', /app\/framework\/(auth|config)/],
  ['log', /app\/framework\/telemetry/],
  ['MCP SDK', /@modelcontextprotocol|app\/framework\/mcp/],
  ['validation', /node_modules\/zod/],
  ['the server’s own', /app\/servers/],
];

/** Milliseconds of a call, by part, for each stage. */
export type Split = Record<string, number>[];

export async function profiled(row: Row, folder: string, stages: Stages = STAGES): Promise<Split> {
  await build({
    ...appOptions({ files: patchedFiles(), app: FIXTURE_APP }),
    outfile: join(folder, 'profiled.cjs'),
    // With its comments, which say where each line is from.
    minifyWhitespace: false,
    minifySyntax: false,
    format: 'cjs',
    banner: {
      js: "const __metaOf = () => ({ url: require('node:url').pathToFileURL(__filename).href }), __meta = __metaOf();",
    },
  });
  writeFileSync(join(folder, 'profiled.mjs'), HANDLER);
  const subject: Subject = { ...row.subject, taskRoot: folder, handler: 'profiled.stream' };
  const environment = environmentOf(subject, { env: { PROFILE_STAGES: JSON.stringify(stages) } });
  try {
    await environment.init();
    for (let i = 0; i <= Math.max(...stages.flat()); i += 1) await call(environment, subject);
  } finally {
    environment.kill();
    await environment.exited;
  }
  const sources = sourcesByLine(readFileSync(join(folder, 'profiled.cjs'), 'utf8'));
  return stages.map(([from, to]) => {
    const file = join(folder, `profile-${from}.json`);
    return split(JSON.parse(readFileSync(file, 'utf8')), sources, to - from);
  });
}

/** Begins and ends the profiles between calls, in the process itself. */
const HANDLER = `
import { writeFileSync } from 'node:fs';
import { Session } from 'node:inspector';
import { createRequire } from 'node:module';
const session = new Session();
session.connect();
const post = (method, params) => new Promise((done, fail) =>
  session.post(method, params, (error, result) => error ? fail(error) : done(result)));
await post('Profiler.enable');
await post('Profiler.setSamplingInterval', { interval: 100 });
const stages = JSON.parse(process.env.PROFILE_STAGES);
const { createHandlers } = createRequire(import.meta.url)('./profiled.cjs');
const handlers = await createHandlers();
let calls = 0;
export const stream = awslambda.streamifyResponse(async (event, to, context) => {
  const ended = stages.find(([, end]) => end === calls);
  if (ended) {
    const { profile } = await post('Profiler.stop');
    writeFileSync(new URL('profile-' + ended[0] + '.json', import.meta.url), JSON.stringify(profile));
  }
  if (stages.some(([start]) => start === calls)) await post('Profiler.start');
  calls += 1;
  return handlers.stream(event, to, context);
});
`;

/** The source of each line of a bundle, which esbuild says in a comment before each. */
function sourcesByLine(bundle: string): string[] {
  let source = '';
  return bundle.split('\n').map(line => {
    source = /^\s*\/\/ ((?:node_modules|app)\/\S+)$/.exec(line)?.[1] ?? source;
    return source;
  });
}

function split({ nodes, samples = [], timeDeltas = [] }: Profiler.Profile, sources: string[], calls: number) {
  const parents = new Map(nodes.flatMap(({ id, children = [] }) => children.map(child => [child, id])));
  const byId = new Map(nodes.map(node => [node.id, node]));
  const parts = new Map<number, string>();
  const partOf = (id: number | undefined): string => {
    const node = id === undefined ? undefined : byId.get(id);
    if (id === undefined || !node) return 'Node itself';
    const known = parts.get(id) ?? ownPart(node.callFrame, sources) ?? partOf(parents.get(id));
    parts.set(id, known);
    return known;
  };
  const spent: Record<string, number> = {};
  samples.forEach((id, at) => {
    const part = partOf(id);
    spent[part] = (spent[part] ?? 0) + (timeDeltas[at] ?? 0) / 1000 / calls;
  });
  return spent;
}

function ownPart(frame: Profiler.ProfileNode['callFrame'], sources: string[]): string | undefined {
  if (frame.functionName === '(garbage collector)') return 'garbage collection';
  // To begin a profile takes a while, which the first calls are not to be charged with.
  if (frame.functionName === '(idle)' || frame.url === 'node:inspector') return 'waiting';
  const source = frame.url.endsWith('profiled.cjs')
    ? sources[frame.lineNumber]
    : frame.url.replace(/^file:\/\//, '');
  return PARTS.find(([, path]) => path.test(source ?? ''))?.[0];
}
