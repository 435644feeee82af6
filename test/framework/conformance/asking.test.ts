/**
 * Cases of input requests that the suites do not test: the forms of the older scenarios work on 2026-07-28, and an older client,
 * to which a server without sessions cannot send a request, gets an error at once.
 */
import { Client, type ElicitRequest, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { closeAll } from '../../helpers/close-all.ts';
import { startTarget, type Target } from './target.ts';

const TOOLS: [tool: string, args: Record<string, string>][] = [
  ['test_sampling', { prompt: 'Say pong.' }],
  ['test_elicitation', { message: 'Who are you?' }],
  ['test_elicitation_sep1034_defaults', {}],
  ['test_elicitation_sep1330_enums', {}],
];

let target: Target | undefined;
let url: URL;

beforeAll(async () => {
  target = await startTarget();
  url = new URL(target.url);
});

afterAll(() => closeAll(target));

async function callTool(mode: 'legacy' | { pin: string }, name: string, args: Record<string, string>) {
  const asked: ElicitRequest['params'][] = [];
  const client = new Client(
    { name: 'asked', version: '1.0.0' },
    { capabilities: { elicitation: {}, sampling: {} }, versionNegotiation: { mode } },
  );
  client.setRequestHandler('elicitation/create', ({ params }) => {
    asked.push(params);
    return { action: 'accept', content: { given: 'yes' } };
  });
  client.setRequestHandler('sampling/createMessage', () => ({
    model: 'a model',
    role: 'assistant',
    content: { type: 'text', text: 'pong' },
  }));
  await client.connect(new StreamableHTTPClientTransport(url));
  try {
    return { asked, result: await client.callTool({ name, arguments: args }) };
  } finally {
    await client.close();
  }
}

test.each(TOOLS)('the tool %s requests input from a client of 2026-07-28 and gets it', async (tool, args) => {
  const { asked, result } = await callTool({ pin: '2026-07-28' }, tool, args);
  expect(result.isError).toBeFalsy();
  expect(result.content).toEqual([
    { type: 'text', text: expect.stringContaining(tool === 'test_sampling' ? 'pong' : '"given":"yes"') },
  ]);
  expect(asked).toHaveLength(tool === 'test_sampling' ? 0 : 1);
});

test.each(TOOLS)(
  'the tool %s returns an error to a client of 2025-11-25, from which it cannot request input',
  async (tool, args) => {
    const { asked, result } = await callTool('legacy', tool, args);
    expect(result).toMatchObject({
      isError: true,
      content: [{ text: expect.stringContaining('Cannot request input') }],
    });
    expect(asked).toEqual([]);
  },
);
