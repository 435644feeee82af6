/** guardResponse ends the invocation with its response, however the response ends. */
import { expect, test, vi } from 'vitest';
import { endpointContext } from '../../../../app/framework/endpoint-context.ts';
import type { AdaptedRequest } from '../../../../app/framework/lambda/adapter.ts';
import { beginInvocation } from '../../../../app/framework/lambda/invocation.ts';
import { guardResponse, toResponse } from '../../../../app/framework/lambda/response-guard.ts';
import type { Invocation } from '../../../../app/framework/types.ts';

const REQUEST = () => new Request('https://mcp.example/', { method: 'POST' });

function adapted(watched: Invocation): AdaptedRequest {
  const request = REQUEST();
  const endpoint = endpointContext(request);
  const bindings = { event: {}, requestContext: {}, context: undefined, endpoint, invocation: watched };
  return { request, bindings, body: () => undefined };
}

function invocation() {
  const begun = beginInvocation({ getRemainingTimeInMillis: () => 60_000 });
  return { ...begun, end: vi.fn(begun.end) };
}

test.each<[string, () => Response | Promise<Response>]>([
  ['no body', () => new Response(null, { status: 204 })],
  ['an empty body', () => new Response('')],
  ['a body', () => new Response('all of it')],
  ['a body that is known as text', () => knownText('all of it')],
  ['a handler that rejects', () => Promise.reject(new Error('expected in the log'))],
  [
    'a body that fails',
    () => new Response(new ReadableStream({ pull: c => c.error(new Error('expected in the log')) })),
  ],
])('guardResponse ends the invocation after a response with %s', async (_what, failing) => {
  const watched = invocation();
  const response = await toResponse(await guardResponse(failing, adapted(watched)));
  await response.text();
  expect(watched.end).toHaveBeenCalled();
});

test.each<[string, () => Response]>([
  ['a stream', () => new Response('all of it')],
  ['known text', () => knownText('all of it')],
])(
  'guardResponse ends the invocation of %s when the body has been taken, not before',
  async (_what, respond) => {
    const watched = invocation();
    const chunk = vi.fn();
    watched.observer = { chunk, end: () => undefined };
    const { next } = await guardResponse(respond, adapted(watched));
    expect(new TextDecoder().decode(await next())).toBe('all of it');
    expect(watched.end).not.toHaveBeenCalled();
    expect(await next()).toBeUndefined();
    expect(watched.end).toHaveBeenCalledOnce();
    expect(chunk).toHaveBeenCalledOnce();
  },
);

test('guardResponse sends no known text after a cancellation', async () => {
  const watched = invocation();
  const { next, cancel } = await guardResponse(() => knownText('all of it'), adapted(watched));
  await next();
  await cancel('disconnected');
  expect(watched.end).toHaveBeenCalled();
  expect(await next()).toBeUndefined();
});

/** A response of scripts/build/patches/mcp-server/complete-response.diff. */
function knownText(text: string): Response {
  return Object.assign(new Response(text), { [Symbol.for('text of a complete response')]: text });
}

test('guardResponse ends the invocation and cancels the body when its reader cancels', async () => {
  const watched = invocation();
  const cancelled = vi.fn();
  const endless = new ReadableStream<Uint8Array>({
    pull: c => c.enqueue(new Uint8Array(8)),
    cancel: cancelled,
  });
  const response = await toResponse(await guardResponse(() => new Response(endless), adapted(watched)));
  await response.body?.cancel();
  expect(watched.end).toHaveBeenCalled();
  expect(cancelled).toHaveBeenCalled();
});
