/** Servers from npm, each mounted with one line in the local Lambda and called by clients of both eras. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CLIENTS, type TestClient } from '../../../helpers/clients.ts';
import { closeAll } from '../../../helpers/close-all.ts';
import { type RunningLambda, startFunction } from '../../../helpers/local-lambda.ts';

const folder = mkdtempSync(join(tmpdir(), 'servers-'));
let lambda: RunningLambda;
beforeAll(async () => {
  const SERVERS = 'everything,everything-v1,files,memory,thinking';
  const env = { MCP_AUTH: 'none', SERVERS, SERVERS_FOLDER: folder, API_KEY: 'the function’s own' };
  lambda = await startFunction('stream', { env, args: ['--init-timeout', '20'] }, 'servers-app');
});
afterAll(async () => {
  await closeAll(lambda);
  rmSync(folder, { recursive: true });
});

const ERAS = ['SDK v1', 'SDK v2, legacy', 'SDK v2, modern'] as const;

async function within<T>(
  route: string,
  era: (typeof ERAS)[number],
  use: (client: TestClient) => Promise<T>,
): Promise<T> {
  const client = await CLIENTS[era](`${lambda.url}/${route}`);
  try {
    expect(client.era).toBe(era.endsWith('modern') ? 'modern' : 'legacy');
    return await use(client);
  } finally {
    await client.close();
  }
}

/** By tool of server-everything, its arguments and a pattern of its response. */
const EVERYTHING: Record<string, [object, RegExp]> = {
  echo: [{ message: 'hi' }, /Echo: hi/],
  'get-annotated-message': [{ messageType: 'error', includeImage: true }, /Operation failed/],
  'get-env': [{}, /"PATH"/],
  'get-resource-links': [{ count: 2 }, /2 resource links/],
  'get-resource-reference': [{ resourceType: 'Text', resourceId: 1 }, /demo:\/\/resource\/dynamic\/text\/1/],
  'get-structured-content': [{ location: 'Chicago' }, /Light rain/],
  'get-sum': [{ a: 2, b: 3 }, /The sum of 2 and 3 is 5/],
  'get-tiny-image': [{}, /MCP logo/],
  'toggle-simulated-logging': [{}, /simulated/],
  'toggle-subscriber-updates': [{}, /simulated/],
};

describe.each(['everything', 'everything-v1'])('server-everything at /%s', route => {
  test.each(ERAS)('responds to every tool call of %s', era =>
    within(route, era, async client => {
      const tools = await client.tools();
      expect(tools).toEqual(
        expect.arrayContaining([...Object.keys(EVERYTHING), 'trigger-long-running-operation']),
      );
      for (const [name, [args, expected]] of Object.entries(EVERYTHING)) {
        const result = await client.call(name, { ...args });
        expect(result, name).toMatchObject({ isError: false, text: expect.stringMatching(expected) });
      }
      const { structured } = await client.call('get-structured-content', { location: 'Chicago' });
      expect(structured).toEqual({ temperature: 36, conditions: 'Light rain / drizzle', humidity: 82 });
      expect(await client.call('get-sum', { a: 'two', b: 3 })).toMatchObject({ isError: true });
    }),
  );

  test.each(ERAS)('streams progress to %s', era =>
    within(route, era, async client => {
      const { text, progress, at } = await client.call(
        'trigger-long-running-operation',
        { duration: 2, steps: 4 },
        true,
      );
      expect(text).toContain('completed');
      expect(progress.map(({ progress, total }) => [progress, total])).toEqual(
        [1, 2, 3, 4].map(step => [step, 4]),
      );
      // 1.5 s, unless the client's process does not get the CPU.
      expect(at - (progress[0]?.at ?? at)).toBeGreaterThan(100);
    }),
  );

  test.each(ERAS)('returns resources, prompts and completions to %s', era =>
    within(route, era, async client => {
      expect(await client.templates()).toContain('demo://resource/dynamic/text/{resourceId}');
      const [first = ''] = await client.resources();
      expect(await client.resource(first)).toMatch(/^# Everything Server/);
      expect(await client.resource('demo://resource/dynamic/text/7')).toContain('Resource 7');
      expect(await client.prompts()).toContain('args-prompt');
      expect(await client.prompt('args-prompt', { city: 'Paris', state: 'TX' })).toBe(
        "What's weather in Paris, TX?",
      );
      expect(await client.completePrompt('completable-prompt', 'department', 'E')).toEqual(['Engineering']);
    }),
  );
});

test.each(ERAS)('server-filesystem accesses only its folder, for %s', era =>
  within('files', era, async client => {
    writeFileSync(join(folder, 'note.txt'), `a note for ${era}`);
    expect((await client.call('read_text_file', { path: join(folder, 'note.txt') })).text).toContain(era);
    await client.call('write_file', { path: join(folder, 'new.txt'), content: era });
    expect(readFileSync(join(folder, 'new.txt'), 'utf8')).toBe(era);
    expect((await client.call('list_directory', { path: folder })).text).toContain('[FILE] note.txt');
    expect(await client.call('read_text_file', { path: '/etc/passwd' })).toMatchObject({
      isError: true,
      text: expect.stringContaining('Access denied'),
    });
  }),
);

test.each(ERAS)('server-memory returns what a previous call has stored, for %s', era =>
  within('memory', era, async client => {
    await client.call('create_entities', {
      entities: [{ name: era, entityType: 'client', observations: ['asks'] }],
    });
    await client.call('add_observations', { observations: [{ entityName: era, contents: ['asks again'] }] });
    const { structured } = await client.call('open_nodes', { names: [era] });
    expect(structured).toMatchObject({ entities: [{ name: era, observations: ['asks', 'asks again'] }] });
    await client.call('delete_entities', { entityNames: [era] });
    expect((await client.call('read_graph', {})).structured).toEqual({ entities: [], relations: [] });
  }),
);

test.each(ERAS)('server-sequential-thinking counts thoughts, for %s', era =>
  within('thinking', era, async client => {
    const thought = { thought: 'so', nextThoughtNeeded: true, thoughtNumber: 1, totalThoughts: 2 };
    const { text } = await client.call('sequentialthinking', thought);
    expect(JSON.parse(text)).toMatchObject({ thoughtNumber: 1, thoughtHistoryLength: expect.any(Number) });
  }),
);
