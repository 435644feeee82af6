/**
 * Runs the same scenarios on the local Lambda and on AWS's runtime core, which serves the Runtime API on Lambda. It compares the
 * responses to the runtime, the responses to the caller, and the platform's log. They are equal, or differ as scenarios.ts lists.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { patchedFiles } from '../../../../scripts/build/patches/patched-files.ts';
import { hasNativeClient, RIC_FOLDER, writeRuntimeClient } from '../../../../scripts/build/runtime-client.ts';
import { describeWith, type Found } from '../../../helpers/skipped-suites.ts';
import { findAwsRuntimeCore } from '../aws-runtime-core/build.ts';
import { awsRuntimeCore } from './aws-target.ts';
import { differences } from './compare.ts';
import { localLambda } from './local-target.ts';
import { play } from './play.ts';
import { COMMANDS, FUNCTIONS, SCRIPTS, type Scenario } from './scenarios.ts';

const native: Found<true> = hasNativeClient()
  ? { found: true }
  : { missing: 'The native client of aws-lambda-ric is not compiled. To compile it: npm run native' };

describeWith(await findAwsRuntimeCore())('the local Lambda and AWS’s runtime core', core => {
  const aws = awsRuntimeCore(core);

  const agree = (scenarios: readonly Scenario[], client: () => string): void => {
    test.each(scenarios)('$name', async scenario => {
      const seen = [];
      for (const target of [localLambda, aws]) seen.push(await play(scenario, target, client()));
      const differing = differences(seen[0], seen[1]);
      expect(differing).toEqual(scenario.differs?.at ?? {});
    });
  };

  describe('agree on a runtime that calls the Runtime API by hand', () => {
    agree([...SCRIPTS, ...COMMANDS], () => '');
  });

  describeWith(native)('agree on a function under aws-lambda-ric as installed', () => {
    const deterministic = FUNCTIONS.filter(({ racesAsInstalled }) => !racesAsInstalled);
    agree(deterministic, () => join(RIC_FOLDER, 'index.mjs'));
  });

  describe('agree on a function under the runtime client of a build without the native part', () => {
    let folder = '';
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'ric-'));
      await writeRuntimeClient('javascript', folder, patchedFiles());
    });
    afterAll(() => rm(folder, { recursive: true }));
    agree(FUNCTIONS, () => join(folder, 'index.mjs'));
  });

  describeWith(native)('agree on a function under the runtime client of the image', () => {
    let folder = '';
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'ric-'));
      await writeRuntimeClient('native', folder, patchedFiles());
    });
    afterAll(() => rm(folder, { recursive: true }));
    agree(FUNCTIONS, () => join(folder, 'index.mjs'));
  });
});
