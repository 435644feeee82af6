/**
 * Test tools that request something from the client: input of its user, a completion of its model, or its roots.
 *
 * Each tool returns the missing input as `inputRequired`. On 2026-07-28 the client calls again with the input. For clients of
 * older revisions, the server would have to send a request on the response stream, and the client's response would arrive at
 * another execution environment. The SDK returns an error at once, and the scenarios that need it are in baseline.yml.
 */
import {
  acceptedContent,
  type InputRequests,
  inputRequired,
  inputResponse,
  type McpServer,
} from '@modelcontextprotocol/server';
import { text } from './fixtures.ts';
import { askModel, askName, NAME, sampled } from './questions.ts';

export function registerInputTools(server: McpServer): void {
  server.registerTool(
    'test_input_required_result_elicitation',
    { description: 'Asks the user for a name, and asks again if the response has no name.' },
    ctx => {
      const given = acceptedContent(ctx.mcpReq.inputResponses, 'user_name', NAME);
      return given
        ? text(`Hello, ${given.name}!`)
        : inputRequired({ inputRequests: { user_name: askName() } });
    },
  );

  server.registerTool(
    'test_input_required_result_sampling',
    { description: 'Asks the model of the client for a capital.' },
    ctx => {
      const answer = sampled(ctx, 'capital_question');
      if (answer !== undefined) return text(`Sampling response: ${answer}`);
      return inputRequired({
        inputRequests: { capital_question: askModel('What is the capital of France?', 100) },
      });
    },
  );

  server.registerTool(
    'test_input_required_result_list_roots',
    { description: 'Asks the client for its roots.' },
    ctx => {
      const answer = inputResponse(ctx.mcpReq.inputResponses, 'client_roots');
      if (answer.kind === 'roots') return text(`Roots: ${answer.roots.map(root => root.uri).join(', ')}`);
      return inputRequired({ inputRequests: { client_roots: inputRequired.listRoots() } });
    },
  );

  server.registerTool(
    'test_input_required_result_capabilities',
    { description: 'Asks only for what the client declared it can give.' },
    ctx => {
      if (ctx.mcpReq.inputResponses) return text('Asked for what the client can give, and got it.');
      // From this request's envelope; `ctx.mcpReq.envelope` has it too, but its type is empty in SDK 2.4.0.
      const can = server.server.getClientCapabilities();
      const inputRequests: InputRequests = {
        ...(can?.elicitation && { user_name: askName() }),
        ...(can?.sampling && { greeting: askModel('Generate a greeting', 50) }),
        ...(can?.roots && { client_roots: inputRequired.listRoots() }),
      };
      if (Object.keys(inputRequests).length === 0) return text('The client can give nothing.');
      return inputRequired({ inputRequests });
    },
  );
}
