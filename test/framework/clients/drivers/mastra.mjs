/** Mastra. */
import { MCPClient } from '@mastra/mcp';
import { args, headers, report, url } from './driver.mjs';

let progress = 0;
const client = new MCPClient({
  servers: { glossary: { url: new URL(url), enableProgressTracking: true, requestInit: { headers } } },
});
await client.progress.onUpdate('glossary', () => {
  progress += 1;
});
const tools = await client.listTools();
const result = await tools.glossary_lookup_many.execute(args, {});
await client.disconnect();
report({
  tools: Object.keys(tools).map(name => name.replace(/^glossary_/, '')),
  text: JSON.stringify(result),
  progress,
});
