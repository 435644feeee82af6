/** Test tools with several rounds. The client returns their state between the rounds as signed `requestState`. */
import {
  acceptedContent,
  createRequestStateCodec,
  inputRequired,
  inputResponse,
  type McpServer,
} from '@modelcontextprotocol/server';
import * as z from 'zod';
import { text } from './fixtures.ts';
import { askModel, askName, NAME, sampled } from './questions.ts';

interface Progress {
  /** The tool of the state, because the state of one tool must not be valid for another. */
  tool: string;
  name?: string;
}

/**
 * Different execution environments may serve the rounds of one flow, so they share the key. A constant is sufficient here,
 * because the state protects nothing; your own server must read its key from a secret.
 */
export const requestState = createRequestStateCodec<Progress>({
  key: 'conformance tests only: not a secret, 32+',
});

const COLOR = z.object({ color: z.string() });
const CONFIRMATION = z.object({ ok: z.boolean() });

export function registerStateTools(server: McpServer): void {
  registerConfirmation(server, 'request_state');
  registerConfirmation(server, 'tampered_state');
  registerMultipleInputs(server);
  registerMultipleRounds(server);
}

function registerConfirmation(server: McpServer, name: string): void {
  server.registerTool(
    `test_input_required_result_${name}`,
    { description: 'Goes on only with the state it signed itself.' },
    async ctx => {
      const state = ctx.mcpReq.requestState<Progress>();
      const confirmed = acceptedContent(ctx.mcpReq.inputResponses, 'confirm', CONFIRMATION);
      if (confirmed && state?.tool === name) return text('state-ok: the state came back as it was signed');
      const confirm = inputRequired.elicit({ message: 'Please confirm', requestedSchema: CONFIRMATION });
      return inputRequired({
        inputRequests: { confirm },
        requestState: await requestState.mint({ tool: name }),
      });
    },
  );
}

function registerMultipleInputs(server: McpServer): void {
  server.registerTool(
    'test_input_required_result_multiple_inputs',
    { description: 'Asks the user, the model and for the roots in one round.' },
    async ctx => {
      const given = acceptedContent(ctx.mcpReq.inputResponses, 'user_name', NAME);
      const greeting = sampled(ctx, 'greeting');
      const roots = inputResponse(ctx.mcpReq.inputResponses, 'client_roots');
      if (given && greeting !== undefined && roots.kind === 'roots') {
        return text(`${greeting} ${given.name}, with ${roots.roots.length} root(s)`);
      }
      return inputRequired({
        inputRequests: {
          user_name: askName(),
          greeting: askModel('Generate a greeting', 50),
          client_roots: inputRequired.listRoots(),
        },
        requestState: await requestState.mint({ tool: 'multiple_inputs' }),
      });
    },
  );
}

function registerMultipleRounds(server: McpServer): void {
  const tool = 'multi_round';
  server.registerTool(
    `test_input_required_result_${tool}`,
    { description: 'Asks twice; the first answer travels in the state of the second round.' },
    async ctx => {
      const responses = ctx.mcpReq.inputResponses;
      const sent = ctx.mcpReq.requestState<Progress>();
      const state = sent?.tool === tool ? sent : undefined;
      const color = acceptedContent(responses, 'step2', COLOR)?.color;
      if (state?.name && color) return text(`${state.name} likes ${color}`);

      const name = state?.name ?? (state && acceptedContent(responses, 'step1', NAME)?.name);
      if (!name) {
        return inputRequired({
          inputRequests: { step1: askName('Step 1: What is your name?') },
          requestState: await requestState.mint({ tool }),
        });
      }
      const message = 'Step 2: What is your favorite color?';
      return inputRequired({
        inputRequests: { step2: inputRequired.elicit({ message, requestedSchema: COLOR }) },
        requestState: await requestState.mint({ tool, name }),
      });
    },
  );
}
