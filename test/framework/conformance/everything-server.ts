/**
 * The server that the conformance suites expect: their test tools, resources and prompts, on both eras.
 *
 * A factory like any in app/servers, stateless and free of side effects at import, so it is bundled and mounted like one.
 * It advertises what a stateless server can keep: no `listChanged` and no `subscribe`, because a change and its listeners are in
 * different execution environments.
 *
 * Not here: Origin and Host (the app in front), running the suites (run.ts).
 */
import { McpServer, type McpServerFactory } from '@modelcontextprotocol/server';
import { registerContentTools } from './content-tools.ts';
import { registerElicitationTools } from './elicitation-tools.ts';
import { registerInputTools } from './input-tools.ts';
import { registerPrompts } from './prompts.ts';
import { registerProtocolTools } from './protocol-tools.ts';
import { acceptSubscriptions, registerResources } from './resources.ts';
import { registerStateTools, requestState } from './state-tools.ts';

/** Lists never change while the code does not, and are the same for everyone. */
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
  // `resources/subscribe` left the protocol with 2026-07-28, where calling it must fail.
  if (era === 'legacy') acceptSubscriptions(server);
  return server;
};
