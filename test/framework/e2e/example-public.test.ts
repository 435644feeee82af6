/** The example terraform/examples/public, built as by a user: its limits, audit log and server card work together. */
import { execFile } from 'node:child_process';
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { modernHeaders, modernRequest } from '../../helpers/json-rpc.ts';
import { ROOT, startDist } from '../../helpers/local-lambda.ts';
import { ProjectCopy } from '../../helpers/project-copy.ts';

const run = promisify(execFile);

test('the public example has a server card, limits calls per caller, and logs each tool call', async () => {
  using project = new ProjectCopy();
  rmSync(join(project.folder, 'app/servers'), { recursive: true });
  cpSync(join(ROOT, 'terraform/examples/public/app'), join(project.folder, 'app'), { recursive: true });
  const config = { extends: './tsconfig.json', include: ['app/routes.ts', 'app/settings.ts', 'app/servers'] };
  project.write('tsconfig.example.json', JSON.stringify(config));
  const tsc = ['node_modules/typescript/bin/tsc', '--noEmit', '-p', 'tsconfig.example.json'];
  await run(process.execPath, tsc, { cwd: project.folder });
  await run(process.execPath, ['scripts/build/build.ts'], { cwd: project.folder });
  await using lambda = await startDist(join(project.folder, 'dist'), { env: { MCP_AUTH: 'none' } });

  const card = await fetch(`${lambda.url}/mcp/server-card`);
  expect([card.status, await card.json()]).toEqual([
    200,
    expect.objectContaining({ name: 'com.example/dice', version: '1.0.0' }),
  ]);

  const roll = async (sides: number) => {
    const params = { name: 'roll', arguments: { sides } };
    const response = await fetch(`${lambda.url}/mcp`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        ...modernHeaders('tools/call', params),
      },
      body: JSON.stringify(modernRequest('tools/call', params)),
    });
    return {
      status: response.status,
      retry: response.headers.get('retry-after'),
      text: await response.text(),
    };
  };
  expect(await roll(6)).toMatchObject({ status: 200, text: expect.stringContaining('"rolled":[') });
  await lambda.printed(/"message":"Tool called","data":\{"name":"roll","failed":false\}/);
  // A caller may make 60 calls per minute, and a new minute may begin during the test; only 3 calls run in parallel.
  const results = await Promise.all(Array.from({ length: 130 }, () => roll(6)));
  const limited = results.filter(({ status }) => status === 429);
  expect(limited.length).toBeGreaterThan(0);
  expect(limited[0]?.retry).toMatch(/^\d+$/);
});
