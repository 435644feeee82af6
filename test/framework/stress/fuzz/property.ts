/**
 * A property of the fuzzer: what is made up, and what must hold of it. Cases are plain JSON, so that one which was found
 * can be kept in corpus/ and is tried first from then on.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { ROOT } from '../../../helpers/local-lambda.ts';
import type { Target } from './target.ts';

export interface Property<Case = never> {
  /** Also the name of its file in corpus/. */
  name: string;
  arbitrary: fc.Arbitrary<Case>;
  /** Seconds that the function has for a case. @default 3 */
  timeout?: number;
  /** Rejects when something that must hold does not. */
  check(target: Target, given: Case): Promise<void>;
}

/** A case that was found once, with what was wrong then. */
interface Found {
  found: string;
  case: unknown;
}

export interface Outcome {
  name: string;
  /** Cases that were tried. */
  runs: number;
  seed: number;
  /** The smallest case that fails, as it would stand in the corpus, and why. */
  failure?: { case: unknown; message: string; path: string };
}

/**
 * Tries the corpus, or one new case where there is none, however long that takes; then new cases for what is left of `ms`
 * milliseconds. Same seed, same cases.
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
  // A time that is over before the first case is, is told as a failure without a case.
  if (!details.failed || !details.counterexample) return outcome;
  const message = details.errorInstance instanceof Error ? details.errorInstance.message : 'unknown';
  const [smallest] = details.counterexample;
  return { ...outcome, failure: { case: smallest, message, path: details.counterexamplePath ?? '' } };
}

export function corpusOf(name: string): Found[] {
  const file = join(ROOT, 'test/framework/stress/fuzz/corpus', `${name}.json`);
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Found[]) : [];
}
