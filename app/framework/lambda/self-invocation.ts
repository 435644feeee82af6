/**
 * Invocations that are not HTTP: work that the function has sent itself (app/framework/tasks/self-invoke.ts).
 *
 * Fail closed. Who can send such an event has lambda:InvokeFunction; over HTTP nobody can: every endpoint wraps a request into
 * an event of its own, with `requestContext`, in which what the caller wrote is the text of a field. So the event is one
 * only if this is its only key, and only where a route does such work; else it is refused as every other that is not HTTP.
 */
import type { BackgroundWork, Order } from '../mcp/task-types.ts';
import { beginInvocation, type InvocationContext } from './invocation.ts';

/** The work that `event` asks for, or undefined. */
export function orderOf(event: unknown): Order | undefined {
  if (typeof event !== 'object' || event === null) return undefined;
  const { mcpBackgroundJob: order } = event as { mcpBackgroundJob?: Partial<Order> };
  if (Object.keys(event).length !== 1 || typeof order !== 'object' || order === null) return undefined;
  const { path, order: text } = order;
  return typeof path === 'string' && typeof text === 'string' ? { path, order: text } : undefined;
}

type Handler = (...args: never[]) => Promise<unknown>;

/** `http`, before which orders are taken out. `works` by the path of their route. */
export function withBackgroundWork<H extends Handler>(
  works: ReadonlyMap<string, BackgroundWork>,
  http: H,
): H {
  if (works.size === 0) return http;
  const handler = async function httpOrWork(event: unknown, ...rest: unknown[]): Promise<unknown> {
    const order = orderOf(event);
    const work = order && works.get(order.path);
    if (!work) return http(...([event, ...rest] as never[]));
    const invocation = beginInvocation(rest.at(-1) as InvocationContext | undefined);
    try {
      await work(order.order, invocation.signal);
    } finally {
      invocation.end();
    }
    // A streaming handler has a stream before the context, which has to be ended, and gives nothing back.
    const [stream] = rest as [{ end?: (text: string) => void }?];
    if (rest.length < 2) return null;
    stream?.end?.('null');
    return undefined;
  };
  return handler as unknown as H;
}
