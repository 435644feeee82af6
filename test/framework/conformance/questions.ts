/** Input requests of the test tools, and a reader for the completions of the client's model. */
import {
  type InputRequest,
  inputRequired,
  inputResponse,
  type ServerContext,
} from '@modelcontextprotocol/server';
import * as z from 'zod';

export const NAME = z.object({ name: z.string() });

export function askName(message = 'What is your name?'): InputRequest {
  return inputRequired.elicit({ message, requestedSchema: NAME });
}

export function askModel(question: string, maxTokens: number): InputRequest {
  const content = { type: 'text', text: question } as const;
  return inputRequired.createMessage({ messages: [{ role: 'user', content }], maxTokens });
}

/** Returns the text of the client's model for `key`, if there is one. */
export function sampled(ctx: ServerContext, key: string): string | undefined {
  const answer = inputResponse(ctx.mcpReq.inputResponses, key);
  if (answer.kind !== 'sampling') return undefined;
  const blocks = [answer.result.content].flat();
  return blocks.map(block => (block.type === 'text' ? block.text : '')).join('');
}
