/** LangChain's adapters. */
import { MultiServerMCPClient } from '@langchain/mcp-adapters';
import { args, headers, report, url } from './driver.mjs';

let progress = 0;
const client = new MultiServerMCPClient({
  mcpServers: { glossary: { transport: 'http', url, headers } },
  onProgress: () => {
    progress += 1;
  },
});
const tools = await client.getTools();
const result = await tools.find(({ name }) => name === 'lookup_many').invoke(args);
await client.close();
report({ tools: tools.map(({ name }) => name), text: JSON.stringify(result), progress });
