/**
 * Asks the user to choose one of several places, and reads the response.
 *
 * The response arrives with a second call of the tool, possibly in another process. No state is kept between the calls: the places
 * are searched again, and the response is valid only if it names one of them.
 */
import {
  CLIENT_CAPABILITIES_META_KEY,
  type InputRequiredResult,
  inputRequired,
  inputResponse,
  type ServerContext,
} from '@modelcontextprotocol/server';
import * as z from 'zod';
import type { Place } from './open-meteo.ts';
import { labels } from './places.ts';

const QUESTION = 'place';
const answer = z.object({ [QUESTION]: z.string() });

/** Returns a form with one choice. Its values are ids, because two places may have the same full name. */
export function askWhich(location: string, places: readonly Place[]): InputRequiredResult {
  const names = labels(places);
  const oneOf = places.map(({ id }, at) => ({ const: String(id), title: names[at] ?? String(id) }));
  return inputRequired({
    inputRequests: {
      [QUESTION]: inputRequired.elicit({
        message: `There are several places called ${location}. Which one is meant?`,
        requestedSchema: {
          type: 'object',
          properties: { [QUESTION]: { type: 'string', title: 'Place', oneOf } },
          required: [QUESTION],
        },
      }),
    },
  });
}

/**
 * Returns the user's choice: one of `places`, or `'none'` if the user declined or chose another value; undefined if there is no
 * response.
 */
export function answered({ mcpReq }: ServerContext, places: readonly Place[]): Place | 'none' | undefined {
  const view = inputResponse(mcpReq.inputResponses, QUESTION);
  if (view.kind !== 'elicit') return undefined;
  if (view.action !== 'accept') return 'none';
  const chosen = answer.safeParse(view.content).data?.[QUESTION];
  return places.find(({ id }) => String(id) === chosen) ?? 'none';
}

/** Capabilities that a client declares with each request of revision 2026-07-28. SDK 2.4.0 types the envelope as empty. */
const declared = z.object({
  [CLIENT_CAPABILITIES_META_KEY]: z.object({
    elicitation: z.object({ form: z.unknown(), url: z.unknown() }).partial(),
  }),
});

/**
 * Returns whether the client supports forms. Without this capability, an input request would make the call fail (-32021). Clients of
 * older revisions do not support it here, because it requires a session.
 */
export function canAsk({ mcpReq }: ServerContext): boolean {
  const elicitation = declared.safeParse(mcpReq.envelope).data?.[CLIENT_CAPABILITIES_META_KEY].elicitation;
  // A bare `elicitation: {}` means forms.
  return elicitation !== undefined && (elicitation.form !== undefined || elicitation.url === undefined);
}
