/**
 * The configuration with OpenTofu: init, plan, apply, change and destroy, in a clone and as a module of another configuration.
 * It does not run the modules' own tests, which need override_during. The fake provider has the same limits as with Terraform.
 */
import { expect, test } from 'vitest';
import { describeWith } from '../../../helpers/skipped-suites.ts';
import { runSuites } from '../nested-suites.ts';
import { findOpenTofu } from './program.ts';

const SUITES = ['cycle', 'messages', 'module-use', 'observability', 'tasks', 'use-from-git'];

describeWith(await findOpenTofu())('OpenTofu', program => {
  test.each(SUITES)('passes the suite %s', async suite => {
    const file = `test/framework/terraform/${suite}.test.ts`;
    expect(await runSuites([file], { TERRAFORM: program })).toBeGreaterThan(0);
  });
});
