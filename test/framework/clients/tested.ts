/** The clients from npm that are tested, as the README's table has them. */
export const TESTED: readonly {
  client: string;
  package: string;
  driver: string;
  /** The revision of the protocol that it speaks with a server that speaks all. */
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
