/** How many calls per second environments serve that are called without a pause, and 100 lookups in one call. */
import { performance } from 'node:perf_hooks';
import { MANY_TERMS, startFakeUpstream } from '../../test/helpers/fake-upstream.ts';
import { call, environmentOf } from './measure.ts';
import { compareSubject, type Row } from './subjects.ts';

const WARMED_CALLS = 50;
const SECONDS = 2;

/** Calls per second of `environments` processes together, each with one call at a time, as Lambda gives it. */
export async function throughput({ subject }: Row, environments: number): Promise<number> {
  const all = Array.from({ length: environments }, () => environmentOf(subject));
  try {
    await Promise.all(
      all.map(async environment => {
        await environment.init();
        for (let i = 0; i < WARMED_CALLS / environments + 1; i += 1) await call(environment, subject);
      }),
    );
    const started = performance.now();
    const end = started + SECONDS * 1000;
    let calls = 0;
    await Promise.all(
      all.map(async environment => {
        for (; performance.now() < end; calls += 1) await call(environment, subject);
      }),
    );
    return (calls * 1000) / (performance.now() - started);
  } finally {
    for (const environment of all) environment.kill();
    await Promise.all(all.map(({ exited }) => exited));
  }
}

export interface Comparison {
  /** One warm `lookup_many` of 100 terms, in ms. */
  ms: number;
  /** The same requests to the same upstream by a program that does nothing else, in ms. */
  upstreamMs: number;
}

const LOOKUPS = 100;
const UPSTREAM_MS = 25;
const ROUNDS = 5;

/** Returns medians; the rounds of both take turns. */
export async function compareLookups(dist: Row): Promise<Comparison> {
  await using upstream = await startFakeUpstream({ delayMs: UPSTREAM_MS });
  const subject = compareSubject(dist, MANY_TERMS.slice(0, LOOKUPS));
  const environment = environmentOf(subject, { env: upstream.env });
  try {
    await environment.init();
    await call(environment, subject);
    const [ours, alone]: [number[], number[]] = [[], []];
    const { maxConcurrent } = upstream;
    const urls = upstream.requests.map(path => upstream.url + path);
    for (let i = 0; i < ROUNDS; i += 1) {
      ours.push(await timed(() => call(environment, subject)));
      alone.push(await timed(() => fetchAll(urls, maxConcurrent)));
    }
    return { ms: middle(ours), upstreamMs: middle(alone) };
  } finally {
    environment.kill();
    await environment.exited;
  }
}

/** Fetches all URLs, `parallel` at a time. */
async function fetchAll(urls: readonly string[], parallel: number): Promise<void> {
  const queue = urls.values();
  const worker = async (): Promise<void> => {
    for (const url of queue) await (await fetch(url)).text();
  };
  await Promise.all(Array.from({ length: parallel }, worker));
}

async function timed(work: () => Promise<void>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

function middle(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? Number.NaN;
}
