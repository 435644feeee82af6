import type { Found } from '../../../helpers/skipped-suites.ts';
import { goProgram } from '../install.ts';

/** The version that the suite tests; terraform/README.md names it. */
export const OPENTOFU_VERSION = '1.12.6';

/** Builds OpenTofu once per machine, which takes 6 minutes on two vCPUs. */
export function findOpenTofu(): Promise<Found<string>> {
  return goProgram({
    program: 'tofu',
    module: 'github.com/opentofu/opentofu',
    version: `v${OPENTOFU_VERSION}`,
    main: 'cmd/tofu',
    command: 'npm run test:tofu',
  });
}
