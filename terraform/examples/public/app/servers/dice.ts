/** Dice: one tool. */
import { McpServer } from '@modelcontextprotocol/server';
import * as z from 'zod';

const ROLL = {
  description: 'Rolls dice.',
  inputSchema: z.object({ sides: z.int().min(2).max(100), count: z.int().min(1).max(10).default(1) }),
  outputSchema: z.object({ rolled: z.array(z.int()) }),
};

export function dice(): McpServer {
  const server = new McpServer({ name: 'dice', version: '1.0.0' });
  server.registerTool('roll', ROLL, ({ sides, count }) => {
    const rolled = Array.from({ length: count }, () => 1 + Math.floor(Math.random() * sides));
    return { content: [{ type: 'text', text: rolled.join(', ') }], structuredContent: { rolled } };
  });
  return server;
}
