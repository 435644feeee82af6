/** Closes the resources of a suite. Ignores undefined ones, because if the setup of a suite fails, its error is the one to report. */

interface Closable {
  close(): unknown;
}

/** Closes all resources in this order, even if closing one fails. Rejects with the first failure. */
export async function closeAll(...opened: (Closable | undefined)[]): Promise<void> {
  const failures: unknown[] = [];
  for (const each of opened) {
    try {
      await each?.close();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}
