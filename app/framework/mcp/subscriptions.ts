/**
 * `subscriptions/listen` with limits of the number of streams and their duration.
 *
 * Each stream gets its own handler on the shared event bus, so that closing that handler ends only this stream:
 * the client gets the final result and may listen again. The bus belongs to the route; on Lambda it lives in the memory of the
 * environment, so events published in another environment are not seen.
 */

import type { McpHandlerRequestOptions, McpHttpHandler } from '@modelcontextprotocol/server';
import { errorResponse, isId, METHOD_NOT_FOUND } from '../json-rpc.ts';
import { exchangeOf } from './exchange.ts';

export interface SubscriptionBounds {
  /** Maximum number of open streams in one environment, 1 or more. Further ones are rejected with -32603. */
  max: number;
  /** Maximum duration of a stream, in seconds, above 0. Then it is closed with the final result of the protocol. */
  seconds: number;
}

type Serve = McpHttpHandler['fetch'];

const JSON_TYPE = 'application/json';

/**
 * Returns a function that responds to `subscriptions/listen` like to an unknown method. `serve`, which must reject every stream, runs
 * first, so that an invalid request gets its own error.
 */
export function refuseSubscriptions(serve: Serve): Serve {
  return async function refuseListen(request, options) {
    const response = await serve(request, options);
    // For clients of older revisions, the response of `serve` is already "Method not found", as a stream.
    const refused = response.status === 200 && response.headers.get('content-type')?.startsWith(JSON_TYPE);
    if (!refused) return response;
    const { id } = (await response.json()) as { id?: string | number };
    const message =
      'Method not found: this server does not support subscription streams. Poll instead of listening.';
    return errorResponse({ code: METHOD_NOT_FOUND, message }, { id: id ?? null, status: 404 });
  };
}

/** Serves `subscriptions/listen` by `handlerFor()` within `bounds`, and by `refuse` beyond them. */
export function boundedSubscriptions(
  bounds: SubscriptionBounds,
  handlerFor: () => McpHttpHandler,
  refuse: Serve,
): Serve {
  if (!(Number.isInteger(bounds.max) && bounds.max >= 1)) {
    throw new TypeError(
      `mcp option subscriptions.max must be a whole number of at least 1, not ${bounds.max}`,
    );
  }
  if (!(bounds.seconds > 0)) {
    throw new TypeError(`mcp option subscriptions.seconds must be above 0, not ${bounds.seconds}`);
  }
  let open = 0;

  return async function serveListen(request: Request, options?: McpHandlerRequestOptions): Promise<Response> {
    if (open >= bounds.max) return refuse(request, options);
    open += 1;
    const handler = handlerFor();
    const timer = setTimeout(() => void handler.close(), bounds.seconds * 1000);
    const release = (): void => {
      clearTimeout(timer);
      open -= 1;
    };
    const response = await handler.fetch(request, options).catch(error => {
      release();
      throw error;
    });
    if (!response.headers.get('content-type')?.startsWith('text/event-stream') || !response.body) {
      release();
      return response;
    }
    const through = new TransformStream<Uint8Array, Uint8Array>({
      // The SDK's final result does not pass the server's transport, where responses are recorded.
      flush() {
        const id = (options?.parsedBody as { id?: unknown } | undefined)?.id;
        if (isId(id)) exchangeOf(request)?.respond(id, 'ok', undefined);
      },
    });
    void response.body.pipeTo(through.writable).then(release, release);
    return new Response(through.readable, response);
  };
}
