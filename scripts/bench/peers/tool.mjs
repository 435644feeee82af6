/** The example server's tool, as far as the benchmark calls it: with arguments that fail its schema. */
import * as z from 'zod';

export const NAME = 'get_weather';
export const DESCRIPTION = 'The weather at a place now, and the outlook for today and the two days after it.';
export const INPUT = z.object({
  location: z.string().trim().min(1).max(200).describe('A place.'),
  units: z.enum(['metric', 'imperial']).default('metric').describe('°C, km/h and mm, or °F, mph and inches.'),
});

export async function call({ location, units }) {
  return { content: [{ type: 'text', text: `${location} in ${units}` }] };
}
