/**
 * Test tools that request input in the scenarios up to 2025-11-25, and their forms.
 *
 * They return `inputRequired` results like those in input-tools.ts, so they work on 2026-07-28. An older client of a stateless
 * server gets an error with the reason.
 */
import {
  type InputRequest,
  inputRequired,
  inputResponse,
  type McpServer,
  type ServerContext,
} from '@modelcontextprotocol/server';
import * as z from 'zod';
import { text } from './fixtures.ts';
import { askModel } from './questions.ts';

export function registerElicitationTools(server: McpServer): void {
  server.registerTool(
    'test_sampling',
    {
      description: 'Asks the model of the client.',
      inputSchema: z.object({ prompt: z.string().describe('What to ask the model') }),
    },
    ({ prompt }, ctx) => ask(ctx, askModel(prompt, 100)),
  );

  server.registerTool(
    'test_elicitation',
    {
      description: 'Asks the user for a name and an address.',
      inputSchema: z.object({ message: z.string().describe('What to show the user') }),
    },
    ({ message }, ctx) =>
      ask(
        ctx,
        inputRequired.elicit({
          message,
          requestedSchema: z.object({
            username: z.string().describe("User's response"),
            email: z.string().describe("User's email address"),
          }),
        }),
      ),
  );

  server.registerTool(
    'test_elicitation_sep1034_defaults',
    { description: 'Asks with a form whose fields have defaults (SEP-1034).' },
    ctx => ask(ctx, FORM_WITH_DEFAULTS),
  );

  server.registerTool(
    'test_elicitation_sep1330_enums',
    { description: 'Asks with a form of every kind of choice (SEP-1330).' },
    ctx => ask(ctx, FORM_OF_CHOICES),
  );

  server.registerTool(
    'test_missing_capability',
    { description: 'Needs a client that can sample; any other is refused.' },
    ctx => ask(ctx, askModel('Reply with the single word: pong', 16)),
  );

  server.registerTool(
    'test_streaming_elicitation',
    { description: 'Requests input in its result, not by a request on the stream.' },
    ctx => ask(ctx, FORM_WITH_DEFAULTS),
  );
}

/** Requests input once and returns it. */
function ask(ctx: ServerContext, question: InputRequest) {
  const answer = inputResponse(ctx.mcpReq.inputResponses, 'answer');
  if (answer.kind === 'missing') return inputRequired({ inputRequests: { answer: question } });
  return text(`Answered: ${JSON.stringify(answer)}`);
}

const FORM_WITH_DEFAULTS = inputRequired.elicit({
  message: 'Please review and update the form fields with defaults',
  requestedSchema: {
    type: 'object',
    properties: {
      name: { type: 'string', description: 'User name', default: 'John Doe' },
      age: { type: 'integer', description: 'User age', default: 30 },
      score: { type: 'number', description: 'User score', default: 95.5 },
      status: {
        type: 'string',
        description: 'User status',
        enum: ['active', 'inactive', 'pending'],
        default: 'active',
      },
      verified: { type: 'boolean', description: 'Verification status', default: true },
    },
    required: [],
  },
});

const THREE_OPTIONS = ['option1', 'option2', 'option3'];
const THREE_TITLED = [
  { const: 'value1', title: 'First Option' },
  { const: 'value2', title: 'Second Option' },
  { const: 'value3', title: 'Third Option' },
];

const FORM_OF_CHOICES = inputRequired.elicit({
  message: 'Please select options from the enum fields',
  requestedSchema: {
    type: 'object',
    properties: {
      untitledSingle: { type: 'string', description: 'One option', enum: THREE_OPTIONS },
      titledSingle: { type: 'string', description: 'One option with titles', oneOf: THREE_TITLED },
      legacyEnum: {
        type: 'string',
        description: 'One option, titled the deprecated way',
        enum: ['opt1', 'opt2', 'opt3'],
        enumNames: ['Option One', 'Option Two', 'Option Three'],
      },
      untitledMulti: {
        type: 'array',
        description: 'Several options',
        minItems: 1,
        maxItems: 3,
        items: { type: 'string', enum: THREE_OPTIONS },
      },
      titledMulti: {
        type: 'array',
        description: 'Several options with titles',
        minItems: 1,
        maxItems: 3,
        items: { anyOf: THREE_TITLED },
      },
    },
    required: [],
  },
});
