/**
 * The server that the conformance suites expect: their test tools, resources and prompts, for both eras.
 *
 * A factory like those in app/servers, stateless and without side effects at import, so it can be bundled and mounted in the same
 * way. It advertises only what a stateless server supports: not `listChanged` and `subscribe`, because a change and its listeners
 * are in different execution environments.
 *
 * The app in front checks Origin and Host; run.ts runs the suites.
 */
import { McpServer, type McpServerFactory } from '@modelcontextprotocol/server';
import { registerContentTools } from './content-tools.ts';
import { registerElicitationTools } from './elicitation-tools.ts';
import { registerInputTools } from './input-tools.ts';
import { registerPrompts } from './prompts.ts';
import { registerProtocolTools } from './protocol-tools.ts';
import { acceptSubscriptions, registerResources } from './resources.ts';
import { registerStateTools, requestState } from './state-tools.ts';

/** Lists change only with the code, and are the same for every caller. */
const STATIC_LIST = { ttlMs: 60_000, cacheScope: 'public' } as const;

export const everything: McpServerFactory = ({ era }) => {
  const server = new McpServer(
    { name: 'everything', title: 'Conformance test server', version: '1.0.0' },
    {
      capabilities: {
        tools: { listChanged: false },
        prompts: { listChanged: false },
        resources: { listChanged: false },
        logging: {},
        completions: {},
      },
      cacheHints: {
        'server/discover': STATIC_LIST,
        'tools/list': STATIC_LIST,
        'prompts/list': STATIC_LIST,
        'resources/list': STATIC_LIST,
        'resources/templates/list': STATIC_LIST,
      },
      requestState: { verify: requestState.verify },
    },
  );
  registerContentTools(server);
  registerProtocolTools(server);
  registerElicitationTools(server);
  registerInputTools(server);
  registerStateTools(server);
  registerResources(server);
  registerPrompts(server);
  // Revision 2026-07-28 has no `resources/subscribe`; calling it must fail.
  if (era === 'legacy') acceptSubscriptions(server);
  return server;
};
