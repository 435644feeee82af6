/** Binary data and helpers that the tools, resources and prompts of the everything-server share. */
import type { CallToolResult } from '@modelcontextprotocol/server';

/** One red pixel, as PNG. */
export const PNG_PIXEL =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==';

/** A WAV header for mono 8 kHz sound, without samples. */
export const SILENT_WAV = 'UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAIA+AAACABAAZGF0YQAAAAA=';

export function text(value: string): CallToolResult {
  return { content: [{ type: 'text', text: value }] };
}

export function pause(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms));
}
