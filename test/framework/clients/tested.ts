/** The tested clients from npm, in the order of the README's table. */
export const TESTED: readonly {
  client: string;
  package: string;
  driver: string;
  /** The protocol revision that the client uses with a server that supports all revisions. */
  speaks: string;
}[] = [
  {
    client: 'Claude Code',
    package: '@anthropic-ai/claude-code',
    driver: 'claude-code.mjs',
    speaks: '2026-07-28',
  },
  { client: 'Codex', package: '@openai/codex', driver: 'codex.mjs', speaks: '2025-06-18' },
  { client: 'Gemini CLI', package: '@google/gemini-cli', driver: 'gemini.mjs', speaks: '2025-06-18' },
  { client: 'mcp-remote', package: 'mcp-remote', driver: 'mcp-remote.mjs', speaks: '2025-11-25' },
  { client: 'mcpc', package: '@apify/mcpc', driver: 'mcpc.mjs', speaks: '2025-11-25' },
  { client: 'mcporter', package: 'mcporter', driver: 'mcporter.mjs', speaks: '2025-11-25' },
  { client: 'AI SDK', package: '@ai-sdk/mcp', driver: 'ai-sdk.mjs', speaks: '2026-07-28' },
  {
    client: 'LangChain’s adapters',
    package: '@langchain/mcp-adapters',
    driver: 'langchain.mjs',
    speaks: '2025-11-25',
  },
  { client: 'Mastra', package: '@mastra/mcp', driver: 'mastra.mjs', speaks: '2026-07-28' },
  {
    client: 'OpenAI’s Agents SDK',
    package: '@openai/agents',
    driver: 'openai-agents.mjs',
    speaks: '2026-07-28',
  },
];
