/** The project cannot be built; the message says why and what to do. */
export class BuildError extends Error {
  override readonly name = 'BuildError';
}
