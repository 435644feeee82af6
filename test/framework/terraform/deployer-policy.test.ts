/**
 * The permissions of a deployer: scripts/deployer-policy/cycles.json has the operations of a full cycle of every endpoint with every
 * option, and each operation has its IAM actions. `UPDATE_CYCLES=1` writes that file.
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DATA_SOURCES, RESOURCES } from '../../../scripts/deployer-policy/permissions.ts';
import {
  actionsOf,
  type Cycle,
  deployerPolicy,
  ENDPOINTS,
  inParts,
  MANAGED_POLICY_SIZE,
  readCycles,
} from '../../../scripts/deployer-policy/policy.ts';
import { ROOT } from '../../helpers/local-lambda.ts';
import { readSchema } from './fake-provider/schema.ts';
import { runFullCycle } from './helpers/full-cycle.ts';
import { describeTerraform, Terraform } from './helpers/terraform.ts';
import { ACCOUNT, REGION } from './publish-image/fake/machine.ts';

const SCOPE = { name: 'mcp', partition: 'aws', region: REGION, account: ACCOUNT };
const UPDATE = process.env.UPDATE_CYCLES !== undefined;

describe('the table of permissions', () => {
  test('has a row for every resource type and data source of the configuration', () => {
    const { resources, dataSources } = readSchema('aws');
    expect(Object.keys(RESOURCES)).toEqual(Object.keys(resources));
    expect(Object.keys(DATA_SOURCES)).toEqual(Object.keys(dataSources));
  });

  test('has IAM actions and a source file of the provider for each type', () => {
    for (const [type, { source, ...operations }] of Object.entries({ ...RESOURCES, ...DATA_SOURCES })) {
      expect(source, type).toMatch(/^[a-z0-9]+\/[a-z0-9_]+\.go$/);
      for (const action of Object.values(operations).flat())
        expect(action, type).toMatch(/^[a-z0-9-]+:[A-Za-z0-9]+$/);
    }
  });

  test('rejects a type without a row', () => {
    expect(() => actionsOf({ aws_s3_bucket: ['create'] })).toThrow('aws_s3_bucket has no row');
  });
});

describe.each(ENDPOINTS)('the deployer policy for %s', endpoint => {
  const policy = deployerPolicy(readCycles()[endpoint], SCOPE);

  test('is printed by npm run deployer-policy', () => {
    const printed = execFileSync(
      process.execPath,
      [
        join(ROOT, 'scripts/deployer-policy/main.ts'),
        '--endpoint',
        endpoint,
        '--account',
        ACCOUNT,
        '--region',
        REGION,
      ],
      { encoding: 'utf8' },
    );
    expect(JSON.parse(printed)).toEqual(policy);
  });

  test('has no wildcard in an action, and lists resources for every action that has resource types', () => {
    for (const { Sid, Action, Resource } of policy.Statement) {
      expect(Action.join(), Sid).not.toContain('*');
      if (Sid !== 'AnyResource') expect(Resource, Sid).not.toContain('*');
    }
  });

  test('fits into an inline policy of a role, and into managed policies in parts', () => {
    expect(JSON.stringify(policy).length).toBeLessThanOrEqual(10_240);
    const parts = inParts(policy);
    expect(parts.flatMap(({ Statement }) => Statement)).toEqual(policy.Statement);
    for (const part of parts) expect(JSON.stringify(part).length).toBeLessThanOrEqual(MANAGED_POLICY_SIZE);
  });
});

describeTerraform('a full cycle', () => {
  let terraform: Terraform;
  beforeEach(async () => {
    terraform = await Terraform.start();
  });
  afterEach(() => terraform[Symbol.dispose]());

  test.each(ENDPOINTS)('of %s has the operations in scripts/deployer-policy/cycles.json', async endpoint => {
    await runFullCycle(terraform, endpoint);
    const done = [...terraform.account.operations].sort(([a], [b]) => (a < b ? -1 : 1));
    const cycle: Cycle = Object.fromEntries(
      done.map(([type, operations]) => [type, [...operations].sort()]),
    ) as Cycle;
    if (UPDATE) {
      const cycles = { ...readCycles(), [endpoint]: cycle };
      writeFileSync(
        join(ROOT, 'scripts/deployer-policy/cycles.json'),
        `${JSON.stringify(cycles, null, 2)}\n`,
      );
    }
    expect(readCycles()[endpoint]).toEqual(cycle);
    for (const action of actionsOf(cycle)) expect(action).toMatch(/:/);
  });
});
