/** Vercel's AI SDK. */
import { createMCPClient } from '@ai-sdk/mcp';
import { args, headers, report, url } from './driver.mjs';

const client = await createMCPClient({ transport: { type: 'http', url, headers } });
const tools = await client.tools();
const result = await tools.lookup_many.execute(args, { toolCallId: '1', messages: [] });
await client.close();
report({ tools: Object.keys(tools), text: readBody(result) });

function readBody({ content }) {
  return content.map(({ text }) => text).join('\n');
}
