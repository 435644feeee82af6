/** Mastra. */
import { MCPClient } from '@mastra/mcp';
import { args, headers, report, url } from './driver.mjs';

let progress = 0;
const client = new MCPClient({
  servers: { weather: { url: new URL(url), enableProgressTracking: true, requestInit: { headers } } },
});
await client.progress.onUpdate('weather', () => {
  progress += 1;
});
const tools = await client.listTools();
const answer = await tools.weather_compare_weather.execute(args, {});
await client.disconnect();
report({
  tools: Object.keys(tools).map(name => name.replace(/^weather_/, '')),
  text: JSON.stringify(answer),
  progress,
});
