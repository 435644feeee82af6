/**
 * Creates a response body from chunks, and reports its end in all cases.
 *
 * Not by `ReadableStream.from`: if it is cancelled before the first read, a generator that has not started does not run its
 * `finally` block.
 */

/** Returns a stream that reads `chunks` on demand. Calls `over` once: at the end, on an error, or if the consumer cancels. */
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
