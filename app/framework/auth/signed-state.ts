/**
 * State of tools that request input in several rounds (`requestState` of MCP 2026-07-28). It travels through the client, and each
 * round may be served by another execution environment: it is signed with a key derived from MCP_SECRET, which all of them have.
 *
 * https://modelcontextprotocol.io/specification/2026-07-28/basic/patterns/mrtr
 */
import {
  createRequestStateCodec,
  type RequestStateCodec,
  type ServerContext,
} from '@modelcontextprotocol/server';
import { config } from '../config.ts';
import { createKeys, type Keys } from './secret.ts';

/** The state of one flow of one caller. It is signed and not encrypted: the client can read it. */
export interface SignedState<T> {
  /**
   * Returns the state that the client sent back; undefined in the first round. Rejects with InvalidStateError if it was changed, has
   * expired, or belongs to another flow or caller.
   */
  read(): Promise<T | undefined>;
  /** Returns the `requestState` of `inputRequired`. `state` must be serializable as JSON. */
  write(state: T): Promise<string>;
}

export interface SignedStateOptions {
  /**
   * How long the client has for its next round, in seconds.
   * @default 600
   */
  ttlSeconds?: number;
}

/** The client sent back a state that is not valid for this call. */
export class InvalidStateError extends Error {
  override readonly name = 'InvalidStateError';
  readonly code = 'INVALID_STATE';
}

/** Creates {@link signedState} for the keys of a configuration. */
export function createSignedState(keysOf: () => Keys) {
  return function signedState<T>(
    ctx: ServerContext,
    flow: string,
    { ttlSeconds = 600 }: SignedStateOptions = {},
  ): SignedState<T> {
    const codecs = async (): Promise<RequestStateCodec<T>[]> => {
      const keys = await keysOf()('request state');
      return keys.map(key =>
        createRequestStateCodec<T>({
          key: key.export(),
          ttlSeconds,
          bind: context => bindingOf(context, flow),
        }),
      );
    };
    return {
      async read() {
        const sent = ctx.mcpReq.requestState();
        if (sent === undefined) return undefined;
        if (typeof sent !== 'string')
          throw new TypeError(
            'signedState verifies requestState: remove requestState.verify from the options of the server.',
          );
        for (const codec of await codecs()) {
          const state = await codec.verify(sent, ctx).catch(() => undefined);
          if (state !== undefined) return state;
        }
        throw new InvalidStateError('Invalid or expired requestState');
      },
      async write(state) {
        const [current] = await codecs();
        return (current as RequestStateCodec<T>).mint(state, ctx);
      },
    };
  };
}

/** Returns the data that a state is bound to: it is invalid in another flow and for another caller. */
function bindingOf({ mcpReq, http }: ServerContext, flow: string): string {
  const { clientId, extra } = http?.authInfo ?? {};
  return JSON.stringify([mcpReq.method, flow, clientId, extra?.subject]);
}

let keys: Keys | undefined;

function configuredKeys(): Keys {
  if (config().MCP_SECRET === undefined)
    throw new Error(
      'signedState needs MCP_SECRET, a random secret of 32 characters or more. npm start, npm run dev and terraform/ create it.',
    );
  keys ??= createKeys(config());
  return keys;
}

/**
 * Returns the state of a tool that requests input in several rounds. `flow` names the tool, for example `'book_flight'`.
 *
 * `const state = signedState<Booking>(ctx, 'book_flight'); const booking = await state.read();` and, to ask again,
 * `return inputRequired({ inputRequests, requestState: await state.write(next) })`.
 */
export function signedState<T>(
  ctx: ServerContext,
  flow: string,
  options?: SignedStateOptions,
): SignedState<T> {
  return createSignedState(configuredKeys)<T>(ctx, flow, options);
}
