import { type BuildFailure, formatMessages, type Message } from 'esbuild';

/** The project cannot be built; the message says why and what to do. */
export class BuildError extends Error {
  override readonly name = 'BuildError';
}

/** Throws a failure of esbuild as a {@link BuildError}, and any other error unchanged. `text` can replace esbuild's message. */
export async function rethrow(failure: unknown, text = (error: Message) => error.text): Promise<never> {
  const { errors } = failure as BuildFailure;
  if (!errors) throw failure;
  const explained = errors.map(error => ({ ...error, text: text(error) }));
  const messages = await formatMessages(explained, { kind: 'error' });
  throw new BuildError(`${messages.join('').trimEnd()}\n\nNothing was built: fix the error above.`);
}
