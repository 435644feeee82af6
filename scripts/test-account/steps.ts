/** Steps of a trial, in order. Each returns a remark, or throws an error. */
import { setTimeout } from 'node:timers/promises';
import type { Plan, Trial } from './trial.ts';

export interface Step {
  title: string;
  run(trial: Trial): Promise<string>;
}

/** Summarizes the changes of a plan: `3 to create (aws_iam_role, …)`; empty if there are none. */
export function summary({ resource_changes = [] }: Plan): string {
  const changed = resource_changes.filter(
    ({ mode, change }) => mode === 'managed' && !change.actions.includes('no-op'),
  );
  const types = [...new Set(changed.map(({ type }) => type))].sort();
  return changed.length === 0 ? '' : `${changed.length} resources (${types.join(', ')})`;
}

function expect(condition: boolean, problem: string): void {
  if (!condition) throw new Error(problem);
}

const token = async (trial: Trial): Promise<Record<string, string>> => ({
  MCP_TOKEN: await trial.output('mcp_token'),
});

export const APPLY: Step = {
  title: 'apply',
  async run(trial) {
    await trial.apply();
    return '';
  },
};

export const STEPS: readonly Step[] = [
  {
    title: 'doctor',
    async run(trial) {
      await trial.doctor(await token(trial));
      return '';
    },
  },
  {
    title: 'a plan without changes is empty',
    async run(trial) {
      const pending = summary(await trial.plan());
      expect(pending === '', `The plan would change ${pending}.`);
      return '';
    },
  },
  {
    title: 'a change of the sources publishes a version',
    async run(trial) {
      const [before, image] = [await trial.output('latest_version'), await trial.output('image_uri')];
      trial.changeSources();
      await trial.apply();
      const after = await trial.output('latest_version');
      expect(Number(after) > Number(before), `The version is still ${after}.`);
      expect((await trial.servedVersion()) === after, 'The alias does not point to the new version.');
      expect((await trial.output('image_uri')) !== image, 'The image is still the first one.');
      await trial.doctor(await token(trial));
      return `version ${before} to ${after}`;
    },
  },
  {
    title: 'a rollback, and forward again',
    async run(trial) {
      await trial.apply('pinned_version=1');
      expect((await trial.servedVersion()) === '1', 'The alias does not point to version 1.');
      await trial.doctor(await token(trial));
      await trial.apply();
      const latest = await trial.output('latest_version');
      expect((await trial.servedVersion()) === latest, `The alias does not point to version ${latest}.`);
      return '';
    },
  },
  {
    title: 'a change of the authentication, from a token to signatures',
    async run(trial) {
      const url = await trial.output('mcp_url');
      trial.set('auth=iam');
      await trial.apply();
      expect((await trial.output('mcp_url')) === url, 'The URL has changed.');
      await trial.doctor(await credentials(trial), '--sigv4');
      return '';
    },
  },
];

export const DESTROY: Step = {
  title: 'destroy',
  async run(trial) {
    await trial.destroy();
    return '';
  },
};

export const NOTHING_LEFT: Step = {
  title: 'nothing is left, by tag and by name',
  async run(trial) {
    const end = Date.now() + trial.options.wait * 1000;
    let left = await trial.leftovers();
    // AWS lists some resources for a while after they were deleted.
    while (left.length > 0 && Date.now() < end) {
      await setTimeout(5000);
      left = await trial.leftovers();
    }
    expect(left.length === 0, `Still there: ${left.join(', ')}.`);
    return '';
  },
};

/** The credentials that the aws command uses, for the doctor's signatures. */
async function credentials(trial: Trial): Promise<Record<string, string>> {
  const text = await trial.aws('configure', 'export-credentials', '--format', 'process');
  const {
    AccessKeyId = '',
    SecretAccessKey = '',
    SessionToken = '',
  } = JSON.parse(text) as Record<string, string>;
  return {
    AWS_ACCESS_KEY_ID: AccessKeyId,
    AWS_SECRET_ACCESS_KEY: SecretAccessKey,
    ...(SessionToken && { AWS_SESSION_TOKEN: SessionToken }),
  };
}
