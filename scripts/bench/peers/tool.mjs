/** The fixture server's tool `lookup`, as far as the benchmark calls it: with arguments that fail its schema. */
import * as z from 'zod';

export const NAME = 'lookup';
export const DESCRIPTION =
  'Returns the definition of a term. Asks which entry is meant if there are several.';
export const INPUT = z.object({
  term: z.string().trim().min(1).max(200).describe('A term, such as "tide".'),
  style: z.enum(['plain', 'upper']).default('plain').describe('How the definition is written.'),
});

export async function call({ term, style }) {
  return { content: [{ type: 'text', text: `${term} in ${style}` }] };
}
