/** The handler module outside the Runtime Interface Client: it throws no ReferenceError, but an error that says what it needs. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Hono } from 'hono';
import { expect, test, vi } from 'vitest';
import type { Handlers } from '../../../../app/framework/lambda/create-handlers.ts';
import { v2Event } from '../../../helpers/events.ts';
import { DIST } from '../../../helpers/local-lambda.ts';

test.each<[string, () => Promise<Handlers>]>([
  [
    'the source',
    async () =>
      (await import('../../../../app/framework/lambda/create-handlers.ts')).createHandlers({
        routes: new Hono(),
      }),
  ],
  ['the build', () => import(pathToFileURL(join(DIST, 'handler.mjs')).href)],
])(
  '%s can be imported outside Lambda: `buffered` responds, `stream` rejects with a message that says what it needs',
  async (_what, load) => {
    vi.stubEnv('MCP_AUTH', 'none');
    const { buffered, stream } = await load();
    vi.unstubAllEnvs();
    const context = { getRemainingTimeInMillis: () => 10_000 };
    const response = await buffered(v2Event({ method: 'GET', path: '/healthz' }), context as never);
    expect(response).toMatchObject({ statusCode: 200, body: '{"status":"ok"}' });
    await expect(stream({}, {}, context as never)).rejects.toThrow(/only under aws-lambda-ric.*npm start/);
  },
);
