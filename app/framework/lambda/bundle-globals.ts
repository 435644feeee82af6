/** What the bundle has in place of globals (scripts/build/bundle-options.ts). */
export { WholeResponse as Response } from './buffered-response.ts';
