/** Formats and checks the journal of a {@link Machine}: operations and commands in their order. */
import { expect } from 'vitest';
import type { Command, Entry } from '../publish-image/fake/machine.ts';

export function isCommand(entry: Entry): entry is Command {
  return 'argv' in entry;
}

/** Returns an entry as text: `docker push …` or `create aws_lambda_function mcp`. */
export function lineOf(entry: Entry): string {
  return isCommand(entry) ? entry.argv.join(' ') : `${entry.action} ${entry.type} ${entry.name}`;
}

/** Expects lines with these beginnings in this order, with any lines in between. */
export function expectOrder(lines: readonly string[], ...beginnings: string[]): void {
  const places = beginnings.map(beginning => lines.findIndex(line => line.startsWith(beginning)));
  const context = `${beginnings.join(' < ')} in\n${lines.join('\n')}`;
  expect(places, context).not.toContain(-1);
  expect(places, context).toEqual([...places].sort((a, b) => a - b));
}
