/** The starter: two typed tools that need no network. Copy it to write your own server. */
import { McpServer } from '@modelcontextprotocol/server';
import * as z from 'zod';

// Schemas are built once, when the module is loaded; the server below is created for every request.
const timeZone = z
  .string()
  .refine(isTimeZone, 'must be an IANA time zone, such as Europe/Berlin or UTC')
  .describe('IANA time zone, such as Europe/Berlin.')
  .meta({ examples: ['Europe/Berlin'] });
const at = z.iso.datetime({ offset: true }).describe('A moment with its offset: 2026-07-28T09:30:00Z.');
const outputSchema = z.object({ timeZone: z.string(), local: z.iso.datetime({ offset: true }) });
const annotations = { readOnlyHint: true };

const CURRENT_TIME = {
  description: 'Returns the current date and time in a time zone.',
  inputSchema: z.object({ timeZone }),
  outputSchema,
  annotations,
};
const CONVERT_TIME = {
  description: 'Converts a moment to the local time of another time zone.',
  inputSchema: z.object({ at, timeZone }),
  outputSchema,
  annotations,
};

export function time(): McpServer {
  const server = new McpServer({ name: 'time', version: '1.0.0' });
  server.registerTool('current_time', CURRENT_TIME, args => result(new Date(), args.timeZone));
  server.registerTool('convert_time', CONVERT_TIME, args => result(new Date(args.at), args.timeZone));
  return server;
}

function result(date: Date, timeZone: string) {
  const structuredContent = { timeZone, local: localTime(date, timeZone) };
  return {
    content: [{ type: 'text' as const, text: `${structuredContent.local} (${timeZone})` }],
    structuredContent,
  };
}

/** Returns a local time with its offset: `2026-07-28T11:30:00+02:00`. */
function localTime(date: Date, timeZone: string): string {
  const options = { timeZone, dateStyle: 'short', timeStyle: 'medium' } as const;
  const [day, time] = new Intl.DateTimeFormat('sv-SE', options).format(date).split(' '); // Swedish dates are ISO 8601.
  const zone = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' }).formatToParts(date);
  const offset = zone.find(({ type }) => type === 'timeZoneName')?.value.slice('GMT'.length);
  return `${day}T${time}${offset || '+00:00'}`;
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: name });
    return true;
  } catch {
    return false; // A RangeError: no such time zone.
  }
}
