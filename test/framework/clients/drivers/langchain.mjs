/** LangChain's adapters. */
import { MultiServerMCPClient } from '@langchain/mcp-adapters';
import { args, headers, report, url } from './driver.mjs';

let progress = 0;
const client = new MultiServerMCPClient({
  mcpServers: { weather: { transport: 'http', url, headers } },
  onProgress: () => {
    progress += 1;
  },
});
const tools = await client.getTools();
const answer = await tools.find(({ name }) => name === 'compare_weather').invoke(args);
await client.close();
report({ tools: tools.map(({ name }) => name), text: JSON.stringify(answer), progress });
