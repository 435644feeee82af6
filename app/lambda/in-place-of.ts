/** What the bundle has in place of globals (scripts/app-build.ts). */
export { WholeResponse as Response } from './whole-response.ts';
