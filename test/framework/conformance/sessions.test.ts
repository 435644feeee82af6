/**
 * The control experiment for baseline.yml: the same server, with sessions in memory and stored events to resume from, passes
 * every scenario of 2025-11-25. So the scenarios in baseline.yml fail only because the deployed server is stateless.
 */
import { randomUUID } from 'node:crypto';
import {
  type EventStore,
  type JSONRPCMessage,
  WebStandardStreamableHTTPServerTransport,
} from '@modelcontextprotocol/server';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { closeAll } from '../../helpers/close-all.ts';
import { judge } from './baseline.ts';
import { everything } from './everything-server.ts';
import { lanes, listScenarios, runLane } from './suites.ts';
import { listen, type Target } from './target.ts';

let target: Target | undefined;

beforeAll(async () => {
  target = await listen(serveSessions());
});

afterAll(() => closeAll(target));

describe.each(lanes.filter(lane => lane.revision === '2025-11-25'))(
  'the conformance suite $version, $suite',
  lane => {
    test('passes completely on a server with sessions', async () => {
      const runs = await runLane(lane, await listScenarios(lane), target?.url ?? '');
      const judged = runs.map(run => judge(run, new Map()));
      expect(judged.filter(run => run.verdict !== 'passed').map(run => [run.scenario, run.problems])).toEqual(
        [],
      );
      expect(judged.length).toBeGreaterThanOrEqual(30);
    });
  },
);

function serveSessions(): (request: Request) => Promise<Response> {
  const sessions = new Map<string, WebStandardStreamableHTTPServerTransport>();

  return async function serveSession(request) {
    const id = request.headers.get('mcp-session-id');
    if (id !== null) return sessions.get(id)?.handleRequest(request) ?? new Response(null, { status: 404 });

    const transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: opened => void sessions.set(opened, transport),
      onsessionclosed: closed => void sessions.delete(closed),
      eventStore: eventsInMemory(),
      retryInterval: 100,
    });
    const server = await everything({ era: 'legacy' });
    await server.connect(transport);
    return transport.handleRequest(request);
  };
}

/** Stores the events of one session in order. The ID of an event is its index. */
function eventsInMemory(): EventStore {
  const events: { stream: string; message: JSONRPCMessage }[] = [];

  return {
    async storeEvent(stream, message) {
      events.push({ stream, message });
      return String(events.length);
    },
    async replayEventsAfter(lastId, { send }) {
      const stream = events[Number(lastId) - 1]?.stream;
      if (stream === undefined) throw new Error(`no event ${lastId}`);
      for (const [index, event] of events.entries()) {
        // The first event of a stream has no message, only an ID to resume from.
        if (index < Number(lastId) || event.stream !== stream || !('jsonrpc' in event.message)) continue;
        await send(String(index + 1), event.message);
      }
      return stream;
    },
  };
}
