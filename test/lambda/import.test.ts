/** The handler module outside the Runtime Interface Client: no ReferenceError, and a word on what it needs. */
import { expect, test, vi } from 'vitest';
import { v2Event } from '../helpers/events.ts';

test('can be imported; `buffered` answers, `stream` says what it needs', async () => {
  vi.stubEnv('MCP_AUTH', 'none');
  const { buffered, stream } = await import('../../app/lambda/handler.ts');
  vi.unstubAllEnvs();
  const context = { getRemainingTimeInMillis: () => 10_000 };
  const answer = await buffered(v2Event({ method: 'GET', path: '/healthz' }), context as never);
  expect(answer).toMatchObject({ statusCode: 200, body: '{"status":"ok"}' });
  await expect((stream as () => Promise<void>)()).rejects.toThrow(/only under aws-lambda-ric.*npm start/);
});
