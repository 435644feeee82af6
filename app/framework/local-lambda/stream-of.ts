/**
 * Chunks as the body of a response that lets go of them on every way out.
 *
 * Not `ReadableStream.from`: cancelled before its first read, that returns a generator which has not begun, and such a one
 * runs no `finally`.
 */

/** Takes from `chunks` what is asked for, and no more. `over` is told once: the last one is out, or the taker has left. */
export function streamOf(chunks: AsyncIterable<Uint8Array>, over: () => void): ReadableStream<Uint8Array> {
  const source = chunks[Symbol.asyncIterator]();
  let left = false;
  const leave = (): void => {
    if (!left) over();
    left = true;
  };
  return new ReadableStream(
    {
      async pull(controller) {
        const read = await source.next().catch(error => {
          leave();
          throw error;
        });
        if (left) return;
        if (!read.done) return controller.enqueue(read.value);
        leave();
        controller.close();
      },
      cancel: leave,
    },
    { highWaterMark: 0 },
  );
}
