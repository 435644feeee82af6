/**
 * What callers keep, in two ways: in their own execution environments, and in a table. Both servers have one path, because people
 * sign in to one path of a REST API: its challenge names the metadata of `mcp_path`.
 */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Hono } from 'hono';
import { mcpGateway } from '#framework';
import { notes } from './servers/notes.ts';

/** The official memory server keeps its graph in a file. With isolation = "per-caller" each caller has its own /tmp. */
const memory = {
  command: process.execPath,
  args: [fileURLToPath(import.meta.resolve('@modelcontextprotocol/server-memory/dist/index.js'))],
  env: { MEMORY_FILE_PATH: join(tmpdir(), 'memory.jsonl') },
};

export const routes = new Hono().route('/mcp', mcpGateway({ memory, notes }));
