/** Test prompts: plain, with completed arguments, with content other than text, and one that requests input. */
import {
  acceptedContent,
  completable,
  type GetPromptResult,
  inputRequired,
  type McpServer,
  type PromptMessage,
} from '@modelcontextprotocol/server';
import * as z from 'zod';
import { PNG_PIXEL } from './fixtures.ts';

const WORDS = ['test-alpha', 'test-beta', 'other'];
const CONTEXT = z.object({ context: z.string() });

export function registerPrompts(server: McpServer): void {
  server.registerPrompt('test_simple_prompt', { description: 'Takes no arguments.' }, () =>
    says({ type: 'text', text: 'This is a simple prompt for testing.' }),
  );

  server.registerPrompt(
    'test_prompt_with_arguments',
    {
      description: 'Takes two arguments, the first one completed.',
      argsSchema: z.object({
        arg1: completable(z.string().describe('First test argument'), value =>
          WORDS.filter(word => word.startsWith(value)),
        ),
        arg2: z.string().describe('Second test argument'),
      }),
    },
    ({ arg1, arg2 }) => says({ type: 'text', text: `Prompt with arguments: arg1='${arg1}', arg2='${arg2}'` }),
  );

  server.registerPrompt(
    'test_prompt_with_embedded_resource',
    {
      description: 'Embeds the resource it is given.',
      argsSchema: z.object({ resourceUri: z.string().describe('URI of the resource to embed') }),
    },
    ({ resourceUri: uri }) =>
      says(
        {
          type: 'resource',
          resource: { uri, mimeType: 'text/plain', text: 'Embedded resource content for testing.' },
        },
        { type: 'text', text: 'Please process the embedded resource above.' },
      ),
  );

  server.registerPrompt('test_prompt_with_image', { description: 'Includes an image.' }, () =>
    says(
      { type: 'image', data: PNG_PIXEL, mimeType: 'image/png' },
      { type: 'text', text: 'Please analyze the image above.' },
    ),
  );

  server.registerPrompt(
    'test_input_required_result_prompt',
    { description: 'Asks back before it answers.' },
    ctx => {
      const given = acceptedContent(ctx.mcpReq.inputResponses, 'user_context', CONTEXT);
      if (given) return says({ type: 'text', text: `Use the following context: ${given.context}` });
      return inputRequired({
        inputRequests: {
          user_context: inputRequired.elicit({
            message: 'What context should the prompt use?',
            requestedSchema: CONTEXT,
          }),
        },
      });
    },
  );
}

/** Returns a prompt result whose messages all have the role user. */
function says(...contents: PromptMessage['content'][]): GetPromptResult {
  return { messages: contents.map(content => ({ role: 'user', content })) };
}
