/** OpenAI's Agents SDK. */
import { MCPServerStreamableHttp, setTracingDisabled } from '@openai/agents';
import { args, headers, report, url } from './driver.mjs';

setTracingDisabled(true);
const server = new MCPServerStreamableHttp({ url, name: 'glossary', requestInit: { headers } });
await server.connect();
const tools = await server.listTools();
const result = await server.callTool('lookup_many', args);
await server.close();
report({ tools: tools.map(({ name }) => name), text: JSON.stringify(result) });
