/**
 * Asks the user which of several places is meant, and reads the answer.
 *
 * The answer comes with a second call of the tool, perhaps in another process: nothing is remembered between the two, the
 * places are looked up again, and the answer counts only if it names one of them.
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

/** A form with one choice. The ids are the values, since two places may share even their full name. */
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

/** What the user said: one of `places`, or `'none'` after declining or naming anything else; undefined when not asked. */
export function answered({ mcpReq }: ServerContext, places: readonly Place[]): Place | 'none' | undefined {
  const view = inputResponse(mcpReq.inputResponses, QUESTION);
  if (view.kind !== 'elicit') return undefined;
  if (view.action !== 'accept') return 'none';
  const chosen = answer.safeParse(view.content).data?.[QUESTION];
  return places.find(({ id }) => String(id) === chosen) ?? 'none';
}

/** What a client declares with each request of revision 2026-07-28. SDK 2.4.0 types the envelope as empty. */
const declared = z.object({
  [CLIENT_CAPABILITIES_META_KEY]: z.object({
    elicitation: z.object({ form: z.unknown(), url: z.unknown() }).partial(),
  }),
});

/**
 * Whether the client can show a form. To ask one that has not said so would fail the call (-32021). Clients of older
 * revisions cannot be asked: the question would need a session, and this server keeps none.
 */
export function canAsk({ mcpReq }: ServerContext): boolean {
  const elicitation = declared.safeParse(mcpReq.envelope).data?.[CLIENT_CAPABILITIES_META_KEY].elicitation;
  // A bare `elicitation: {}` means forms.
  return elicitation !== undefined && (elicitation.form !== undefined || elicitation.url === undefined);
}
