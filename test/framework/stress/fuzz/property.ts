/**
 * A property of the fuzzer: a generator of cases, and a check that must pass for each of them. Cases are plain JSON, so that a
 * failing case can be stored in corpus/ and is tested first from then on.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { ROOT } from '../../../helpers/local-lambda.ts';
import type { Target } from './target.ts';

export interface Property<Case = never> {
  /** Name of the property, and of its file in corpus/. */
  name: string;
  arbitrary: fc.Arbitrary<Case>;
  /** Timeout of the function for a case, in seconds. @default 3 */
  timeout?: number;
  /** Rejects if the property does not hold. */
  check(target: Target, given: Case): Promise<void>;
}

/** A case that failed once, with the fault at that time. */
interface Found {
  found: string;
  case: unknown;
}

export interface Outcome {
  name: string;
  /** Number of tested cases. */
  runs: number;
  seed: number;
  /** The smallest failing case, in the format of the corpus, and the reason. */
  failure?: { case: unknown; message: string; path: string };
}

/**
 * Tests the cases of the corpus, or one new case if it has none, however long that takes; then new cases for the rest of `ms`
 * milliseconds. The same seed leads to the same cases.
 */
export async function fuzz(property: Property, target: Target, ms: number, seed: number): Promise<Outcome> {
  const started = performance.now();
  const examples = corpusOf(property.name).map(found => [found.case] as [never]);
  const holds = fc.asyncProperty(property.arbitrary, given => property.check(target, given));
  const first = await fc.check(holds, { seed, examples, numRuns: Math.max(examples.length, 1) });
  const left = ms - (performance.now() - started);
  if (first.failed || left <= 0) return outcomeOf(property, first, 0);
  const details = await fc.check(holds, {
    seed,
    numRuns: Number.MAX_SAFE_INTEGER,
    interruptAfterTimeLimit: left,
  });
  return outcomeOf(property, details, first.numRuns);
}

function outcomeOf({ name }: Property, details: fc.RunDetails<[never]>, before: number): Outcome {
  const outcome = { name, runs: before + details.numRuns, seed: details.seed };
  // If the time ends before the first case does, fast-check reports a failure without a case.
  if (!details.failed || !details.counterexample) return outcome;
  const message = details.errorInstance instanceof Error ? details.errorInstance.message : 'unknown';
  const [smallest] = details.counterexample;
  return { ...outcome, failure: { case: smallest, message, path: details.counterexamplePath ?? '' } };
}

export function corpusOf(name: string): Found[] {
  const file = join(ROOT, 'test/framework/stress/fuzz/corpus', `${name}.json`);
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Found[]) : [];
}
